"""Update against a full refit: hits, what moves, and how long it takes."""

from __future__ import annotations

import json
import sys
from functools import partial

import numpy as np
import pandas as pd

from evaluation.harness import evaluate
from evaluation.splits.registry import make_split
from evaluation.splits.split import Split
from hybrid_rec import (
    Catalog,
    HybridConfig,
    HybridRecommender,
    Playlists,
    read_dataset,
)
from hybrid_rec.blocks.block_set import BlockSet, columns_of
from hybrid_rec.blocks.labels import Labels
from hybrid_rec.core.config.ranking import StatisticsConfig
from hybrid_rec.core.progress import Progress
from hybrid_rec.model.fit import describe_items
from hybrid_rec.ranking.renewal import updated_statistics
from hybrid_rec.ranking.statistics import MATRICES, Statistics
from tests.benchmarks import measure
from tests.benchmarks.asked import Asked

SETS = {
    "classic_rock": ("{data}/classic_rock/plays.parquet", "continuation", None),
    "triplej": ("{data}/triplej/plays.parquet", "global-time", 60),
    "yes_big": ("yes:{data}/yes_big", "continuation", None),
}
METRICS = ("hit_rate@10", "ndcg@500", "recall@100")
_EARLIER = 0.8
# Sets on which the statistics of a small update are timed, and playlists that it brings.
COUNTED = {"wfmu": "{data}/wfmu/plays.parquet", "yes_big": "yes:{data}/yes_big"}
_FEW = 10
_PROBES = 1000


def run(name: str) -> dict[str, object]:
    """One set, in this process."""
    spec, kind, max_length = SETS[name]
    playlists, catalog, _ = read_dataset(spec.format(data=measure.data_dir()))
    split = make_split(kind, playlists, catalog, seed=0, max_length=max_length)
    earlier, later = _in_two(split.train)
    new = (earlier.play_counts == 0) & (later.play_counts > 0)
    frame = catalog.to_frame()
    first = Catalog.from_frame(frame[~new])
    lists = Playlists.from_lists(
        earlier.to_lists(catalog), first, playlist_ids=earlier.playlist_ids.tolist()
    )
    if earlier.times is not None:
        lists = Playlists(lists.offsets, lists.rows, lists.playlist_ids, len(first), earlier.times)
    blocks = BlockSet.of(HybridConfig(), columns_of(catalog.table))
    describe_items(blocks, catalog, Progress())  # so that no time below is that of it
    model = HybridRecommender()
    rows = [_row("before", split, model, measure.seconds(lambda: model.fit(lists, first)))]
    warm = np.flatnonzero(earlier.play_counts)
    chosen = np.random.default_rng(0).permutation(warm)[:_PROBES]
    probes, known = catalog.item_ids[np.sort(chosen)].tolist(), first.item_ids.tolist()
    before = model.similar_items(probes, allow=known).item_ids
    grown = first.extended(catalog)
    added = Playlists.from_lists(
        later.to_lists(catalog), grown, playlist_ids=later.playlist_ids.tolist()
    )
    if later.times is not None:
        added = Playlists(added.offsets, added.rows, added.playlist_ids, len(grown), later.times)
    updating = measure.seconds(lambda: model.update(added, frame[new]))
    refit = HybridRecommender()
    fitting = measure.seconds(lambda: refit.fit(split.train, catalog))
    for label, other, time in (("update", model, updating), ("refit", refit, fitting)):
        after = other.similar_items(probes, allow=known).item_ids
        shared = [len(set(a) & set(b)) / 10 for a, b in zip(before, after, strict=True)]
        rows.append({**_row(label, split, other, time), "overlap@10": f"{np.mean(shared):.3f}"})
    stages = [f"{stage} {time:.1f} s" for stage, time in model.model_.timings.items()]
    return {
        "rows": rows,
        "text": f"{len(earlier):,} playlists and {len(first):,} items first; then "
        f"{len(later):,} playlists with {int(new.sum()):,} new items; {len(split):,} cases. "
        f"The update: {', '.join(stages)}.",
    }


