"""Sequels, second parts and other takes of real sets, as new items: each is near its original."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from hybrid_rec import Catalog, HybridConfig, HybridRecommender, read_dataset
from hybrid_rec.core.arrays import Rows

K = 10
_ADDED = re.compile(r"[\s,:(-]+(?:live|acoustic|2|ii|iii|(?:pt\.?|part) ?(?:2|two|ii|iii))\)?$")
_FIRST_PART = re.compile(r"[\s,:(-]+(?:(?:pt\.?|part) ?(?:1|one|i))\)?$")
_YEAR = re.compile(r" \(\d{4}\)$")


def pairs(titles: Sequence[str | None], artists: Sequence[str | None]) -> list[tuple[int, int]]:
    """Rows of what its title calls another take or a later part, and of the original of it."""
    keys = [
        (_YEAR.sub("", (title or "").lower()), (artist or "").lower())
        for title, artist in zip(titles, artists, strict=True)
    ]
    originals = {
        (_FIRST_PART.sub("", name), artist): row
        for row, (name, artist) in enumerate(keys)
        if not _ADDED.search(name)
    }
    added = [row for row, (name, _) in enumerate(keys) if _ADDED.search(name)]
    found = [(row, originals.get((_ADDED.sub("", keys[row][0]), keys[row][1]))) for row in added]
    return [(row, original) for row, original in found if original is not None]


def places(spec: str) -> Rows:
    """The place of each original after its sequel, which the model has never met; K for none."""
    playlists, catalog, _ = read_dataset(spec)
    found = pairs(catalog.titles, catalog.artists)
    left = np.ones(len(catalog), dtype=bool)
    left[[sequel for sequel, _ in found]] = False
    kept = playlists.select_plays(left[playlists.rows])
    kept = kept.select(kept.lengths > 0)
    kept = replace(kept, rows=(np.cumsum(left) - 1)[kept.rows], n_items=int(left.sum()))
    model = HybridRecommender(HybridConfig(titles={"encoder": "tfidf"}))
    model.fit(kept, Catalog(catalog.table.filter(left)))
    frame = catalog.to_frame()
    new = frame.iloc[[sequel for sequel, _ in found]].drop(columns="item_id")
    answers = model.recommend_for_new_items(new, K).item_ids.tolist()
    originals = catalog.item_ids[[original for _, original in found]]
    return np.array(
        [[*line, wanted].index(wanted) for wanted, line in zip(originals, answers, strict=True)]
    )


def test_pairs_are_told_by_their_titles() -> None:
    titles = ["Jaws (1975)", "Jaws 2 (1978)", "Hey", "Hey (Live)", "Wall, Pt. 1", "Wall, Pt. 2"]
    assert pairs(titles, ["a"] * 6) == [(1, 0), (3, 2), (5, 4)]
    assert pairs(titles[2:4], ["a", "b"]) == []
    assert pairs(["Area 51", "U2", "Alive"], [None] * 3) == []


def test_an_original_is_among_the_first_after_its_sequel(data_dir: Path) -> None:
    found = places(f"movielens:{data_dir}/ml-latest-small")
    assert len(found) >= 100
    assert np.mean(found < K) >= 0.9
