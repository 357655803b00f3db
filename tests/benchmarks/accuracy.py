"""Accuracy of the hybrid and the baselines on every real set, by one protocol, on the test part.

`python -m tests.benchmarks accuracy [SET ...]` measures the sets that are named, or all, and then
writes the page from all results that are there. Each draw of a set is a process of its own, and its
result is kept in `results/accuracy`; delete the file to measure it again.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluation.comparison import Comparison
from evaluation.evaluations import Evaluation
from evaluation.harness import Recommender, evaluate
from evaluation.recommenders.implicit_als import ImplicitALS
from evaluation.recommenders.registry import make_baseline
from evaluation.run import HYBRID
from evaluation.splits.leakage import lint_split
from evaluation.splits.registry import make_split
from evaluation.splits.split import Split
from hybrid_rec import Catalog, HybridConfig, HybridRecommender, Playlists, read_dataset
from hybrid_rec.core.errors import DataError
from tests.benchmarks import measure
from tests.benchmarks.accuracy_page import page
from tests.benchmarks.stored import stored

SETS = {
    "yes_big": ("yes:{data}/yes_big", "continuation", None),
    "ml-latest-small": ("movielens:{data}/ml-latest-small", "continuation", None),
    "triplej": ("{data}/triplej/plays.parquet", "global-time", 60),
    "wfmu": ("{data}/wfmu/plays.parquet", "continuation", None),
    "classic_rock": ("{data}/classic_rock/plays.parquet", "continuation", None),
    "mpd_sample": ("mpd:{data}/mpd_sample", "continuation", None),
}
SEEDS = (0, 1, 2, 3, 4)
PARTS = ("playlists", "others", "learning")
"""Playlists that go on are asked in every draw, all else in the first."""
ORDERED = ("yes_big", "ml-latest-small", "triplej")
"""Sets on which self-attention over the order of plays is trained, and queries are learned."""
METRICS = {
    "": ("ndcg@500", "hit_rate@10", "recall@100", "recall@500"),
    "challenge": ("r_precision@500", "ndcg@500", "clicks@500"),
}
MOST_FOR_EASE = 20_000
RESULTS = measure.HERE / "results" / "accuracy"
_NAMED = (
    "popularity", "item-knn", "playlist-knn", "ease", "implicit-bm25", "notebook", "metadata",
)  # fmt: skip
_ALS = ((64, 10.0, 0.01), (128, 10.0, 0.01), (64, 40.0, 0.1), (32, 20.0, 1.0))
_CUTS = (10, 100, 500)


@dataclass(frozen=True)
class Task:
    """What is asked of some recommenders."""

    split: Split
    """The cases."""
    validation: Split | None
    """Cases to choose the peer on, with the same training playlists."""
    peers: Mapping[str, Callable[[], Recommender]]
    """The baselines that can do it."""
    learn: bool = False
    """Whether all may learn from the queries before they answer."""


def _named(*names: str) -> dict[str, Callable[[], Recommender]]:
    return {name: lambda name=name: make_baseline(name) for name in names}  # type: ignore[misc]


def baselines(n_played: int) -> dict[str, Callable[[], Recommender]]:
    """Those that continue playlists, by name."""

    def als(size: int, alpha: float, penalty: float) -> Callable[[], Recommender]:
        return lambda: ImplicitALS(size, alpha, penalty)

    made = _named(*(n for n in _NAMED if n != "ease" or n_played <= MOST_FOR_EASE))
    return made | {f"als {size}/{alpha:g}": als(size, alpha, reg) for size, alpha, reg in _ALS}


def tasks_of(
    name: str, seed: int, part: str, playlists: Playlists, catalog: Catalog
) -> dict[str, Task]:
    """What one part asks of one draw of a set, by heading."""
    _, kind, longest = SETS[name]

    def both(split: str, **options: Any) -> tuple[Split, Split]:
        tested, chosen = (
            make_split(split, playlists, catalog, seed=seed, part=part, **options)
            for part in ("test", "validation")
        )
        return tested, chosen

    tasks: dict[str, Task] = {}
    played = int((playlists.play_counts > 0).sum())
    continuing = baselines(played)
    if part == PARTS[2]:
        half = both(kind, seeds="half", max_length=longest)
        learning = _named("lightfm", "playlist-knn", "item-knn")
        return {
            "half, self-attention": Task(*half, _named("sasrec")),
            "half, queries learned": Task(*half, learning, learn=True),
        }
    if part == PARTS[0]:
        for heading, rule, count in (
            ("half", "half", 5), ("one seed", "first", 1), ("five seeds", "first", 5),
        ):  # fmt: skip
            options = {"seeds": rule, "n_seeds": count, "max_length": longest}
            tasks[heading] = Task(*both(kind, **options), continuing)
        return tasks
    tasks["item to item"] = Task(
        *both("item-to-item"), _named("item-knn", "als-cosine", "notebook")
    )
    try:
        tasks["challenge"] = Task(*both("challenge"), {**continuing, **_named("name-knn")})
    except DataError as error:
        sys.stderr.write(f"{name}: {error}\n")
    alone = _named("metadata")
    # Not the seeds of the other splits: the items of seed 0 were looked at while the ranking was
    # written.
    cold = make_split("cold-items", playlists, catalog, seed=seed + 1)
    tasks["cold items"] = Task(cold, None, alone)
    new = make_split("new-items", playlists, catalog, seed=seed + 1)
    tasks["new items"] = Task(new, None, alone)
    return tasks


def run(name: str, seed: int, part: str) -> dict[str, Any]:
    """One part of one draw of one set, in this process."""
    playlists, catalog, _ = read_dataset(SETS[name][0].format(data=measure.data_dir()))
    tasks = tasks_of(name, seed, part, playlists, catalog)
    found: dict[str, list[Evaluation]] = {heading: [] for heading in tasks}
    chosen: dict[str, list[Evaluation]] = {heading: [] for heading in tasks}
    for group in _by_training(tasks):
        first = tasks[group[0]].split
        makers: dict[str, Callable[[], Recommender]] = {
            HYBRID: lambda: HybridRecommender(HybridConfig())
        }
        for heading in group:
            makers.update(tasks[heading].peers)
        for other, make in makers.items():
            started = time.process_time()
            model = make()
            model.fit(first.train, first.catalog)
            for heading in group:
                task = tasks[heading]
                if other != HYBRID and other not in task.peers:
                    continue
                told = {"k": _CUTS, "fit": False, "name": other, "learn": task.learn}
                found[heading].append(evaluate(model, task.split, **told))
                if task.validation is not None and other != HYBRID:
                    chosen[heading].append(evaluate(model, task.validation, **told))
            sys.stderr.write(
                f"{name} {seed}: {', '.join(group)}: {other} "
                f"{time.process_time() - started:.0f} CPU s\n"
            )
    return {
        "set": name,
        "seed": seed,
        "splits": {heading: _account(task.split) for heading, task in tasks.items()},
        "tasks": {
            heading: stored(
                Comparison(tuple(found[heading])),
                Comparison(tuple(chosen[heading])) if chosen[heading] else None,
                METRICS.get(heading, METRICS[""]),
            )
            for heading in tasks
        },
    }


def _account(split: Split) -> dict[str, Any]:
    return {
        "name": split.name,
        "counts": {what: n for what, n in split.counts().items() if n},
        "findings": [f"{f.level}: {f.check}: {f.text}" for f in lint_split(split)],
    }


def _by_training(tasks: Mapping[str, Task]) -> list[list[str]]:
    """Headings of tasks with the same training playlists, which one fit serves."""
    groups: list[list[str]] = []
    for heading, task in tasks.items():
        for group in groups:
            train = tasks[group[0]].split.train
            mine = task.split.train
            same = train.n_items == mine.n_items and np.array_equal(train.offsets, mine.offsets)
            if same and np.array_equal(train.rows, mine.rows):
                group.append(heading)
                break
        else:
            groups.append([heading])
    return groups


def parts_of(name: str) -> list[tuple[int, str]]:
    """The draws of a set, and what is asked of each."""
    # A split by time draws nothing.
    seeds = SEEDS[:1] if SETS[name][1] == "global-time" else SEEDS
    parts = PARTS if name in ORDERED else PARTS[:2]
    return [(seed, part) for seed in seeds for part in parts if part == PARTS[0] or not seed]


def results_of(name: str) -> list[dict[str, Any]]:
    """What is kept of a set."""
    kept = [RESULTS / f"{name}-{seed}-{part}.json" for seed, part in parts_of(name)]
    return [json.loads(path.read_text(encoding="utf-8")) for path in kept if path.exists()]


def main() -> None:
    """The sets that are named, or all, each draw in a process of its own; then the page."""
    if sys.argv[1:2] == ["--run"]:
        print(json.dumps(run(sys.argv[2], int(sys.argv[3]), sys.argv[4])))
        return
    wanted = sys.argv[1:] or list(SETS)
    unknown = set(wanted) - set(SETS)
    if unknown:
        sys.exit(f"sets must be among {', '.join(SETS)}, got {', '.join(sorted(unknown))}")
    RESULTS.mkdir(parents=True, exist_ok=True)
    for name in wanted:
        for seed, part in parts_of(name):
            kept = RESULTS / f"{name}-{seed}-{part}.json"
            if not kept.exists():
                told = measure.in_own_process("accuracy", "--run", name, str(seed), part)
                kept.write_text(told, encoding="utf-8")
    results = {name: found for name in SETS if (found := results_of(name))}
    measure.report(
        "ACCURACY",
        "Accuracy",
        page(results, list(SETS), {name: len({n for n, _ in parts_of(name)}) for name in SETS}),
    )


if __name__ == "__main__":
    main()
