"""Whether tastes that share no playlist are found, in catalogues of 4 to 40,000 items."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from hybrid_rec import Catalog, HybridConfig, HybridRecommender, Recommendations
from hybrid_rec.core.arrays import Rows
from tests.benchmarks import measure
from tests.tastes import tastes

# Number of tastes, items of each, plays of a playlist, numbers of playlists, repetitions.
_WORLDS: tuple[tuple[int, int, int, tuple[int, ...], int], ...] = (
    (2, 2, 2, (10, 30, 150), 5),
    (4, 10, 2, (49, 150, 600), 3),
    (4, 10, 6, (30, 49, 150, 600), 3),
    (40, 10, 2, (600, 3000), 1),
    (40, 10, 6, (150, 600, 3000), 1),
    (40, 100, 2, (3000, 12_000), 1),
    (40, 100, 6, (600, 3000, 12_000), 1),
    (400, 100, 6, (60_000,), 1),
)
_BEFORE = {"sample": 1e-3, "repeats": 1}
_RULES: dict[str, dict[str, Any]] = {"before": _BEFORE, "now": {}}
_ASKED = 200


def run(n_tastes: int, size: int, length: int, n_lists: int, n_seeds: int) -> dict[str, Any]:
    """One world, by both rules: means over worlds drawn anew."""
    found: dict[str, list[float]] = {}
    for seed in range(n_seeds):
        rng = np.random.default_rng(seed)
        playlists, taste = tastes((size,) * n_tastes, n_lists + _ASKED, length, rng)
        ids = [str(row) for row in range(len(taste))]
        catalog = Catalog.from_columns(ids, [f"Song {row}" for row in ids], [None] * len(ids))
        training = playlists.select(np.arange(n_lists))
        played = np.flatnonzero(training.play_counts)
        near = rng.permutation(played)[:1000]
        asked = [playlists[number][: length // 2] for number in range(n_lists, n_lists + _ASKED)]
        given = [[ids[row] for row in rows] for rows in asked]
        own = taste[[rows[0] for rows in asked]]
        for rule, settings in _RULES.items():
            config = HybridConfig(titles={"encoder": "tfidf"}, cooccurrence=settings)
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "nothing learned", UserWarning)
                model = HybridRecommender(config).fit(training, catalog)
            # As many as a taste surely has.
            similar = model.similar_items([ids[row] for row in near], k=min(5, size - 1))
            k = min(3, size - length // 2)
            shares = {
                "similar": _share(similar, taste, taste[near]),
                "linear": _share(model.recommend(given, k, weights={}), taste, own),
                "ranked": _share(model.recommend(given, k), taste, own),
            }
            for what, share in shares.items():
                found.setdefault(f"{what}, {rule}", []).append(share)
            held_out = model.model_.held_out
            if held_out is not None:
                found.setdefault(f"held out, {rule}", []).append(held_out.share)
    row: dict[str, Any] = {
        "items": f"{n_tastes * size:,}", "tastes": n_tastes, "plays of a list": length,
        "lists": f"{n_lists:,}", "chance": f"{(size - 1) / (n_tastes * size - 1):.2f}",
    }  # fmt: skip
    columns = [
        f"{what}, {r}" for what in ("similar", "linear", "ranked", "held out") for r in _RULES
    ]
    return row | {name: f"{np.mean(found[name]):.2f}" if name in found else "" for name in columns}


def _share(found: Recommendations, taste: Rows, own: Rows) -> float:
    return float((taste[found.item_ids.astype(np.int64)] == own[:, None]).mean())


def main(arguments: Sequence[str]) -> None:
    """Every world in a process of its own, then one page."""
    if arguments:
        print(json.dumps(run(*map(int, arguments))))
        return
    rows = [
        json.loads(
            measure.in_own_process("small", *map(str, (tastes_, size, length, n, repetitions)))
        )
        for tastes_, size, length, numbers, repetitions in _WORLDS
        for n in numbers
    ]
    text = (
        "Items of equally large tastes; a playlist holds items of one taste, drawn at random. "
        "Share of what comes back that is of the taste of the item or playlist that was asked: "
        "of the five nearest items (`similar`; of played items, or as many as the taste has), and "
        "of the first three recommended for half of a new playlist, by the linear score and as "
        "ranked (which is the linear score with fewer than 50 playlists of four items). "
        "`held out` is what a fit reports of itself, 0.50 by chance.\n\n"
        "Before: `cooccurrence.sample = 0.001` and `cooccurrence.repeats = 1`, given explicitly; "
        "now: the defaults. From 382 played items on they differ only where playlists have at "
        "most three plays on average. 400,000 items need so many playlists that a run takes an "
        "hour; by the rule they are trained as the 40,000 are.\n\n"
    )
    measure.report("SMALL", "Small catalogues", text + measure.markdown(pd.DataFrame(rows)))


if __name__ == "__main__":
    main(sys.argv[1:])
