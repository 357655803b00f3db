"""What every kind of block must do: the kinds under the contract, a planted world, the checks.

A kind is told by the parameters of its block and by cells of its columns for items of ten groups,
whose cells are alike. `letters` is a kind of the tests' own, as somebody else would write one.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy import sparse

from hybrid_rec import Catalog, HybridConfig, Playlists
from hybrid_rec.blocks import registry
from hybrid_rec.blocks.base import Block, Values
from hybrid_rec.blocks.registry import block_type, register_block
from hybrid_rec.core.config import BlockConfig, RankingConfig
from hybrid_rec.core.config import blocks as config_of_blocks
from hybrid_rec.core.errors import ArtifactError, DataError
from hybrid_rec.core.linalg import unit_sparse_rows
from hybrid_rec.core.progress import Progress
from hybrid_rec.core.stored import read_json, write_json

NAME = "described"
"""What the block is called in every world."""
N_GROUPS, GROUP_SIZE, COLD = 10, 20, 6
"""Groups, items of each, and items of each that are in no playlist."""
Cells = dict[str, list[Any]]
Cell = Any


class LettersConfig(BlockConfig):
    """First letters of the words of a heading."""

    kind: Literal["letters"] = "letters"
    most_columns = 1


class LettersBlock(Block):
    """One column a letter that words of a heading begin with, in order of first appearance."""

    kind = "letters"
    config_type = LettersConfig
    column_kind = "text"
    is_sparse = True

    def __init__(self, name: str, config: BlockConfig, settings: HybridConfig) -> None:
        super().__init__(name, config, settings)
        self.letters = ""

    @property
    def width(self) -> int:
        return len(self.letters)

    def fit(self, items: pa.Table, progress: Progress = Progress()) -> Self:  # noqa: B008
        self.required_column(items, self.config.columns[0])
        self.letters = "".join(dict.fromkeys("".join(self._initials(items))))
        return self

    def extended(self, items: pa.Table) -> Self:
        wider = type(self)(self.name, self.config, self.settings)
        wider.letters = "".join(dict.fromkeys(self.letters + "".join(self._initials(items))))
        return wider

    def encode(self, items: pa.Table, progress: Progress = Progress()) -> Values:  # noqa: B008
        rows = sparse.lil_array((items.num_rows, self.width), dtype=np.float32)
        for row, initials in enumerate(self._initials(items)):
            for letter in initials:
                if letter in self.letters:
                    rows[row, self.letters.index(letter)] = 1
        return unit_sparse_rows(rows.tocsr())

    def save(self, folder: Path) -> None:
        write_json(folder / "letters.json", self.letters)

    @classmethod
    def load(cls, name: str, config: BlockConfig, settings: HybridConfig, folder: Path) -> Self:
        block = cls(name, config, settings)
        letters = read_json(folder / "letters.json")
        if not isinstance(letters, str):
            raise ArtifactError(f"{folder / 'letters.json'} must hold letters; save it again.")
        block.letters = letters
        return block

    def _initials(self, items: pa.Table) -> list[str]:
        name = self.config.columns[0]
        column = self.column(items, name)
        if column is None:
            return [""] * items.num_rows
        if not pa.types.is_large_string(column.type):
            row = next(row for row, cell in enumerate(column) if cell.is_valid)
            raise self.wrong(name, "hold texts", row, column[row].as_py(), "convert the column")
        texts = [text or "" for text in column.to_pylist()]
        return ["".join(word[0] for word in text.lower().split()) for text in texts]


@contextmanager
def letters_registered() -> Iterator[None]:
    """A context in which the kind `letters` is known; other tests are not to see it."""
    register_block(LettersBlock)
    try:
        yield
    finally:
        del registry._KINDS[LettersBlock.kind]
        del config_of_blocks._KINDS[LettersBlock.kind]


def _words(rng: np.random.Generator, n: int) -> list[str]:
    return ["".join(rng.choice(list(string.ascii_lowercase), 6)) for _ in range(n)]


_RNG = np.random.default_rng(99)
_COMMON, _OWN = _words(_RNG, 80), [_words(_RNG, 25) for _ in range(N_GROUPS)]
_CENTRES = _RNG.normal(size=(N_GROUPS, 8))


def _lyrics(group: int, rng: np.random.Generator) -> list[Cell]:
    """Forty words, of which somewhat more than half are the group's."""
    own, common = rng.choice(_OWN[group], 24), rng.choice(_COMMON, 16)
    return [" ".join(rng.permutation([*own, *common]))]


