"""Word2Vec over playlists: planted structure, determinism, settings that act."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hybrid_rec import Catalog, CooccurrenceConfig, DataError, Playlists
from hybrid_rec.blocks.cooccurrence import fit_cooccurrence
from hybrid_rec.core.progress import Progress
from hybrid_rec.data.synthetic import SyntheticDataset

QUICK = CooccurrenceConfig(vector_size=16, epochs=3)


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where training on several threads keeps its files; nothing may be left there."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield tmp_path
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("skip_gram", [True, False])
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_neighbours_share_the_planted_genre(
    world: SyntheticDataset, workers: int, skip_gram: bool
) -> None:
    config = CooccurrenceConfig(
        vector_size=32, epochs=8, sample=0.0, workers=workers, skip_gram=skip_gram
    )
    vectors = fit_cooccurrence(world.playlists, config, seed=0)
    played = np.flatnonzero(world.playlists.play_counts >= 5)
    scores = vectors[played] @ vectors[played].T
    np.fill_diagonal(scores, -np.inf)
    genre = world.truth.genre_of_item[played]
    same = genre[np.argsort(-scores, axis=1)[:, :5]] == genre[:, None]
    # By chance one in eight would.
    assert same.mean() > 0.8


@pytest.mark.parametrize("workers", [1, 2])
def test_rows_are_unit_or_zero(world: SyntheticDataset, workers: int) -> None:
    config = QUICK.model_copy(update={"workers": workers})
    vectors = fit_cooccurrence(world.playlists, config, seed=0)
    assert vectors.shape == (1000, 16)
    assert vectors.dtype == np.float32
    played = world.playlists.play_counts > 0
    np.testing.assert_allclose(np.linalg.norm(vectors[played], axis=1), 1, rtol=1e-5)
    assert (vectors[~played] == 0).all()
    assert (~played)[world.truth.cold].all()
    assert world.truth.cold.sum() > 50


def test_same_seed_same_bytes_other_seed_other_vectors(world: SyntheticDataset) -> None:
    one, same, other = (fit_cooccurrence(world.playlists, QUICK, seed) for seed in (3, 3, 4))
    assert one.tobytes() == same.tobytes()
    assert not np.allclose(one, other, atol=0.1)


@pytest.mark.parametrize("workers", [1, 2])
def test_min_count_leaves_rare_items_without_a_vector(
    world: SyntheticDataset, workers: int
) -> None:
    config = QUICK.model_copy(update={"min_count": 20, "workers": workers})
    vectors = fit_cooccurrence(world.playlists, config, seed=0)
    assert (vectors.any(axis=1) == (world.playlists.play_counts >= 20)).all()


@pytest.mark.parametrize(
    "change",
    [
        {"window": 2},
        {"negative": 7},
        {"ns_exponent": -0.5},
        {"sample": 1e-5},
        {"skip_gram": False},
        {"learning_rate": 0.1},
        {"shuffle": False},
        {"epochs": 4},
    ],
)
def test_every_setting_acts(world: SyntheticDataset, change: dict[str, object]) -> None:
    base = fit_cooccurrence(world.playlists, QUICK, seed=0)
    changed = fit_cooccurrence(world.playlists, QUICK.model_copy(update=change), seed=0)
    assert not np.allclose(base, changed, atol=1e-3)


@pytest.mark.parametrize("workers", [1, 2])
def test_shuffling_makes_long_playlists_order_free(workers: int) -> None:
    catalog = Catalog.from_columns([str(i) for i in range(60)], [None] * 60, [None] * 60)
    # Items 0 and 59 stand in all the same playlists, but always at opposite ends.
    lists = [[str(i) for i in range(60)]] * 150 + [[str(i) for i in range(30, 59)]] * 150
    playlists = Playlists.from_lists(lists, catalog)
    settings = CooccurrenceConfig(vector_size=16, epochs=10, window=3, sample=0.0, workers=workers)
    cosines = {}
    for shuffle in (True, False):
        config = settings.model_copy(update={"shuffle": shuffle})
        vectors = fit_cooccurrence(playlists, config, seed=0)
        cosines[shuffle] = float(vectors[0] @ vectors[59])
    assert cosines[True] > cosines[False] + 0.2


@pytest.mark.parametrize("workers", [1, 2])
def test_playlists_longer_than_gensim_reads_are_read_whole(workers: int) -> None:
    n = 12_000
    catalog = Catalog.from_columns([str(i) for i in range(n)], [None] * n, [None] * n)
    playlists = Playlists.from_lists([[str(i) for i in range(n)]], catalog)
    config = CooccurrenceConfig(
        vector_size=4,
        epochs=1,
        window=2,
        negative=1,
        shuffle=False,
        learning_rate=1.0,
        longest_playlist=n,
        workers=workers,
    )
    start = fit_cooccurrence(playlists.select(np.array([0])), config, seed=0)
    cut = Playlists.from_rows([10_000], playlists.rows[:10_000], n)
    without_the_end = fit_cooccurrence(cut, config, seed=0)
    assert (without_the_end[10_000:] == 0).all()
    assert start[10_000:].any(axis=1).all()


@pytest.mark.parametrize("workers", [1, 2])
def test_progress_is_told_after_every_epoch(world: SyntheticDataset, workers: int) -> None:
    told: list[int] = []

    class Recorder(Progress):
        def stage(self, name, total=None):  # type: ignore[no-untyped-def]
            from contextlib import nullcontext

            assert (name, total) == ("co-occurrence, epochs", 3)
            return nullcontext(told.append)

    fit_cooccurrence(world.playlists, QUICK.model_copy(update={"workers": workers}), 0, Recorder())
    assert told == [1, 1, 1]


def test_min_count_that_nothing_reaches() -> None:
    catalog = Catalog.from_columns(["a", "b"], [None, None], [None, None])
    playlists = Playlists.from_lists([["a", "b"]], catalog)
    with pytest.raises(DataError, match="min_count = 2 plays, but the most played one has 1"):
        fit_cooccurrence(playlists, CooccurrenceConfig(min_count=2), seed=0)


@pytest.mark.parametrize(
    ("workers", "method"), [(1, "_do_train_job"), (2, "_do_train_epoch"), (3, "_do_train_epoch")]
)
def test_an_error_in_a_thread_of_gensim_is_raised(
    world: SyntheticDataset, monkeypatch: pytest.MonkeyPatch, workers: int, method: str
) -> None:
    from gensim.models import Word2Vec

    def fail(*_: Any, **__: Any) -> None:
        raise OverflowError("value too large")

    monkeypatch.setattr(Word2Vec, method, fail)
    with pytest.raises(OverflowError, match="value too large"):
        fit_cooccurrence(world.playlists, QUICK.model_copy(update={"workers": workers}), seed=0)


def test_several_threads_learn_from_every_play(world: SyntheticDataset) -> None:
    """The rate falls to its end in the last epoch, and no play is read twice or not at all."""
    from gensim.models import Word2Vec

    seen: list[dict[str, int]] = []
    train = Word2Vec._do_train_epoch

    def watch(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = train(self, *args, **kwargs)
        seen.append({"lines": result[0], "words": result[2], **kwargs})
        return result

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Word2Vec, "_do_train_epoch", watch)
        config = QUICK.model_copy(update={"workers": 2, "sample": 0.0, "epochs": 2})
        fit_cooccurrence(world.playlists, config, seed=0)
    assert len(seen) == 4
    n_lists = (world.playlists.lengths > 0).sum()
    for epoch in (seen[:2], seen[2:]):
        assert all(0 <= part["lines"] - part["total_examples"] <= 1 for part in epoch)
        batches = sum(part["words"] for part in epoch) // 10_001
        assert sum(part["total_examples"] for part in epoch) == n_lists + batches


def test_an_interrupt_leaves_no_file(world: SyntheticDataset, temporary: Path) -> None:
    class Interrupting(Progress):
        def stage(self, name, total=None):  # type: ignore[no-untyped-def]
            from contextlib import nullcontext

            def interrupt(_units: int) -> None:
                assert len(list(temporary.rglob("*.txt"))) == 2
                raise KeyboardInterrupt

            return nullcontext(interrupt)

    with pytest.raises(KeyboardInterrupt):
        fit_cooccurrence(
            world.playlists, QUICK.model_copy(update={"workers": 2}), 0, Interrupting()
        )
    assert list(temporary.iterdir()) == []
