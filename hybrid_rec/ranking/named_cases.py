"""Cases of cross-fitting that have a name: alone, with some items, or none where they have one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hybrid_rec.data.playlists import Playlists

# Share of the usual cases that keep their names.
_KEPT = 0.5
_FEW = (1, 5)


def names_of(playlists: Playlists) -> list[str]:
    """What each playlist is called, "" for no name."""
    return [""] * len(playlists) if playlists.names is None else list(playlists.names)


def named_cases(
    name: str, half: int, usual: Sequence[int], rng: np.random.Generator
) -> list[tuple[int, str]]:
    """How many items each case of a held-out playlist gives, and which name.

    The usual cases keep their name or lose it, so that queries without one are learned from, too.
    Behind them come the name with one item or five, and the name alone.

    Args:
        name: Of the playlist; "" for none, where the usual cases are all there are.
        half: Half of its items, the most that are given.
        usual: Items that the usual cases give.
        rng: Draws; not asked where there is no name.
    """
    if not name:
        return [(n, "") for n in usual]
    kept = rng.random(len(usual)) < _KEPT
    few = min(_FEW[int(rng.integers(len(_FEW)))], half)
    cases = [(n, name if keep else "") for n, keep in zip(usual, kept, strict=True)]
    return [*cases, (few, name), (0, name)]
