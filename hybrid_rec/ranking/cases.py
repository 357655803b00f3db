"""Cases: what the order of candidates is learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hybrid_rec.core.arrays import Floats, Mask, Rows


@dataclass(frozen=True, eq=False)
class Case:
    """What is learned from: one query, its candidates, and which of them it was to find."""

    features: Floats
    """`(n_candidates, n_features)`."""
    hits: Mask
    """Which were to be found, `(n_candidates,)`."""
    is_cold: Mask
    """Which have no history, `(n_candidates,)`."""
    is_known: bool
    """Whether the query is a training playlist."""
    at_any_time: bool = False
    """Whether it is of any time, where other cases are of the latest."""

    def take(self, rows: Rows | Mask) -> Case:
        """The same case with some of its candidates."""
        features, hits, is_cold = self.features[rows], self.hits[rows], self.is_cold[rows]
        return replace(self, features=features, hits=hits, is_cold=is_cold)


def of_next(cases: Sequence[Case]) -> Sequence[Case]:
    """The cases that ask for what comes next; all of them if there are no such."""
    return [case for case in cases if not case.at_any_time] or cases


def of_new_playlists(cases: Sequence[Case]) -> Sequence[Case]:
    """The cases whose query is no training playlist; all of them if there are none."""
    return [case for case in cases if not case.is_known] or cases
