"""Evaluation: what a recommender answered to the cases of a split, and how good it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from evaluation.metrics.rankings import evaluate_rankings, target_hits
from evaluation.splits.split import Split
from hybrid_rec.core.arrays import Mask, Objects, Rows
from hybrid_rec.core.errors import ConfigError
from hybrid_rec.core.quoting import quoted
from hybrid_rec.core.words import how_many
from hybrid_rec.data.short_html import short_html

POPULARITY_BUCKETS = (0, 1, 2, 5, 20, 100)
SEED_BUCKETS = (1, 2, 5, 10, 25, 50)


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
    """One row a case: case, n_seeds, n_targets, n_cold_targets, median_target_plays (in training),
    near_copy (see `Split.near_copies`) and every metric at every k, such as "ndcg@500"."""
    rows: Rows
    """Recommended catalogue rows, `(n_cases, max k)` int64; -1 where a list has ended."""
    sources: Objects
    """Where the place of each comes from, as the recommender says, `(n_cases, max k)` strings; ""
    where it does not say."""
    problems: dict[str, int]
    """Breach of the contract -> number of cases: lists shorter than they could be, repeated items,
    seeds among the recommendations. Such entries score nothing."""
    seconds: dict[str, float]
    """Time to fit (absent if it was fitted before) and to recommend."""

    def __repr__(self) -> str:
        return f"Evaluation({self.name}, {how_many(len(self.cases), 'cases')})"

    def _repr_html_(self) -> str:
        means = self.means().rename("mean").rename_axis("metric").reset_index()
        return short_html(repr(self), means)

    @property
    def metrics(self) -> list[str]:
        """Names of the metric columns of `cases`."""
        return [name for name in self.cases.columns if "@" in name]

    def means(self, *, near_copies: bool = False) -> pd.Series[float]:
        """Mean of each metric over the cases.

        Args:
            near_copies: Whether cases that are near-copies of training playlists count.
        """
        counted = self if near_copies else self.without_near_copies()
        return counted.cases[self.metrics].mean()

    def without_near_copies(self) -> Evaluation:
        """The same without the cases that are near-copies of training playlists.

        It is itself where there are none, and where there is nothing else. `problems` and
        `seconds` stay those of all cases.
        """
        counted = self.split.without_near_copies()
        if counted is self.split:
            return self
        copies = self.split.near_copies
        return replace(
            self,
            split=counted,
            cases=self.cases[~copies].reset_index(drop=True),
            rows=self.rows[~copies],
            sources=self.sources[~copies],
        )

    def slices(self) -> pd.DataFrame:
        """Means for parts of the cases and of the targets.

        Columns: slice, group, cases, targets, then the metrics. Slices by case: all; the tasks of
        a split of several; near-copies of training and the others; those whose targets are all
        warm, all cold, or mixed; by number of seeds. Slices by target (only the targets of that
        group count, in the cases that have one): warm and cold; by plays in training.
        """
        targets, cold = self.split.targets, self.split.cold
        n_cold, n_targets = self.cases["n_cold_targets"], self.cases["n_targets"]
        everything = np.ones(len(self.cases), dtype=bool)
        parts = [self._by_case("all", "all", everything)]
        kinds = self.split.kinds
        if kinds is not None:
            parts += [self._by_case("task", kind, kinds == kind) for kind in pd.unique(kinds)]
        copies = self.split.near_copies
        if copies.any():
            parts.append(self._by_case("near-copies of training", "they alone", copies))
            parts.append(self._by_case("near-copies of training", "without them", ~copies))
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
            raise ConfigError(f"k must be one of {self.ks}, got {quoted(k)}.")
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

    def _by_case(self, label: str, group: str, mask: Mask) -> dict[str, Any]:
        chosen = self.cases[mask]
        return {
            "slice": label,
            "group": group,
            "cases": len(chosen),
            "targets": int(chosen["n_targets"].sum()),
            **{name: float(chosen[name].mean()) for name in self.metrics},
        }

    def _by_target(self, label: str, group: str, mask: Mask) -> dict[str, Any]:
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


def _buckets(values: Rows, starts: Sequence[int]) -> list[tuple[str, Mask]]:
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
