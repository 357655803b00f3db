"""What a feature is, and the candidates of one query that it is computed for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from hybrid_rec.core.arrays import Doubles, Floats, Mask, Rows
from hybrid_rec.ranking.query_batch import QueryBatch, entries

# Arrays of whatever kind NumPy makes of them, one number a candidate.
Numbers = Any
GROUP_PART, GROUP_NEIGHBOURS = "{group}", "{group} neighbours"
"""Parts that are told under the name of the block of groups."""
NAME_PART = "name"
DISLIKED_PART = "dislikes"
"""The part that what playlists are called is told under."""


@dataclass(frozen=True, eq=False)
class CandidateList:
    """The candidates of one query."""

    rows: Rows
    """Rows of the catalogue, ascending, `(n_candidates,)`."""
    features: Floats
    """`(n_candidates, n_features)`."""
    is_cold: Mask
    """Which have no history, `(n_candidates,)`."""
    is_known: bool
    """Whether the query has the very items of a training playlist, and enough of them."""


def places_of(values: Numbers) -> Doubles:
    """The place of each value, the largest at 0; the earlier one of equals first."""
    places = np.empty(len(values))
    places[np.argsort(-values, kind="stable")] = np.arange(len(values))
    return places


class Candidates:
    """The candidates of one query, whose features are computed when they are first asked for.

    Args:
        batch: The queries that are computed together.
        number: Which of them it is.
        rows: Rows of the catalogue, ascending.
        scratch: Zeros, as many as there are items or groups and one more, for the time of a call.
    """

    def __init__(self, batch: QueryBatch, number: int, rows: Rows, scratch: Doubles) -> None:
        self.batch, self.number, self.rows = batch, number, rows
        self.statistics, self.source = batch.statistics, batch.source
        self._scratch = scratch
        self._values: dict[str, Numbers] = {}

    def __getitem__(self, name: str) -> Numbers:
        """The values of a feature, `(n_candidates,)`."""
        if name not in self._values:
            self._values[name] = self.source.features[name].values(self)
        return self._values[name]

    def ranks(self, of: str) -> Numbers:
        """The place of each candidate by a feature, from 0; the earlier row of equals first."""
        return places_of(self[of])

    @cached_property
    def blocks(self) -> Mapping[str, Floats]:
        """The dense blocks of the candidates."""
        return self.source.index.blocks(self.rows)

    @cached_property
    def groups(self) -> Rows:
        """The group of each candidate; -1 for none."""
        return self.statistics.group_of[self.rows]

    @cached_property
    def seeds(self) -> Rows:
        """The different items of the query."""
        return np.unique(self.batch.part[self.number])

    @property
    def n_seeds(self) -> int:
        """How many there are, at least 1."""
        return int(self.batch.n_seeds[self.number])

    def of_items(self, line: str) -> Doubles:
        """Sparse scores of the candidates; see `QueryBatch.line`."""
        return self._entries_at(self.batch.line(line), self.rows)

    def of_groups(self, line: str) -> Doubles:
        """Sparse scores of the candidates' groups, 0 for none."""
        return self._entries_at(self.batch.line(line), self.groups)

    def everywhere(self, value: float) -> Numbers:
        """One number for all candidates, as it tells of the query alone."""
        return np.full(len(self.rows), value)

    def by_group(self, values: Floats) -> Numbers:
        """A number of each group for the candidates of it, 0 for those without one."""
        if not self.statistics.n_groups:
            return np.zeros(len(self.rows))
        return np.where(self.groups >= 0, values[np.maximum(self.groups, 0)], 0)

    def _entries_at(self, matrix: sparse.csr_array, columns: Rows) -> Doubles:
        held, values = entries(matrix, self.number)
        self._scratch[held] = values
        # A negative column is the last place, which no line fills.
        found: Doubles = self._scratch[columns]
        self._scratch[held] = 0
        return found


@dataclass(frozen=True)
class Feature:
    """One number for each candidate."""

    name: str
    """What saved trees, explanations and configurations know it by."""
    part: str
    """What explanations tell its contribution under."""
    values: Callable[[Candidates], Numbers]
    """Computes it, `(n_candidates,)`."""
    needs_group: bool = False
    """Whether it says nothing where there are no groups."""
    by_default: bool = True
    """Whether a fit looks at it; others are there for models that were saved with them."""
    needs_names: bool = False
    """Whether it says nothing where playlists have no names."""
    needs_times: bool = False
    """Whether it says nothing where plays have no times."""


REGISTERED: list[Feature] = []
"""All features but those of blocks, in the order of the columns."""


def feature(
    part: str,
    *,
    needs_group: bool = False,
    by_default: bool = True,
    needs_names: bool = False,
    needs_times: bool = False,
) -> Callable[[Callable[[Candidates], Numbers]], Callable[[Candidates], Numbers]]:
    """Make a function a feature by its own name; a decorator.

    Args:
        part: What explanations tell it under; `{group}` stands for the name of the group.
        needs_group: Whether it is left out where there are no groups.
        by_default: Whether a fit looks at it.
        needs_names: Whether it is left out where playlists have no names.
        needs_times: Whether it is left out where plays have no times.
    """

    def register(values: Callable[[Candidates], Numbers]) -> Callable[[Candidates], Numbers]:
        name = values.__name__
        REGISTERED.append(
            Feature(name, part, values, needs_group, by_default, needs_names, needs_times)
        )
        return values

    return register
