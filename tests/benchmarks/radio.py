"""Radio: how many neighbours of its order are neighbours in held-out playlists.

Radios are asked for the first items of held-out playlists. Beside them stand the same items in the
order of their scores and in a random order, and the best items of that length, with all and without
those whose artist was among the five before. Parameters were
chosen on validation parts: `python -m tests.benchmarks radio --validation`.
"""

from __future__ import annotations

import sys
from itertools import pairwise

import numpy as np
import pandas as pd

from evaluation.splits.continuation import continuation
from evaluation.splits.split import Split
from hybrid_rec import HybridConfig, HybridRecommender, read_dataset
from hybrid_rec.core.arrays import Rows
from hybrid_rec.explore.paths import ARTIST_GAP
from tests.benchmarks import measure
from tests.benchmarks.accuracy import SETS

NAMES = ("classic_rock", "triplej", "wfmu", "yes_big")
LENGTH, N_SEEDS, N_RADIOS = 25, 3, 100
DRIFTS = (0.0, 0.3, 1.0)


def neighbours(split: Split, apart: int) -> set[tuple[int, int]]:
    """Pairs of items that a held-out playlist plays at most so many places apart."""
    pairs: set[tuple[int, int]] = set()
    for seeds, targets in zip(split.seeds, split.targets, strict=True):
        rows = np.concatenate([seeds, targets]).tolist()
        for step in range(1, apart + 1):
            pairs |= {*zip(rows, rows[step:], strict=False), *zip(rows[step:], rows, strict=False)}
    return pairs


def share(rows: Rows, pairs: set[tuple[int, int]]) -> float:
    """Share of the transitions of an order that are among some pairs."""
    return float(np.mean([pair in pairs for pair in pairwise(rows.tolist())]))


def apart_by(group_of: Rows, rows: Rows) -> Rows:
    """Rows in their order, without those whose artist is among the five before."""
    kept: list[int] = []
    for row in rows.tolist():
        if group_of[row] < 0 or group_of[row] not in group_of[kept[-ARTIST_GAP:]]:
            kept.append(row)
    return np.array(kept, np.int64)


def run(name: str, part: str) -> list[dict[str, object]]:
    """One line an order of each drift."""
    playlists, catalog, _ = read_dataset(SETS[name][0].format(data=measure.data_dir()))
    split = continuation(
        playlists, catalog, np.random.default_rng(0),
        part="validation" if part == "validation" else "test",
        seeds="first", n_seeds=N_SEEDS, min_length=8,
    )  # fmt: skip
    config = HybridConfig(titles={"encoder": "tfidf"}, ranking={"enabled": False})
    model = HybridRecommender(config).fit(split.train, catalog)
    pairs = {apart: neighbours(split, apart) for apart in (1, 2)}
    rng = np.random.default_rng(1)
    chosen = rng.permutation(len(split))[:N_RADIOS].tolist()
    lines: list[dict[str, object]] = []
    for drift in DRIFTS:
        found: list[dict[str, object]] = []
        for case in chosen:
            ids = catalog.item_ids[split.seeds[case]].tolist()
            played = catalog.rows(model.radio(ids, LENGTH, drift=drift).item_ids[0])
            by_score = model.recommend(ids, LENGTH, allow=catalog.item_ids[played]).item_ids[0]
            best = catalog.rows(model.recommend(ids, 20 * LENGTH).item_ids[0])
            orders = {
                "radio": played, "by score": catalog.rows(by_score),
                "random order": rng.permutation(played), f"best {LENGTH}": best[:LENGTH],
                f"best {LENGTH}, artists apart": apart_by(model.model_.group_of, best)[:LENGTH],
            }  # fmt: skip
            for order, rows in orders.items():
                hits = len(set(rows.tolist()) & set(split.targets[case].tolist()))
                shares = {f"within {apart}": share(rows, pairs[apart]) for apart in pairs}
                found.append({"order": order, **shares, "hits": hits})
        means = pd.DataFrame(found).groupby("order", sort=False).mean()
        lines += [
            {"set": name, "drift": drift, "order": order, **values.round(4).to_dict()}
            for order, values in means.iterrows()
        ]
    return lines


def main() -> None:
    """Every set, then one table."""
    part = "validation" if "--validation" in sys.argv else "test"
    rows = [row for name in NAMES for row in run(name, part)]
    table = measure.markdown(pd.DataFrame(rows))
    text = (
        f"{table}\n\n{N_RADIOS} radios of {LENGTH} items after the first {N_SEEDS} of a held-out "
        f"playlist ({part} part), models without the learned ranking. *Within 1*, *within 2*: "
        "share of transitions that are played next to each other, or with one item between, in "
        "any held-out playlist. *Hits*: items of the held-out playlist. *Artists apart*: the best "
        "of those that a radio may play in that order."
    )
    if part == "test":
        measure.report("RADIO", "Radio", text)
    else:
        print(text)


if __name__ == "__main__":
    main()