def _genre(group: int, rng: np.random.Generator) -> list[Cell]:
    return [rng.choice([f"Genre {group}", f"genre  {group}"])]


def _genres(group: int, rng: np.random.Generator) -> list[Cell]:
    """Two of the group's three labels, and one that stands everywhere."""
    own = rng.choice(3, 2, replace=False)
    return [[*(f"{group}-{label}" for label in own), f"common {rng.integers(5)}"]]


def _audio(group: int, rng: np.random.Generator) -> list[Cell]:
    """Tempo and energy around a point of a grid."""
    return [
        float(80 + 20 * (group % 4) + rng.normal(0, 3)),
        float(0.2 + 0.3 * (group // 4) + rng.normal(0, 0.04)),
    ]


def _cover(group: int, rng: np.random.Generator) -> list[Cell]:
    return [(_CENTRES[group] + rng.normal(0, 0.5, 8)).astype(np.float32).tolist()]


def _heading(group: int, rng: np.random.Generator) -> list[Cell]:
    """Two words that begin with the letters of the group, and one that begins with any other."""
    own = string.ascii_lowercase[2 * group : 2 * group + 2]
    initials = rng.permutation([*own, rng.choice(list("uvwxyz"))])
    return [" ".join(f"{initial}{word}" for initial, word in zip(initials, _COMMON, strict=False))]


@dataclass(frozen=True)
class Kind:
    """A kind of block under the contract, and cells to make one from."""

    kind: str
    columns: tuple[str, ...]
    cells: Callable[[int, np.random.Generator], list[Cell]]
    """One cell of each column for an item of a group."""
    wrong: list[Cell]
    """Cells of a column that cannot be used, all missing up to the last."""
    new: list[Cell]
    """One cell of each column with what no other item has."""
    parameters: dict[str, Any] = field(default_factory=dict)
    learns_labels: bool = False
    """Whether `new` brings columns that the block did not have."""
    square_root: bool = False
    """Whether a query is the square root of the sum of its rows, rather than the sum."""
    spoilt: tuple[str, ...] = ()
    """Files that it saves."""

    def config(self, **changes: Any) -> HybridConfig:
        """A small configuration with this block."""
        block = {"kind": self.kind, "columns": list(self.columns), **self.parameters}
        usual: dict[str, Any] = {
            "blocks": {NAME: block},
            "cooccurrence": {"vector_size": 16, "epochs": 10, "sample": 0.0},
            "ranking": {"enabled": False},
        }
        return HybridConfig(**{**usual, **changes})

    def block(self) -> Block:
        """The block, not fitted."""
        config = self.config()
        return block_type(self.kind)(NAME, config.blocks[NAME], config)

    def frame(self, groups: Sequence[int], seed: int = 0) -> pd.DataFrame:
        """The columns of items of these groups."""
        rng = np.random.default_rng(seed)
        cells = [self.cells(group, rng) for group in groups]
        return self.frame_of(cells)

    def frame_of(self, cells: Sequence[Sequence[Cell]]) -> pd.DataFrame:
        """A frame of one row of cells an item."""
        return pd.DataFrame(
            {
                name: pd.Series([row[place] for row in cells], dtype=object)
                for place, name in enumerate(self.columns)
            }
        )


_FACTORS = {"size": 4, "iterations": 2}
RANKED = RankingConfig(
    cases=30, trees=4, candidates=40,
    statistics=dict.fromkeys(("als", "als_small", "als_large"), _FACTORS),
)  # fmt: skip
_LYRICS: dict[str, Any] = {
    "kind": "text", "columns": ("lyrics",), "cells": _lyrics, "wrong": [3.5],
    "new": ["quokka zebu"],
}  # fmt: skip

KINDS = {
    "tfidf": Kind(
        **_LYRICS, parameters={"encoder": "tfidf", "size": 32},
        spoilt=("encoder.json", "idf.npy", "projection.npy"),
    ),
    "word2vec": Kind(
        **_LYRICS, parameters={"encoder": "word2vec", "size": 32},
        spoilt=("encoder.json", "idf.npy", "words.npy", "mean.npy"),
    ),
    "categories": Kind(
        "categories", ("genre",), _genre, wrong=[2.5], new=["zouk"], learns_labels=True,
        square_root=True, spoilt=("labels.json",),
    ),
    "categories, lists": Kind(
        "categories", ("genres",), _genres, wrong=[[2.5]], new=[["zouk", "0-0"]],
        learns_labels=True, spoilt=("labels.json",),
    ),
    "numbers": Kind(
        "numbers", ("tempo", "energy"), _audio, wrong=["fast"], new=[500.0, 9.0],
        spoilt=("statistics.npy",),
    ),
    "vectors": Kind(
        "vectors", ("cover",), _cover, wrong=["blue"], new=[[9.0] * 8], spoilt=("vectors.json",)
    ),
    "letters": Kind(
        "letters", ("heading",), _heading, wrong=[2.5], new=["ßeta"], learns_labels=True,
        spoilt=("letters.json",),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class World:
    """Items of ten groups in random order, described by one block alone, and their playlists."""

    frame: pd.DataFrame
    """Columns item_id and those of the block."""
    catalog: Catalog
    playlists: Playlists
    groups: np.ndarray
    """Group of each row."""
    cold: np.ndarray
    """Which rows stand in no playlist."""

    def ids(self, rows: Any) -> list[str]:
        """Item ids of some rows."""
        found: list[str] = self.catalog.item_ids[rows].tolist()
        return found

    def of_own_group(self, item_ids: Any, groups: Any) -> float:
        """Share of the items of each line that are of the line's group."""
        rows = np.array([self.catalog.rows(line) for line in item_ids])
        return float((self.groups[rows] == np.asarray(groups)[:, None]).mean())


def world_of(kind: Kind, seed: int = 0) -> World:
    """A planted world: playlists stay within their group, and cold items know only their block."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(N_GROUPS * GROUP_SIZE)
    groups, cold = order % N_GROUPS, order // N_GROUPS < COLD
    frame = kind.frame(groups.tolist(), seed)
    frame.insert(0, "item_id", [f"i{row:03}" for row in range(len(groups))])
    catalog = Catalog.from_frame(frame)
    lists = []
    for number in range(150):
        warm = np.flatnonzero((groups == number % N_GROUPS) & ~cold)
        chosen = rng.choice(warm, rng.integers(5, 9), replace=False)
        lists.append(catalog.item_ids[chosen].tolist())
    return World(frame, catalog, Playlists.from_lists(lists, catalog), groups, cold)


GROUPS = [row % N_GROUPS for row in range(40)]
"""Groups of the items that a block alone is looked at with."""


def table_of(frame: pd.DataFrame) -> pa.Table:
    """Items as a block gets them."""
    ids = [f"i{row}" for row in range(len(frame))]
    return Catalog.from_frame(frame.assign(item_id=ids)).table


def fitted(kind: Kind, frame: pd.DataFrame | None = None) -> tuple[Block, pa.Table]:
    """A fitted block, and its items."""
    items = table_of(kind.frame(GROUPS) if frame is None else frame)
    return kind.block().fit(items), items


def dense(values: Values) -> np.ndarray:
    """Rows as a matrix."""
    return np.asarray(values.toarray() if sparse.issparse(values) else values)


def bytes_of(values: Values) -> bytes:
    """All that rows consist of."""
    if sparse.issparse(values):
        return bytes_of(values.data) + bytes_of(values.indices) + bytes_of(values.indptr)
    return bytes(str(values.dtype).encode() + np.ascontiguousarray(values).tobytes())


def counts_of(lines: Sequence[dict[int, int]], n_items: int) -> sparse.csr_array:
    """How often each query holds each item."""
    counts = np.zeros((len(lines), n_items), np.float32)
    for number, line in enumerate(lines):
        for row, count in line.items():
            counts[number, row] = count
    return sparse.csr_array(counts)


def pooled_slowly(kind: Kind, rows: np.ndarray, line: dict[int, int]) -> np.ndarray:
    """One query the obvious way, in float64."""
    total = np.zeros(rows.shape[1])
    for row, count in line.items():
        total += count * rows[row].astype(np.float64)
    if kind.square_root:
        total = np.sqrt(total)
    length = np.sqrt((total**2).sum())
    return total / length if length else total


QUERIES: list[dict[int, int]] = [{0: 1}, {}, {3: 1, 13: 1}, {1: 2, 2: 1, 21: 1, 7: 5}, {5: 3}]


def check_shape_and_length(kind: Kind) -> None:
    block, items = fitted(kind)
    rows = block.encode(items)
    assert sparse.issparse(rows) == block.is_sparse
    assert rows.shape == (len(GROUPS), block.width)
    assert block.width > 0
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(dense(rows), axis=1), 1, atol=1e-6)
    assert block.encode(items.slice(0, 0)).shape == (0, block.width)


def check_same_input_same_bytes(kind: Kind) -> None:
    (first, items), (second, _) = fitted(kind), fitted(kind)
    assert bytes_of(first.encode(items)) == bytes_of(second.encode(items))
    assert bytes_of(first.encode(items)) == bytes_of(first.encode(items))


def check_row_by_row(kind: Kind) -> None:
    block, items = fitted(kind)
    together = block.encode(items)
    for row in range(items.num_rows):
        alone = block.encode(items.slice(row, 1))
        assert bytes_of(dense(alone)[0]) == bytes_of(dense(together)[row])


def check_missing_is_a_zero_row(kind: Kind) -> None:
    frame = kind.frame(GROUPS)
    block, items = fitted(kind, frame)
    whole = dense(block.encode(items))
    for name in kind.columns:
        cells = frame[name].tolist()
        frame[name] = pd.Series([*cells[:4], None, *cells[5:]], dtype=object)
    some = dense(block.encode(table_of(frame)))
    assert not some[4].any()
    others = np.arange(len(frame)) != 4
    assert bytes_of(some[others]) == bytes_of(whole[others])
    nothing = pa.table({"item_id": pa.array(["a", "b"], pa.large_string())})
    for less in (nothing, nothing.append_column(kind.columns[0], pa.nulls(2, pa.large_string()))):
        rows = block.encode(less)
        assert rows.shape == (2, block.width)
        assert not dense(rows).any()
    # What is fitted with a missing cell among others is no error, either.
    refitted, items = fitted(kind, frame)
    assert not dense(refitted.encode(items))[4].any()


def check_missing_is_an_error_in_fit(kind: Kind) -> None:
    frame, column = kind.frame(GROUPS), kind.columns[-1]
    for broken in (frame.drop(columns=column), frame.assign(**{column: None})):
        message = error_of(kind.block().fit, table_of(broken))
        for part in (repr(NAME), repr(column), "leave the block out"):
            assert part in message


def check_wrong_type(kind: Kind) -> None:
    block, _ = fitted(kind)
    for column in kind.columns:
        frame = kind.frame(GROUPS)
        wrong = table_of(frame.assign(**{column: [None] * 3 + kind.wrong * (len(frame) - 3)}))
        for refused in (kind.block().fit, block.encode):
            message = error_of(refused, wrong)
            for part in (repr(NAME), repr(column), "row 3", "; convert the column"):
                assert part in message


def error_of(call: Callable[[pa.Table], object], items: pa.Table) -> str:
    """The one line of the DataError that a block raises."""
    with pytest.raises(DataError) as caught:
        call(items)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def check_pooling(kind: Kind) -> None:
    block, items = fitted(kind)
    rows = block.encode(items)
    pooled = block.pool(rows, counts_of(QUERIES, items.num_rows))
    assert pooled.shape == (len(QUERIES), block.width)
    assert pooled.dtype == np.float32
    assert sparse.issparse(pooled) == block.is_sparse
    found, plain = dense(pooled), dense(rows)
    np.testing.assert_allclose(found[0], plain[0], atol=1e-6)
    np.testing.assert_allclose(found[4], plain[5], atol=1e-6)
    assert not found[1].any()
    for line, query in zip(QUERIES, found, strict=True):
        np.testing.assert_allclose(query, pooled_slowly(kind, plain, line), atol=1e-6)


def check_seed_parts_add_up(kind: Kind) -> None:
    block, items = fitted(kind)
    rows = block.encode(items)
    for line in QUERIES:
        pooled = dense(block.pool(rows, counts_of([line], items.num_rows)))[0]
        seeds, counts = np.array(list(line), np.int64), np.array(list(line.values()), np.float64)
        parts = block.seed_parts(rows, rows[seeds], counts)
        assert parts.shape == (items.num_rows, len(line))
        np.testing.assert_allclose(parts.sum(axis=1), dense(rows) @ pooled, atol=1e-5)
    # A seed of which nothing is known adds nothing.
    empty = block.encode(pa.table({"item_id": pa.nulls(1, pa.large_string())}))
    assert not block.seed_parts(rows, empty, np.ones(1)).any()


def check_extended(kind: Kind) -> None:
    block, items = fitted(kind)
    before, width = dense(block.encode(items)), block.width
    new = table_of(kind.frame_of([kind.new]))
    wider = block.extended(new)
    after = dense(wider.encode(items))
    assert bytes_of(after[:, :width].copy()) == bytes_of(before)
    assert not after[:, width:].any()
    assert (wider.width > width) == kind.learns_labels
    assert block.width == width
    row = dense(wider.encode(new))[0]
    assert row[width:].any() == kind.learns_labels
    assert bytes_of(wider.encode(new)) == bytes_of(wider.extended(new).encode(new))
    assert wider.extended(items.slice(0, 0)).width == wider.width


def check_saved_and_loaded(kind: Kind, folder: Path) -> None:
    block, items = fitted(kind)
    block.save(folder)
    assert sorted(path.name for path in folder.iterdir()) == sorted(kind.spoilt)
    loaded = type(block).load(NAME, block.config, block.settings, folder)
    assert loaded.width == block.width
    assert bytes_of(loaded.encode(items)) == bytes_of(block.encode(items))
    counts = counts_of(QUERIES, items.num_rows)
    rows = block.encode(items)
    assert bytes_of(loaded.pool(rows, counts)) == bytes_of(block.pool(rows, counts))


def check_damaged_files(kind: Kind, folder: Path) -> None:
    block, _ = fitted(kind)
    block.save(folder)
    for name in kind.spoilt:
        path = folder / name
        whole = path.read_bytes()
        for content in (None, b"", whole[: len(whole) // 2], b"[1]", b"\x80garbage"):
            path.unlink()
            if content is not None:
                path.write_bytes(content)
            with pytest.raises(ArtifactError, match=name):
                type(block).load(NAME, block.config, block.settings, folder)
            path.write_bytes(whole)
    type(block).load(NAME, block.config, block.settings, folder)


def check_plan(kind: Kind) -> None:
    block, items = fitted(kind)
    plan = kind.block().plan(items)
    rows = block.encode(items)
    assert plan.width == block.width
    assert plan.entries == (rows.nnz if block.is_sparse else rows.size)
    assert plan.seconds >= 0