def run_counting(name: str) -> dict[str, object]:
    """The ranking's statistics of all playlists but a few, updated by these, and counted anew."""
    playlists, catalog, _ = read_dataset(COUNTED[name].format(data=measure.data_dir()))
    settings = StatisticsConfig()
    artists = Labels.of(catalog.artists)
    group_of, n_groups = artists.codes(catalog.artists), len(artists)
    order = np.random.default_rng(0).permutation(len(playlists))
    first = playlists.select(np.sort(order[_FEW:]))
    joined = first.extended(playlists.select(np.sort(order[:_FEW])), np.full(_FEW, -1))
    changed = np.arange(len(first), len(joined))
    made: list[Statistics] = []

    def count(lists: Playlists) -> None:
        made.append(Statistics.fit(lists, group_of, n_groups, settings, (), 0))

    def update() -> None:
        before = made[0]
        made.append(updated_statistics(before, joined, changed, group_of, n_groups, settings))

    fitting, updating = (measure.cpu_seconds(call) for call in (partial(count, first), update))
    count(joined)
    same = all(
        getattr(made[1], matrix).data.tobytes() == getattr(made[2], matrix).data.tobytes()
        for matrix in MATRICES
    )
    return {
        "set": name,
        "playlists": f"{len(joined):,}",
        "items": f"{len(catalog):,}",
        "fit, CPU seconds": f"{fitting:.2f}",
        "update, CPU seconds": f"{updating:.2f}",
        "ratio": f"{updating / fitting:.3f}",
        "counts are the same": "yes" if same else "no",
    }


def _in_two(train: Playlists) -> tuple[Playlists, Playlists]:
    """The earlier and the later training playlists; drawn at random where there are no times."""
    if train.times is None:
        order = np.random.default_rng(1).permutation(len(train))
    else:
        order = np.argsort(train.times[train.offsets[:-1]], kind="stable")
    cut = round(_EARLIER * len(train))
    return train.select(np.sort(order[:cut])), train.select(np.sort(order[cut:]))


def _row(label: str, split: Split, model: HybridRecommender, time: float) -> dict[str, object]:
    row: dict[str, object] = {"": label}
    for stage, linear in (("ranked", False), ("linear", True)):
        cases = evaluate(Asked(model, linear), split, fit=False).cases
        for metric in METRICS:
            row[f"{metric}, {stage}"] = measure.mean_and_error(cases[metric])
    return {**row, "overlap@10": "", "seconds": round(time, 1)}


def main() -> None:
    """Every set in a process of its own, then one page."""
    if len(sys.argv) > 1:
        counting = sys.argv[1] == "--counting"
        print(json.dumps(run_counting(sys.argv[2]) if counting else run(sys.argv[1])))
        return
    parts = [
        "A model of four fifths of the training playlists, whose catalogue lacks what only the "
        "last fifth holds; then that fifth and its items by `update`; beside it a fit on "
        "everything. The last fifth is the latest where there are times (triplej), else random. "
        "Splits and cases are those of ACCURACY.md, test part, default configuration. Means ± "
        "standard error over cases, by the learned ranking and by the linear score; seeds that a "
        f"model does not know are skipped. overlap@10: of {_PROBES:,} items with history the share "
        "of their ten nearest known items that are still there. Titles were in the cache."
    ]
    for name in SETS:
        result = json.loads(measure.in_own_process("update", name))
        table = pd.DataFrame(result["rows"]).set_index("").T.reset_index(names="")
        parts += [f"## {name}", result["text"], measure.markdown(table)]
    rows = [json.loads(measure.in_own_process("update", "--counting", name)) for name in COUNTED]
    parts += [
        "## Statistics of a small update",
        f"What the ranking looks at, of all playlists but {_FEW}: counted as in a fit, and then "
        f"updated by these {_FEW}. Neighbours and EASE's weights are those of counting anew, to "
        "the last bit; factors go on from where they are.",
        measure.markdown(pd.DataFrame(rows)),
    ]
    measure.report("UPDATE", "Update", "\n\n".join(parts))


if __name__ == "__main__":
    main()
