"""Whether co-occurrence vectors tell anything of playlists that they were not learned from."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hybrid_rec.core.arrays import Floats, Mask, Rows
from hybrid_rec.core.config import RankingConfig
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.ranking.cross_fitting import Fold, make_folds

# A mean of fewer says nothing.
# Where playlists are few, all of them are to be asked.
_FOLDS = 5
_FEWEST = 10
# Enough to tell from chance, and no fold asks more.
_WANTED, _MOST_ASKED = 50, 500
# Without folds of the ranking, vectors are learned once more; beyond this that takes too long.
_MOST_PLAYS = 100_000
_CHANCE = 0.5
_ERRORS = 3.0


@dataclass(frozen=True)
class HeldOut:
    """How well vectors that never saw some playlists complete them."""

    playlists: int
    """Held-out playlists that were asked."""
    share: float
    """How often an item of the hidden part of a playlist is nearer to the part that is given than
    an item of another playlist, a mean over playlists: 0.5 by chance, 1 at best."""
    error: float
    """Standard error of `share`."""

    @property
    def learned(self) -> bool:
        """Whether that is more than chance, by three standard errors."""
        return self.share - _ERRORS * self.error > _CHANCE

    def __str__(self) -> str:
        told = (
            f"in {self.playlists:,} held-out playlists, a hidden item is nearer to what is left "
            f"than an item of another playlist {self.share:.0%} of the time, ± {self.error:.1%} "
            f"(chance {_CHANCE:.0%})"
        )
        if self.learned:
            return told
        return (
            f"nothing learned: {told}, so neighbours are no better than chance; give more "
            "playlists, or raise cooccurrence.epochs or cooccurrence.sample."
        )


def held_out_told(found: HeldOut | None) -> str:
    """The finding in one line, or why there is none."""
    if found is not None:
        return str(found)
    return (
        f"not measured (fewer than {_FEWEST} playlists of two items, or more than "
        f"{_MOST_PLAYS:,} plays or given vectors, and no ranking)"
    )


def read_held_out(manifest: Mapping[str, Any]) -> HeldOut | None:
    """What the manifest of a saved model, which was checked, says of it, if anything."""
    return HeldOut(**manifest["held_out"]) if "held_out" in manifest else None


def folds_to_check(playlists: Playlists, rng: np.random.Generator) -> list[Fold]:
    """Folds for a fit without a ranking; none if there are too few playlists or too many plays."""
    if playlists.n_plays > _MOST_PLAYS:
        return []
    config = RankingConfig(min_playlists=_FEWEST, cases=_WANTED, hidden_share=0.0, known_share=0.0)
    return make_folds(playlists, config, rng, shortest=2, most=_FOLDS)


def measure_held_out(folds: Sequence[Fold], vectors: Sequence[Floats]) -> HeldOut | None:
    """How well the vectors of each fold complete its playlists; None for too few playlists.

    Items are compared with those of the other playlists' hidden parts, so that to be popular is no
    advantage.

    Args:
        folds: What is asked.
        vectors: What was learned from the rest, each `(n_items, dim)`; zero rows are left out.
    """
    shares = [share for fold, own in zip(folds, vectors, strict=True) for share in _won(fold, own)]
    if len(shares) < _FEWEST:
        return None
    error = float(np.std(shares, ddof=1) / np.sqrt(len(shares)))
    # Six digits: more of them would say nothing.
    return HeldOut(len(shares), round(float(np.mean(shares)), 6), round(error, 6))


def _won(fold: Fold, vectors: Floats) -> list[float]:
    """The share of each playlist of a fold that can be asked."""
    cases = _cases(fold, np.asarray(vectors.any(axis=1)))
    if not cases:
        return []
    pool = np.concatenate([targets for _, targets in cases])
    owners = np.repeat(np.arange(len(cases)), [len(targets) for _, targets in cases])
    shares = []
    for number, (seeds, _) in enumerate(cases):
        query = vectors[seeds].sum(axis=0)
        scores = vectors[pool] @ query
        others = np.sort(scores[(owners != number) & ~np.isin(pool, seeds)])
        if len(others):
            mine = scores[owners == number]
            below = np.searchsorted(others, mine, "left") + np.searchsorted(others, mine, "right")
            shares.append(float(below.mean() / 2 / len(others)))
    return shares


def _cases(fold: Fold, known: Mask) -> list[tuple[Rows, Rows]]:
    """Seeds and targets with a vector, each playlist once, though a fold may ask it twice."""
    cases = []
    before = b""
    # What follows asks by one item, or what is hidden of training playlists.
    pairs = zip(fold.seeds, fold.targets, strict=True)
    for seeds, targets in itertools.islice(pairs, 2 * fold.n_held or None):
        items = np.concatenate([seeds, targets]).tobytes()
        mine, theirs = seeds[known[seeds]], targets[known[targets]]
        if items != before and len(mine) and len(theirs):
            cases.append((mine, theirs))
        before = items
        if len(cases) == _MOST_ASKED:
            break
    return cases
