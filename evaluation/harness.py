"""The harness: ask a recommender every case of a split and keep one row a case."""

from __future__ import annotations

import inspect
import time
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd

from evaluation.evaluations import Evaluation
from evaluation.metrics.rankings import evaluate_rankings, target_hits
from evaluation.splits.split import Split
from evaluation.twins import Twins, without_twins
from hybrid_rec.core.arrays import Objects, Rows
from hybrid_rec.core.checks import check_choice
from hybrid_rec.core.errors import ConfigError, DataError
from hybrid_rec.core.progress import Progress, as_progress
from hybrid_rec.core.quoting import quoted
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists

# Cases that are asked at once, to bound memory.
_CHUNK = 256
DEFAULT_KS = (10, 100, 500)


class Answer(Protocol):
    """What a recommender returns: at least the item ids of each query, best first."""

    @property
    def item_ids(self) -> Any:
        """`(n_queries, k)` item ids; None where a list has ended."""


class Recommender(Protocol):
    """Anything that learns from playlists and continues lists of item ids."""

    def fit(self, playlists: Playlists, catalog: Catalog) -> Any:
        """Learn from training playlists."""

    def recommend(self, queries: Any, k: int = 10) -> Answer:
        """Continue each list of item ids.

        One that has a parameter `names`, too, is told what the playlists are called, where they
        have names: one for each, "" for none. One that has an attribute `at_once` is asked so many
        cases at once, or all of them if it is None.
        """


def evaluate(
    recommender: Recommender,
    split: Split,
    k: Sequence[int] = DEFAULT_KS,
    *,
    name: str | None = None,
    fit: bool = True,
    learn: bool = False,
    twins: Twins = "count",
    progress: bool | Progress = False,
) -> Evaluation:
    """Fit a recommender on the training part, ask it every case, and score the answers.

    The whole catalogue competes; seeds are no targets. Cases that are near-copies of training
    playlists are asked and marked, but do not count in means and comparisons. Where cases have
    names, a recommender whose `recommend` takes `names=` is told them. A recommender that
    returns too few items, repeats or seeds raises no error: such entries score nothing and are
    counted in `problems`. A k larger than the catalogue is allowed; lists are then as long as the
    catalogue.

    Args:
        recommender: What to measure.
        split: Training playlists and cases.
        k: Cut-offs, each at least 1.
        name: What the reports call it; by default its `name`, or else its class.
        fit: Whether to fit it first; False for one that is fitted already.
        learn: Whether it may learn from the seeds of all cases, by its `learned`, before it is
            asked the first.
        twins: "count", or "ignore" for recommendations that are the same song as a seed or a target
            of their case, but no target: they are taken out of the list, and what follows moves
            up. See `songs_of`.
        progress: True for a progress bar over the cases.

    Raises:
        DataError: If the split is empty or of another catalogue, or if an answer has another
            number of lists or names an item that the catalogue lacks, or for another value of
            `twins`.
        ConfigError: If there is no k, or one below 1, or the recommender cannot learn from queries.
    """
    ks = _check_ks(k)
    check_choice(twins, ("count", "ignore"), "twins")
    _check_split(split)
    label = str(name or getattr(recommender, "name", type(recommender).__name__))
    seconds = {}
    if fit:
        started = time.perf_counter()
        recommender.fit(split.train, split.catalog)
        seconds["fit"] = time.perf_counter() - started
    asked: Any = recommender
    if learn:
        if not hasattr(asked, "learned") or split.task == "new item":
            raise ConfigError(
                f"{label} must have a method learned, and the split must ask for playlists, to "
                "learn from queries; leave it out, or measure without learn."
            )
        started = time.perf_counter()
        asked = asked.learned(split.seeds)
        seconds["learn"] = time.perf_counter() - started
    width = min(ks[-1], len(split.catalog))
    rows = np.full((len(split), width), -1, np.int64)
    sources = np.full((len(split), width), "", dtype=object)
    started = time.perf_counter()
    with as_progress(progress).stage(f"asking {label}", len(split)) as advance:
        step = getattr(asked, "at_once", _CHUNK) or len(split)
        for start in range(0, len(split), step):
            part = np.arange(start, min(start + step, len(split)))
            answer = _ask(asked, split, part, width, label)
            rows[part], sources[part] = _read(answer, len(part), width, split.catalog, label)
            advance(len(part))
    seconds["recommend"] = time.perf_counter() - started
    problems = _problems(rows, split)
    seeds_found = target_hits(rows, split.seeds)
    scored = np.where(seeds_found, -1, rows)
    if twins == "ignore":
        scored, sources = without_twins(scored, sources, split)
    values = evaluate_rankings(scored, split.targets, ks)
    return Evaluation(
        name=label,
        split=split,
        ks=ks,
        cases=pd.DataFrame({**_describe(split), **values}),
        rows=scored,
        sources=sources,
        problems=problems,
        seconds=seconds,
    )


