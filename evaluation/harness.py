"""The harness: ask a recommender every case of a split and keep one row a case."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.metrics.rankings import evaluate_rankings, target_hits
from evaluation.splits.split import Split
from hybrid_rec.core.errors import ConfigError, DataError
from hybrid_rec.core.progress import Progress, as_progress
from hybrid_rec.data.catalog import Catalog, ObjectArray, RowArray
from hybrid_rec.data.playlists import Playlists

# Cases that are asked at once, to bound memory.
_CHUNK = 256
DEFAULT_KS = (10, 100, 500)

POPULARITY_BUCKETS = (0, 1, 2, 5, 20, 100)
SEED_BUCKETS = (1, 2, 5, 10, 25, 50)


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
        """Continue each list of item ids."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What one recommender answered to every case of a split, and how good that was."""

    name: str
    """The recommender."""
    split: Split
    """What it was asked."""
    ks: tuple[int, ...]
    """Cut-offs of the metrics, ascending."""
    cases: pd.DataFrame
    """One row a case: case, n_seeds, n_targets, n_cold_targets, median_target_plays (in training)
    and every metric at every k, such as "ndcg@500"."""
    rows: RowArray
    """Recommended catalogue rows, `(n_cases, max k)` int64; -1 where a list has ended."""
    sources: ObjectArray
    """How the recommender says it placed each, `(n_cases, max k)` strings; "" where it does not."""
    problems: dict[str, int]
    """What the recommender did wrong -> in how many cases: lists shorter than they could be,
    repeated items, seeds among the recommendations. These entries score nothing."""
    seconds: dict[str, float]
    """Time to fit (absent if it was fitted before) and to recommend."""

    @property
    def metrics(self) -> list[str]:
        """Names of the metric columns of `cases`."""
        return [name for name in self.cases.columns if "@" in name]

    def means(self) -> pd.Series[float]:
        """Mean of each metric over all cases."""
        return self.cases[self.metrics].mean()

    def slices(self) -> pd.DataFrame:
        """Means for parts of the cases and of the targets.

        Columns: slice, group, cases, targets, then the metrics. Slices by case: all; those whose
        targets are all warm, all cold, or mixed; by number of seeds. Slices by target (only the
        targets of that group count, in the cases that have one): warm and cold; by plays in
        training.
        """
        targets, cold = self.split.targets, self.split.cold
        n_cold, n_targets = self.cases["n_cold_targets"], self.cases["n_targets"]
        everything = np.ones(len(self.cases), dtype=bool)
        parts = [self._by_case("all", "all", everything)]
        for group, chosen in (
            ("all warm", n_cold == 0),
            ("all cold", n_cold == n_targets),
            ("mixed", (n_cold > 0) & (n_cold < n_targets)),
        ):
            parts.append(self._by_case("targets of the case", group, chosen.to_numpy()))
        for group, inside in _buckets(self.cases["n_seeds"].to_numpy(), SEED_BUCKETS):
            parts.append(self._by_case("seeds", group, inside))
        for group, mask in (("warm", ~cold), ("cold", cold)):
            parts.append(self._by_target("target", group, mask[targets.rows]))
        plays = self.split.train.play_counts[targets.rows]
        for group, inside in _buckets(plays, POPULARITY_BUCKETS):
            parts.append(self._by_target("plays of the target", group, inside))
        return pd.DataFrame([part for part in parts if part["cases"]])

    def by_source(self, k: int) -> pd.DataFrame:
        """Recommendations and hits among the first k, by the source that the recommender named.

        Columns: source, recommended, share, hits, precision.

        Raises:
            ConfigError: If k is not one of `ks`.
        """
        if k not in self.ks:
            raise ConfigError(f"k must be one of {self.ks}, got {k!r}.")
        rows, sources = self.rows[:, :k], self.sources[:, :k]
        hits = target_hits(rows, self.split.targets)
        held = rows >= 0
        table = (
            pd.DataFrame({"source": sources[held], "hits": hits[held]})
            .groupby("source", sort=True)["hits"]
            .agg(recommended="size", hits="sum")
            .reset_index()
        )
        table.insert(2, "share", table["recommended"] / max(1, int(held.sum())))
        table["precision"] = table["hits"] / table["recommended"]
        return table

    def _by_case(self, label: str, group: str, mask: NDArray[np.bool_]) -> dict[str, Any]:
        chosen = self.cases[mask]
        return {
            "slice": label,
            "group": group,
            "cases": len(chosen),
            "targets": int(chosen["n_targets"].sum()),
            **{name: float(chosen[name].mean()) for name in self.metrics},
        }

    def _by_target(self, label: str, group: str, mask: NDArray[np.bool_]) -> dict[str, Any]:
        targets = self.split.targets.select_plays(mask)
        asked = targets.lengths > 0
        values = evaluate_rankings(self.rows[asked], targets.select(asked), self.ks)
        return {
            "slice": label,
            "group": group,
            "cases": int(asked.sum()),
            "targets": targets.n_plays,
            **{
                name: float(column.mean()) if len(column) else np.nan
                for name, column in values.items()
            },
        }


