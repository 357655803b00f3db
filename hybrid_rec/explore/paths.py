"""Paths through candidates: the next few places of a radio, found by beam search."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hybrid_rec.core.arrays import Doubles, Mask, Rows
from hybrid_rec.explore.transitions import Transitions

ARTIST_GAP = 5
"""Places after an item in which its artist (group) is not heard again."""
_BEAM = 8
"""Paths that are followed at once."""


@dataclass(frozen=True, eq=False)
class Path:
    """Items in the order in which they are played."""

    rows: tuple[int, ...] = ()
    """Their rows."""
    scores: tuple[float, ...] = ()
    """How well each suits its place: a log probability."""
    n_cold: int = 0
    """How many of them have no history."""


@dataclass(frozen=True, eq=False)
class Candidates:
    """Items that may come next."""

    rows: Rows
    """Their rows, `(n,)`."""
    relevance: Doubles
    """How well they suit what is asked, `(n,)`."""
    songs: Rows
    """The song that each is, `(n,)`."""
    group_of: Rows
    """Code of the group of each item of the catalogue, `(n_items,)`; -1 for none."""
    is_cold: Mask
    """Which have no history, `(n,)`."""
    transitions: Transitions
    """How well items follow each other."""


@dataclass(frozen=True, eq=False)
class _Beam:
    """A path, and what may go on with it."""

    path: Path
    total: float
    is_open: Mask


def best_path(
    candidates: Candidates,
    played: Path,
    seeds: Rows,
    steps: int,
    share: float,
    *,
    same_artist: bool = False,
) -> Path:
    """What is played already and up to `steps` items more; fewer if there are no more.

    Args:
        candidates: What may come next; none of it is one song with what is played or a seed.
        played: The path so far.
        seeds: The items before it; its first item follows the last of these.
        steps: Items wanted.
        share: Share of the places that items without history have at least, while there are any.
        same_artist: Whether an artist may be heard again within `ARTIST_GAP` places.
    """
    if not len(candidates.rows):
        return played
    transitions = candidates.transitions
    vectors = transitions.vectors(candidates.rows)
    beams = [_Beam(played, 0.0, np.ones(len(candidates.rows), dtype=bool))]
    for _ in range(steps):
        before = [(*seeds[-1:].tolist(), *beam.path.rows)[-1:] for beam in beams]
        follows = np.zeros((len(beams), len(candidates.rows)))
        if before[0]:
            lasts = np.array(before, np.int64).ravel()
            follows = transitions.between(lasts, candidates.rows, vectors)
        grown = []
        for beam, gains in zip(beams, follows + candidates.relevance, strict=True):
            free = _allowed(candidates, beam, share, same_artist)
            grown.extend(_grown(candidates, beam, gains, free))
        if not grown:
            break
        grown.sort(key=lambda beam: -beam.total)
        beams = grown[:_BEAM]
    return beams[0].path


def _grown(candidates: Candidates, beam: _Beam, gains: Doubles, free: Mask) -> list[_Beam]:
    """The best ways to go on with a path by one item."""
    path = beam.path
    places = np.flatnonzero(free)
    places = places[np.argsort(-gains[places], kind="stable")[:_BEAM]]
    return [
        _Beam(
            Path(
                (*path.rows, int(candidates.rows[place])),
                (*path.scores, float(gains[place])),
                path.n_cold + int(candidates.is_cold[place]),
            ),
            beam.total + float(gains[place]),
            beam.is_open & (candidates.songs != candidates.songs[place]),
        )
        for place in places.tolist()
    ]


def _allowed(candidates: Candidates, beam: _Beam, share: float, same_artist: bool) -> Mask:
    """What may come next: of another artist, and new items in their share while there are any."""
    free = beam.is_open
    if not same_artist:
        groups = candidates.group_of[candidates.rows]
        recent = candidates.group_of[np.array(beam.path.rows[-ARTIST_GAP:], np.int64)]
        free = free & ((groups < 0) | ~np.isin(groups, recent))
    if int(share * (len(beam.path.rows) + 1)) > beam.path.n_cold:
        new = free & candidates.is_cold
        if new.any():
            free = new
    return free