def _ask(recommender: Recommender, split: Split, part: Rows, k: int, name: str) -> Answer:
    """What a recommender says to some cases of a split, by the task of the split."""
    asked: Any = recommender
    answer: Answer
    if split.task == "new item" and split.new_items is not None:
        if not hasattr(asked, "recommend_for_new_items"):
            raise ConfigError(
                f"{name} must have recommend_for_new_items to be asked for new items; leave it out."
            )
        answer = asked.recommend_for_new_items(split.new_items.iloc[part], k)
    elif split.task == "item" and hasattr(asked, "similar_items"):
        answer = asked.similar_items(split.catalog.item_ids[split.seeds.select(part).rows], k)
    else:
        seeds = split.seeds.select(part)
        called = {"names": seeds.names} if seeds.n_named and _takes_names(asked) else {}
        answer = asked.recommend(seeds.to_lists(split.catalog), k, **called)
    return answer


def _takes_names(recommender: Any) -> bool:
    """Whether it may be told what the playlists are called that it continues."""
    return "names" in inspect.signature(recommender.recommend).parameters


def _read(
    answer: Answer, n_queries: int, k: int, catalog: Catalog, name: str
) -> tuple[Rows, Objects]:
    """Rows and sources of the answers to some cases, `(n_queries, k)`."""
    answered: Objects = np.asarray(answer.item_ids, dtype=object)
    if answered.ndim != 2 or len(answered) != n_queries:
        raise DataError(
            f"{name} must answer {n_queries} queries with as many lists of item ids, "
            f"got an array of shape {answered.shape}."
        )
    answered = answered[:, :k]
    held = np.array([item is not None for item in answered.ravel()], dtype=bool)
    held = held.reshape(answered.shape)
    found = np.full(answered.shape, -1, np.int64)
    found[held] = catalog.rows(answered[held])
    rows = np.full((n_queries, k), -1, np.int64)
    rows[:, : answered.shape[1]] = found
    sources = np.full((n_queries, k), "", dtype=object)
    given = getattr(answer, "sources", None)
    if given is not None:
        sources[:, : answered.shape[1]] = np.asarray(given, dtype=object)[:, :k]
    return rows, sources


def _describe(split: Split) -> dict[str, Any]:
    """What is known of each case before anything is recommended."""
    cold_targets = split.cold[split.targets.rows]
    plays = split.train.play_counts[split.targets.rows]
    owners = split.targets.owners
    return {
        "case": split.targets.playlist_ids,
        "n_seeds": split.seeds.lengths,
        "n_targets": split.targets.lengths,
        "n_cold_targets": np.bincount(owners[cold_targets], minlength=len(split)),
        "median_target_plays": pd.Series(plays).groupby(owners).median().to_numpy(),
        "near_copy": split.near_copies,
    }


def _problems(rows: Rows, split: Split) -> dict[str, int]:
    """In how many cases the recommender broke its contract."""
    width = rows.shape[1]
    possible = np.minimum(width, len(split.catalog) - split.seeds.distinct().lengths)
    ordered = np.sort(rows, axis=1)
    repeats = ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).any(axis=1)
    return {
        "lists that are too short": int(((rows >= 0).sum(axis=1) < possible).sum()),
        "lists that repeat an item": int(repeats.sum()),
        "lists that hold a seed": int(target_hits(rows, split.seeds).any(axis=1).sum()),
    }


def _check_ks(k: Sequence[int]) -> tuple[int, ...]:
    ks = tuple(sorted(set(k)))
    if not ks or any(isinstance(c, bool) or not isinstance(c, int | np.integer) for c in ks):
        raise ConfigError(f"k must be one or more integers, got {quoted(k)}.")
    if ks[0] < 1:
        raise ConfigError(f"k must be at least 1, got {ks[0]}.")
    return tuple(int(cut) for cut in ks)


def _check_split(split: Split) -> None:
    if not len(split):
        raise DataError("a split must hold at least one case, got none.")
    for what, playlists in (
        ("train", split.train), ("seeds", split.seeds), ("targets", split.targets),
    ):  # fmt: skip
        if playlists.n_items != len(split.catalog):
            raise DataError(
                f"{what} must refer to the split's catalogue of {len(split.catalog)} items, "
                f"got one of {playlists.n_items}."
            )
    if len(split.seeds) != len(split.targets) or (split.targets.lengths == 0).any():
        raise DataError("every case must have seeds and at least one target.")
