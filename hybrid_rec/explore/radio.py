"""Radio: an order of items to be listened to, each of which goes well with the last ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from hybrid_rec.blocks.cold_start import HYBRID
from hybrid_rec.core.arrays import Doubles, Mask, Rows
from hybrid_rec.explore.paths import Candidates, Path, best_path
from hybrid_rec.explore.transitions import Transitions
from hybrid_rec.model.fitted import Model

_RENEWED = 5
"""Places after which the pool is renewed, and the last items that it is renewed by."""
_POOL, _LONGER, _WIDER = 300, 8, 4
"""Items of a pool at least, and for each place of a radio; how it grows where that is too few."""
_FLAT = 20.0
"""The relevance of the item at rank r is proportional to 1 / (20 + r)."""
_RELEVANCE = 1.5
"""How much relevance counts beside transitions; less so by the drift."""
_ONWARD = 1.0
"""How much a likeness to what was played before the last five counts against an item."""
_SPREAD = 0.6
"""How much chance changes the relevance with any seed but 0."""

Pool = Callable[[Rows, int], Rows]
"""The rows that go with some items, best first: `(seeds, how many) -> rows`."""


@dataclass(frozen=True)
class Tuning:
    """What a radio is made by; the defaults were chosen on validation parts."""

    flat: float = _FLAT
    relevance: float = _RELEVANCE
    onward: float = _ONWARD


@dataclass(frozen=True, eq=False)
class Radio:
    """Puts items in an order to be listened to.

    Args:
        model: A fitted model.
        pool: What goes with some items.
        transitions: How well items follow each other.
        drift: From 0, the seeds alone say what is relevant, to 1, the last items alone do.
        seed: 0 for the best order; any other number for another one, the same each time.
    """

    model: Model
    pool: Pool
    transitions: Transitions
    drift: float
    seed: int = 0
    tuning: Tuning = field(default_factory=Tuning)

    def play(self, seeds: Rows, length: int) -> Path:
        """The rows of a radio and how well each suits its place; shorter if there are no more.

        Args:
            seeds: Rows of the items that it begins with, which it does not repeat.
            length: Items wanted.
        """
        n_items = len(self.model.catalog)
        first = size = min(max(_POOL, _LONGER * length), n_items)
        home = self.pool(seeds, size)
        share = float(self._is_cold(home[: _WIDER * length]).mean()) if len(home) else 0.0
        played = Path()
        while len(played.rows) < length:
            steps = min(_RENEWED, length - len(played.rows))
            candidates = self._candidates(seeds, played, home, first)
            found = best_path(candidates, played, seeds, steps, share)
            if len(found.rows) == len(played.rows) and size < n_items:
                size = min(_WIDER * size, n_items)
                home = self.pool(seeds, size)
                continue
            if len(found.rows) == len(played.rows):
                found = best_path(candidates, played, seeds, 1, share, same_artist=True)
            if len(found.rows) == len(played.rows):
                break
            played = found
        return played

    def _candidates(self, seeds: Rows, played: Path, home: Rows, n_near: int) -> Candidates:
        last = np.array(played.rows[-_RENEWED:], np.int64)
        near = self.pool(last, n_near) if self.drift and len(last) else home
        rows = np.unique(np.concatenate([home, near]))
        relevance = (1 - self.drift) * self._relevance(rows, home)
        relevance += self.drift * self._relevance(rows, near)
        keys = self.model.songs.keys
        heard = keys[np.concatenate([seeds, np.array(played.rows, np.int64)])]
        fresh = ~np.isin(keys[rows], heard)
        rows, relevance = rows[fresh], relevance[fresh]
        return Candidates(
            rows,
            (self.tuning.relevance - self.drift) * (relevance + self._chance(rows))
            - self._onward(rows, played),
            keys[rows],
            self.model.group_of,
            self._is_cold(rows),
            self.transitions,
        )

    def _relevance(self, rows: Rows, ranked: Rows) -> Doubles:
        """Relevance of rows by their ranks; those that are not ranked stand behind all others."""
        ranks = np.full(len(self.model.catalog), len(ranked))
        ranks[ranked] = np.arange(len(ranked))
        logs: Doubles = -np.log(self.tuning.flat + ranks[rows])
        return logs

    def _onward(self, rows: Rows, played: Path) -> Doubles:
        """How much alike rows are to what was played before the last five."""
        earlier = np.array(played.rows[:-_RENEWED], np.int64)
        weight = self.tuning.onward * self.drift
        if not weight or not len(earlier) or not len(rows):
            return np.zeros(len(rows))
        vectors = self.transitions.vectors(rows)
        alike = vectors @ self.transitions.vectors(earlier).mean(axis=0)
        # The standard deviation of the cosines of all pairs, without a matrix of them.
        centre, n_pairs = vectors.mean(axis=0), len(rows) ** 2
        variance = np.square(vectors.T @ vectors).sum() / n_pairs - (centre @ centre) ** 2
        spread = np.sqrt(max(float(variance), np.finfo(float).eps))
        against: Doubles = weight * (alike - alike.mean()) / spread
        return against

    def _is_cold(self, rows: Rows) -> Mask:
        cold: Mask = self.model.sources[rows] != HYBRID
        return cold

    def _chance(self, rows: Rows) -> Doubles:
        if not self.seed:
            return np.zeros(len(rows))
        rng = np.random.default_rng(self.seed)
        return _SPREAD * rng.gumbel(size=len(self.model.catalog))[rows]
