"""Bad blocks: one line that names block, column, row and remedy, and nothing half-written."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hybrid_rec import (
    ArtifactError,
    Catalog,
    ConfigError,
    DataError,
    HybridConfig,
    HybridRecError,
    HybridRecommender,
    Playlists,
)
from hybrid_rec.core.config import CategoriesBlockConfig
from hybrid_rec.model import fit as fitting
from hybrid_rec.model.manifest import as_text

N = 30
IDS = [f"i{row}" for row in range(N)]
TINY: dict[str, Any] = {
    "cooccurrence": {"vector_size": 4, "epochs": 1},
    "ranking": {"enabled": False},
}
TEXT = {"kind": "text", "columns": ["x"], "encoder": "tfidf", "size": 4}
WORDS = {**TEXT, "encoder": "word2vec"}
CATEGORIES = {"kind": "categories", "columns": ["x"]}
NUMBERS = {"kind": "numbers", "columns": ["x"]}
VECTORS = {"kind": "vectors", "columns": ["x"]}
GOOD: dict[str, tuple[dict[str, Any], Callable[[int], Any]]] = {
    "text": (TEXT, lambda row: f"song number {row}"),
    "words": (WORDS, lambda row: f"word{row % 3} another{row % 5}"),
    "categories": (CATEGORIES, lambda row: f"c{row % 4}"),
    "numbers": (NUMBERS, float),
    "vectors": (VECTORS, lambda row: [float(row), 1.0]),
}


def fitted(block: dict[str, Any], cells: list[Any] | None, **changes: Any) -> HybridRecommender:
    frame = pd.DataFrame({"item_id": IDS})
    if cells is not None:
        frame["x"] = pd.Series(cells, dtype=object)
    catalog = Catalog.from_frame(frame)
    config = HybridConfig(**{**TINY, "blocks": {"odd": block}, **changes})
    plays = [[IDS[row], IDS[(row + 1) % N], IDS[(row + 2) % N]] for row in range(N)]
    return HybridRecommender(config).fit(Playlists.from_lists(plays, catalog), catalog)


def good(name: str) -> HybridRecommender:
    block, cell = GOOD[name]
    return fitted(block, [cell(row) for row in range(N)])


def one_line(call: Callable[[], object], kind: type[HybridRecError], *parts: str) -> None:
    """Check that a call raises this error, in one line that holds all parts."""
    with pytest.raises(kind) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    for part in parts:
        assert part in message, message


@pytest.mark.parametrize("odd", [[1.0], [1.0, 2.0, 3.0]])
def test_the_vector_that_is_out_of_line_is_named(odd: list[float]) -> None:
    cells: list[Any] = [[float(row), 1.0] for row in range(N)]
    cells[7] = odd
    one_line(
        lambda: fitted(VECTORS, cells), DataError,
        "'odd'", "'x'", "vectors of 2 numbers", f"one of {len(odd)} at row 7", "equally long",
    )  # fmt: skip


@pytest.mark.parametrize("bad", ["fast", "NaN", "1,5"])
def test_the_text_that_is_no_number_is_named(bad: str) -> None:
    cells = [str(float(row)) for row in range(N)]
    cells[9] = bad
    one_line(
        lambda: fitted(NUMBERS, list(cells)), DataError,
        "'odd'", "'x'", "hold numbers", f"{bad!r} at row 9", "mend the cell",
    )  # fmt: skip


@pytest.mark.parametrize("columns", [[], "tempo", None, [1], ["a", None]])
def test_columns_must_be_named_in_a_list(columns: Any) -> None:
    one_line(
        lambda: HybridConfig(blocks={"odd": {"kind": "numbers", "columns": columns}}), ConfigError,
        "'odd'", "must be a list of at least 1 name of a column", 'write columns = ["tempo"]',
    )  # fmt: skip


def test_a_weight_names_a_block() -> None:
    one_line(lambda: HybridConfig(weights={"lyrics": 1.0}), ConfigError, "no block 'lyrics'")


@pytest.mark.parametrize(
    "name", ["popularity", "cooccurrence", "learned", "similar_popularity", "plays", "index"]
)
def test_reserved_names(name: str) -> None:
    one_line(lambda: HybridConfig(blocks={name: NUMBERS}), ConfigError, repr(name), "rename it")


@pytest.mark.parametrize("name", ["../x", "Title", "", "a b", "a/b", "a.b", "1a", "ä", "a" * 65, 7])
def test_names_that_are_none(name: Any) -> None:
    one_line(
        lambda: HybridConfig(blocks={name: NUMBERS}), ConfigError, "small letters", "rename it"
    )


@pytest.mark.parametrize(
    ("block", "parts"),
    [
        ({"kind": "smell", "columns": ["x"]}, ("'smell'", "set kind to one of", "import")),
        ({"columns": ["x"]}, ("has no kind", "set kind to one of categories, numbers, text")),
        ({"kind": ["text"], "columns": ["x"]}, ("['text']", "set kind to one of")),
        ({"kind": "numbers"}, ("'columns'", "required")),
        ({"kind": "numbers", "columns": []}, ("'columns'", "at least 1")),
        ({"kind": "numbers", "columns": "x"}, ("'columns'", "must be")),
        ({"kind": "numbers", "columns": ["x"], "clip": 0.6}, ("'clip'", "less than 0.5")),
        ({"kind": "numbers", "columns": ["x"], "encoder": "tfidf"}, ("no parameter 'encoder'",)),
        ({"kind": "vectors", "columns": ["x", "y"]}, ("1 column", "x, y", "a block of each")),
        (CategoriesBlockConfig(columns=("x", "y")), ("1 column", "x, y", "a block of each")),
        (3, ("a mapping of parameters", "3")),
    ],
)
def test_parameters(block: Any, parts: tuple[str, ...]) -> None:
    one_line(lambda: HybridConfig(blocks={"odd": block}), ConfigError, "block 'odd'", *parts)


NAN, INF = float("nan"), float("inf")
FILLED: list[Any] = [1.0, 2.0] * (N // 2)
CELLS: dict[str, tuple[dict[str, Any], list[Any] | None, tuple[str, ...]]] = {
    "no text": (TEXT, None, ("lack", "leave the block out")),
    "no words": (WORDS, None, ("lack", "leave the block out")),
    "no categories": (CATEGORIES, None, ("lack", "leave the block out")),
    "no numbers": (NUMBERS, None, ("lack", "leave the block out")),
    "no vectors": (VECTORS, None, ("lack", "leave the block out")),
    "text all missing": (TEXT, [None] * N, ("all of it is missing", "leave the block out")),
    "numbers all missing": (NUMBERS, [NAN] * N, ("all of it is missing", "leave the block out")),
    "vectors all missing": (VECTORS, [None] * N, ("all of it is missing", "leave the block out")),
    "lists all empty": (CATEGORIES, [[]] * N, ("hold labels", "leave the block out")),
    "lists of blanks": (CATEGORIES, [[" "]] * N, ("hold labels", "leave the block out")),
    "text of numbers": (TEXT, [None, *FILLED[1:]], ("hold texts", "row 1", "convert the column")),
    "labels of floats": (CATEGORIES, [None, *FILLED[1:]], ("row 1", "convert the column")),
    "numbers of text": (NUMBERS, [None] * 2 + ["a"] * 28, ("'a'", "row 2", "convert the column")),
    "vectors of numbers": (VECTORS, [None, *FILLED[1:]], ("row 1", "convert the column")),
    "vectors of text": (VECTORS, [["a"]] * N, ("['a']", "row 0", "convert the column")),
    "constant": (NUMBERS, [4.0] * N, ("different numbers", "4 everywhere", "leave the column out")),
    "constant but for missing": (NUMBERS, [None, *[4.0] * 29], ("4 everywhere",)),
    "infinity": (NUMBERS, [*FILLED[:7], INF, *FILLED[8:]], ("infinity", "row 7", "leave the num")),
    "less than all": (NUMBERS, [*FILLED[:7], -INF, *FILLED[8:]], ("infinity", "row 7")),
    "beyond squares": (NUMBERS, [*FILLED[:7], 1e300, *FILLED[8:]], ("1e+300", "row 7")),
    "unequal": (VECTORS, [[1.0, 2.0]] * 4 + [[1.0]] + [None] * 25, ("of 2 numbers", "row 4")),
    "an empty one": (VECTORS, [[1.0, 2.0]] * 4 + [[]] + [None] * 25, ("of 2 numbers", "row 4")),
    "NaN": (VECTORS, [None, [1.0, 2.0], [NAN, 1.0]] + [None] * 27, ("NaN", "row 2", "mend")),
    "a gap": (VECTORS, [None, [1.0, 2.0], [None, 1.0]] + [None] * 27, ("NaN", "row 2", "mend")),
    "too large": (VECTORS, [[1.0, 2.0], [1e300, 1.0]] * 15, ("infinity", "row 1", "mend")),
}  # fmt: skip


@pytest.mark.parametrize("what", CELLS)
def test_cells(what: str, tmp_path: Path) -> None:
    block, cells, parts = CELLS[what]

    def fit_and_save() -> None:
        fitted(block, cells).save(tmp_path / "model")

    one_line(fit_and_save, DataError, "'odd'", "column 'x'", *parts)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("cells", [["a", 2.5], [[1.0], 2.5], [2.5, "a"], [[1.0], ["a"]]])
def test_a_column_of_several_kinds(cells: list[Any]) -> None:
    frame = pd.DataFrame({"item_id": ["a", "b"], "x": pd.Series(cells, dtype=object)})
    one_line(lambda: Catalog.from_frame(frame), DataError, "'x'", "row 1", ", or leave")


def test_blocks_are_checked_before_the_long_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "learn_vectors", lambda *_: pytest.fail("trained first"))
    one_line(lambda: fitted(NUMBERS, None), DataError, "'odd'")


def test_what_is_odd_but_no_error() -> None:
    """Not half a column is lost for what can be read."""
    rare = fitted(NUMBERS, [1.0] + [0.0] * 29).item_vectors(IDS[:3], "odd")
    assert not np.array_equal(rare[0], rare[1])
    flags = fitted({**NUMBERS, "clip": 0.2}, [True] + [False] * 28 + [None])
    assert not flags.item_vectors(["i29"], "odd").any()
    assert not np.array_equal(*flags.item_vectors(["i0", "i1"], "odd"))
    sizes = fitted(VECTORS, [[1e30, 2e30], [1e-30, 2e-30], [0.0, 0.0], [1.0, 2.0]] + [None] * 26)
    lengths = np.linalg.norm(sizes.item_vectors(IDS[:5], "odd"), axis=1)
    np.testing.assert_allclose(lengths, [1, 1, 0, 1, 0], atol=1e-6)
    assert fitted({"enabled": False, **NUMBERS}, None).model_.blocks.names == ()
    empty_by_default = fitted({"enabled": False, **NUMBERS}, None)
    assert empty_by_default.recommend(["i0"], 3).item_ids.shape == (1, 3)
    frame = pd.DataFrame({"item_id": ["a", "b"], "tags": [[" "], []]})
    catalog = Catalog.from_frame(frame)
    model = HybridRecommender(HybridConfig(**TINY))
    model.fit(Playlists.from_lists([["a", "b"]] * 3, catalog), catalog)
    assert model.model_.blocks.names == ()


def test_weights_of_blocks_that_are_not_there() -> None:
    one_line(
        lambda: HybridConfig(blocks={"odd": NUMBERS}, weights={"od": 1.0}),
        ConfigError, "no block 'od'", "did you mean 'odd'?",
    )  # fmt: skip
    model = good("numbers")
    calls: list[Callable[[Any], object]] = [
        lambda weights: model.recommend(["i0"], weights=weights),
        lambda weights: model.similar_items(["i0"], weights=weights),
        lambda weights: model.recommend_for_new_items(pd.DataFrame({"x": [1.0]}), weights=weights),
    ]
    for call in calls:
        one_line(lambda call=call: call({"zz9": 1.0}), ConfigError, "'zz9'", "valid are", "odd")  # type: ignore[misc]
        for bad in (-1.0, NAN, INF, "much", None):
            one_line(lambda call=call, bad=bad: call({"odd": bad}), ConfigError, "odd", "must be")  # type: ignore[misc]
    one_line(
        lambda: HybridConfig(blocks={"odd": NUMBERS}, group_by="odd"),
        ConfigError, "'group_by'", "'odd'", "kind 'categories'",
    )  # fmt: skip
    one_line(lambda: HybridConfig(group_by="who"), ConfigError, "'group_by'", "'who'")


BAD_NEW: dict[str, tuple[str, list[Any], tuple[str, ...]]] = {
    "text": ("text", [None, 2.5], ("hold texts", "row 1")),
    "categories": ("categories", [None, 2.5], ("strings", "row 1")),
    "numbers": ("numbers", [None, "a"], ("hold numbers", "row 1")),
    "infinity": ("numbers", [1.0, INF], ("finite", "row 1")),
    "unequal": ("vectors", [[1.0, 2.0], [1.0]], ("of 2 numbers", "row 1")),
    "NaN": ("vectors", [None, [NAN, 1.0]], ("NaN", "row 1")),
}


@pytest.mark.parametrize("what", BAD_NEW)
def test_new_items(what: str) -> None:
    name, cells, parts = BAD_NEW[what]
    model = good(name)
    new = pd.DataFrame({"item_id": ["n0", "n1"], "x": pd.Series(cells, dtype=object)})
    one_line(lambda: model.recommend_for_new_items(new), DataError, "'odd'", "'x'", *parts)
    before = model.model_
    with pytest.raises(DataError, match="'x'"):
        model.update(new_items=new)
    assert model.model_ is before
    columns = pd.DataFrame({"y": ["a"]})
    one_line(
        lambda: model.recommend_for_new_items(columns), DataError, "columns x, context", "found y"
    )


def test_an_update_may_bring_fractions() -> None:
    """A column of whole numbers is one of numbers."""
    model = fitted(NUMBERS, list(range(N)))
    before = model.item_vectors(IDS, "odd")
    years = pd.DataFrame({"item_id": ["n0", "n1", "n2"], "x": [3.0, 3.5, None]})
    model.update(new_items=years)
    rows = model.item_vectors(["i3", "n0", "n1", "n2"], "odd")
    assert rows[0].tobytes() == rows[1].tobytes() != rows[2].tobytes()
    assert not rows[3].any()
    assert model.item_vectors(IDS, "odd").tobytes() == before.tobytes()
    assert model.model_.catalog.table["x"].to_pylist()[-3:] == [3.0, 3.5, None]


@pytest.mark.parametrize("name", GOOD)
def test_saved_files(name: str, tmp_path: Path) -> None:
    model = good(name)
    whole = tmp_path / "whole"
    model.save(whole)
    HybridRecommender.load(whole)
    folder = tmp_path / "model"
    files = sorted(path.name for path in (whole / "blocks" / "odd").iterdir())
    assert files
    shutil.copytree(whole, folder)
    shutil.rmtree(folder / "blocks" / "odd")
    one_line(
        lambda: HybridRecommender.load(folder),
        ArtifactError, f"blocks/odd/{files[0]}", "missing", "save the model again",
    )  # fmt: skip
    for file in files:
        for content in (None, b"["):
            shutil.rmtree(folder)
            shutil.copytree(whole, folder)
            path = folder / "blocks" / "odd" / file
            path.unlink()
            if content is not None:
                path.write_bytes(content)
            one_line(
                lambda: HybridRecommender.load(folder),
                ArtifactError, f"blocks/odd/{file}", "save the model again",
            )  # fmt: skip


def test_a_folder_that_no_manifest_misses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where checksums do not tell, as for what is left of a model that was put together."""
    good("categories").save(tmp_path / "model")
    shutil.rmtree(tmp_path / "model" / "blocks")
    monkeypatch.setattr("hybrid_rec.model.storage._verify", lambda *_: None)
    one_line(
        lambda: HybridRecommender.load(tmp_path / "model"),
        ArtifactError, "block 'odd'", "save it again",
    )  # fmt: skip


def test_a_kind_that_nobody_registers(tmp_path: Path) -> None:
    good("numbers").save(tmp_path / "model")
    path = tmp_path / "model" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["config"]["blocks"]["odd"]["kind"] = "smell"
    path.write_text(as_text(manifest))
    one_line(
        lambda: HybridRecommender.load(tmp_path / "model"),
        ArtifactError, "block 'odd'", "'smell'", "import the module that registers it",
    )  # fmt: skip


def test_a_failed_save_leaves_the_old_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good("categories").save(tmp_path / "model")
    before = {p: p.read_bytes() for p in (tmp_path / "model").rglob("*") if p.is_file()}
    model = good("numbers")

    def full(folder: Path) -> None:
        (folder / "half").write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(model.model_.blocks["odd"], "save", full)
    one_line(lambda: model.save(tmp_path / "model"), ArtifactError, "cannot be written", "No space")
    one_line(lambda: model.save(tmp_path / "new"), ArtifactError, "cannot be written", "No space")
    assert {p: p.read_bytes() for p in (tmp_path / "model").rglob("*") if p.is_file()} == before
    assert not re.search(r"half|new", " ".join(p.name for p in tmp_path.rglob("*")))
