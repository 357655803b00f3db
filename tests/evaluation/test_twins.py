"""Twins of seeds and targets are left out of lists where they are to be ignored."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from evaluation.harness import evaluate
from evaluation.splits.split import Split
from hybrid_rec import Catalog, DataError, Playlists

IDS = ["seed", "seed twin", "other", "target", "target twin", "cover", "end"]
CATALOG = Catalog.from_columns(
    IDS,
    [
        "Yellow",
        "Yellow (Remaster)",
        "Creep",
        "Hey You",
        "Hey You - 2011 Remaster",
        "Hey You",
        "End",
    ],
    ["Coldplay", "Coldplay", "Radiohead", "Pink Floyd", "Pink Floyd", "Somebody", "X"],
)
SPLIT = Split(
    "by hand",
    CATALOG,
    Playlists.from_lists([IDS], CATALOG),
    Playlists.from_lists([["seed"]], CATALOG),
    Playlists.from_lists([["target"]], CATALOG),
    {},
)


class Scripted:
    name = "scripted"

    def fit(self, playlists: Playlists, catalog: Catalog) -> None:
        """Nothing."""

    def recommend(self, queries: Any, k: int = 10) -> Any:
        class Answer:
            item_ids = np.array([IDS[1:]] * len(queries), dtype=object)[:, :k]
            sources = np.array([list("abcdef")] * len(queries), dtype=object)[:, :k]

        return Answer()


def test_twins_are_misses_or_are_not_there() -> None:
    counted = evaluate(Scripted(), SPLIT, (2, 7))
    ignored = evaluate(Scripted(), SPLIT, (2, 7), twins="ignore")
    assert counted.cases["mrr@7"].tolist() == [pytest.approx(1 / 3)]
    # The twin of the seed goes, that of the target too, and the cover by somebody else stays.
    assert ignored.cases["mrr@7"].tolist() == [0.5]
    assert ignored.rows[0].tolist() == [2, 3, 5, 6, -1, -1, -1]
    assert ignored.sources[0].tolist() == ["b", "c", "e", "f", "", "", ""]
    assert ignored.problems == counted.problems


def test_mistakes() -> None:
    with pytest.raises(DataError, match="twins must be 'count' or 'ignore'"):
        evaluate(Scripted(), SPLIT, (2,), twins="forget")
