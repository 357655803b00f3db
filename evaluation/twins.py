"""Twins: recommendations that are the right song under another id."""

from __future__ import annotations

from typing import Literal

import numpy as np

from evaluation.metrics.rankings import target_hits
from evaluation.splits.split import Split
from hybrid_rec.blocks.songs import songs_of
from hybrid_rec.core.arrays import Objects, Rows

Twins = Literal["count", "ignore"]
"""What to do with twins of seeds and targets: count them as misses, or ignore them."""


def without_twins(rows: Rows, sources: Objects, split: Split) -> tuple[Rows, Objects]:
    """Lists without the twins of their seeds and targets; what follows moves up.

    A twin is the same song as a seed or a target of its case (see `songs_of`), but no target.

    Args:
        rows: Recommended rows, best first, `(n_cases, n)`; -1 where there is none.
        sources: Where the place of each comes from, `(n_cases, n)`.
        split: The cases.
    """
    songs = songs_of(split.catalog).keys
    hits = target_hits(rows, split.targets)
    kept_rows = np.full_like(rows, -1)
    kept_sources = np.full_like(sources, "")
    for case, line in enumerate(rows):
        known = np.concatenate([songs[split.seeds[case]], songs[split.targets[case]]])
        twin = (line >= 0) & ~hits[case] & np.isin(songs[line], known)
        n_kept = int((~twin).sum())
        kept_rows[case, :n_kept] = line[~twin]
        kept_sources[case, :n_kept] = sources[case, ~twin]
    return kept_rows, kept_sources
