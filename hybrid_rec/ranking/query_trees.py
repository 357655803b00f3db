"""Trees for queries that are a name alone, beside those for all others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

import numpy as np

from hybrid_rec.core.arrays import Doubles, Floats, Mask
from hybrid_rec.ranking.trees import Trees

_NAMED, _N_SEEDS = "has_name", "n_seeds"
# Cases of names alone; from fewer they are learned with all others.
_FEWEST_NAMES = 50


class QueryTrees:
    """Trees of all queries, or of all but names alone and of these.

    Args:
        names: Names of the features, in the order of the columns.
        text: The trees in LightGBM's own text format.
        name_text: Those of names alone; None where the others are theirs, too.

    Raises:
        ArtifactError: If a text is no model of these features.
        HybridRecError: If LightGBM's shared library cannot be loaded.
    """

    def __init__(self, names: Sequence[str], text: str, name_text: str | None = None) -> None:
        self._names = tuple(names)
        self._usual = Trees(text, self._names)
        self._of_names = None if name_text is None else Trees(name_text, self._names)

    def predict(self, features: Floats) -> Doubles:
        """What the trees say of some rows, `(n_rows,)`."""
        values = np.empty(len(features))
        for trees, rows in self._parts(features):
            values[rows] = trees.predict(features[rows])
        return values

    def contributions(self, features: Floats) -> Doubles:
        """What each feature adds, and the base value behind, `(n_rows, n_features + 1)`."""
        values = np.empty((len(features), len(self._names) + 1))
        for trees, rows in self._parts(features):
            values[rows] = trees.contributions(features[rows])
        return values

    def gains(self) -> Doubles:
        """The gain of all splits of each feature; without those of names alone."""
        return self._usual.gains()

    def _parts(self, features: Floats) -> list[tuple[Trees, Mask]]:
        if self._of_names is None:
            return [(self._usual, np.ones(len(features), dtype=bool))]
        alone = is_name_alone(self._names, features)
        parts = [(self._usual, ~alone), (self._of_names, alone)]
        return [(trees, rows) for trees, rows in parts if rows.any()]


class Described(Protocol):
    """What has the features of the candidates of one query."""

    @property
    def features(self) -> Floats:
        """`(n_candidates, n_features)`."""


Asked = TypeVar("Asked", bound=Described)


def by_query(
    names: Sequence[str], cases: Sequence[Asked]
) -> tuple[Sequence[Asked], Sequence[Asked]]:
    """The cases of all queries but names alone, and of these; none of these if they are few.

    Args:
        names: Names of the features, in the order of the columns.
        cases: Queries with at least one candidate.
    """
    alone = [bool(is_name_alone(names, case.features[:1]).any()) for case in cases]
    if not _FEWEST_NAMES <= sum(alone) < len(cases):
        return cases, []
    usual = [case for case, is_alone in zip(cases, alone, strict=True) if not is_alone]
    return usual, [case for case, is_alone in zip(cases, alone, strict=True) if is_alone]


def is_name_alone(names: Sequence[str], features: Floats) -> Mask:
    """Which rows are of queries that have a name and no items, `(n_rows,)`.

    Args:
        names: Names of the features, in the order of the columns.
        features: `(n_rows, n_features)`.
    """
    if _NAMED not in names or _N_SEEDS not in names:
        return np.zeros(len(features), dtype=bool)
    is_named = features[:, names.index(_NAMED)] > 0
    alone: Mask = is_named & (features[:, names.index(_N_SEEDS)] == 0)
    return alone