def evaluate(
    recommender: Recommender,
    split: Split,
    k: Sequence[int] = DEFAULT_KS,
    *,
    name: str | None = None,
    fit: bool = True,
    progress: bool | Progress = False,
) -> Evaluation:
    """Fit a recommender on the training part, ask it every case, and score the answers.

    The whole catalogue competes; seeds are no targets. A recommender that returns too few items,
    repeats or seeds is not stopped: such entries score nothing and are counted in `problems`. A k
    beyond the catalogue is allowed; lists are then as long as the catalogue allows.

    Args:
        recommender: What to measure.
        split: Training playlists and cases.
        k: Cut-offs, each at least 1.
        name: What the reports call it; by default its `name`, or else its class.
        fit: Whether to fit it first; False for one that is fitted already.
        progress: True for a progress bar over the cases.

    Raises:
        DataError: If the split is empty or of another catalogue, or if an answer has another
            number of lists or names an item that the catalogue lacks.
        ConfigError: If there is no k, or one below 1.
    """
    ks = _check_ks(k)
    _check_split(split)
    label = str(name or getattr(recommender, "name", type(recommender).__name__))
    seconds = {}
    if fit:
        started = time.perf_counter()
        recommender.fit(split.train, split.catalog)
        seconds["fit"] = time.perf_counter() - started
    width = min(ks[-1], len(split.catalog))
    rows = np.full((len(split), width), -1, np.int64)
    sources = np.full((len(split), width), "", dtype=object)
    started = time.perf_counter()
    with as_progress(progress).stage(f"asking {label}", len(split)) as advance:
        for start in range(0, len(split), _CHUNK):
            part = np.arange(start, min(start + _CHUNK, len(split)))
            queries = split.seeds.select(part).to_lists(split.catalog)
            rows[part], sources[part] = _ask(recommender, queries, width, split.catalog, label)
            advance(len(part))
    seconds["recommend"] = time.perf_counter() - started
    problems = _problems(rows, split)
    seeds_found = target_hits(rows, split.seeds)
    scored = np.where(seeds_found, -1, rows)
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


def _ask(
    recommender: Recommender, queries: list[list[str]], k: int, catalog: Catalog, name: str
) -> tuple[RowArray, ObjectArray]:
    """Rows and sources of the answers to some cases, `(n_queries, k)`."""
    answer = recommender.recommend(queries, k)
    answered: ObjectArray = np.asarray(answer.item_ids, dtype=object)
    if answered.ndim != 2 or len(answered) != len(queries):
        raise DataError(
            f"{name} must answer {len(queries)} queries with as many lists of item ids, "
            f"got an array of shape {answered.shape}."
        )
    answered = answered[:, :k]
    held = np.array([item is not None for item in answered.ravel()], dtype=bool)
    held = held.reshape(answered.shape)
    found = np.full(answered.shape, -1, np.int64)
    found[held] = catalog.rows(answered[held])
    rows = np.full((len(queries), k), -1, np.int64)
    rows[:, : answered.shape[1]] = found
    sources = np.full((len(queries), k), "", dtype=object)
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
    }


def _problems(rows: RowArray, split: Split) -> dict[str, int]:
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


def _buckets(values: RowArray, starts: Sequence[int]) -> list[tuple[str, NDArray[np.bool_]]]:
    """Masks of values from each start up to the next, with names such as "2 to 4"."""
    masks = []
    ends: list[int | None] = [*starts[1:], None]
    for start, end in zip(starts, ends, strict=True):
        if end is None:
            masks.append((f"{start} or more", values >= start))
        else:
            label = str(start) if end == start + 1 else f"{start} to {end - 1}"
            masks.append((label, (values >= start) & (values < end)))
    return masks


def _check_ks(k: Sequence[int]) -> tuple[int, ...]:
    ks = tuple(sorted(set(k)))
    if not ks or any(isinstance(c, bool) or not isinstance(c, int | np.integer) for c in ks):
        raise ConfigError(f"k must be one or more integers, got {k!r}.")
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
