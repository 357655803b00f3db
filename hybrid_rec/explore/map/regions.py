"""Regions: parts of a map within parts, and what each of them is called."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.cluster.hierarchy import cut_tree, ward
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning

from hybrid_rec.core.arrays import Doubles, Floats, Rows
from hybrid_rec.explore.map.terms import Terms

# Regions of each level, the widest first; the cells that they are made of; and the points that a
# region has at least on average.
_LEVELS = (12, 48, 160)
_CELLS = 480
_FEWEST = 12
# Points that the cells are made from.
_SAMPLE = 20_000
# What a label must describe of its region, how much more than of the whole it stands in, and how
# good a second term must be beside the first.
_LEAST_SHARE = 0.003
_LEAST_LIFT = 1.5
_LEAST_TERMS = 3
_SECOND = 0.6
_LOOKED_AT = 5


@dataclass(frozen=True)
class Region:
    """A part of a map and its label."""

    level: int
    """From 0, the widest."""
    terms: tuple[str, ...]
    """What it is called: one or two terms, or none if nothing describes it."""
    place: tuple[float, float]
    """Where the label stands, in the middle of its points."""
    size: int
    """Points in it."""


def regions_of(places: Floats, terms: Terms, seed: int) -> tuple[list[Region], Rows]:
    """The regions of a map by level, and the number of the widest one of each point, `(n,)`.

    Args:
        places: `(n, 2)`.
        terms: What can describe points.
        seed: Of the cells.
    """
    levels = _nested(places, seed)
    everything = np.zeros(len(places), np.int64)
    found = []
    above = everything
    for level, codes in enumerate(levels):
        for code, called in enumerate(_called(codes, above, terms)):
            own = np.flatnonzero(codes == code)
            middle = np.median(places[own], axis=0)
            near = own[np.square(places[own] - middle).sum(axis=1).argmin()]
            place = (float(places[near, 0]), float(places[near, 1]))
            found.append(Region(level, called, place, len(own)))
        above = codes
    return found, levels[0] if levels else everything


def _nested(places: Floats, seed: int) -> list[Rows]:
    """Codes of the regions of each level, each `(n,)`; those of a level lie within the one above.

    Cells by k-means, joined by Ward's method.
    """
    n_cells = min(_CELLS, len(places) // (_FEWEST // 2))
    if n_cells < 2:
        return [np.zeros(len(places), np.int64)] if len(places) else []
    rng = np.random.default_rng(seed)
    sample = rng.permutation(len(places))[:_SAMPLE]
    with warnings.catch_warnings():
        # Where points stand on each other there are fewer cells.
        warnings.simplefilter("ignore", ConvergenceWarning)
        means = KMeans(n_cells, n_init=1, max_iter=40, random_state=seed).fit(places[sample])
    cells = means.predict(places)
    tree = ward(means.cluster_centers_.astype(np.float64))
    levels: list[Rows] = []
    for wanted in _LEVELS:
        count = min(wanted, len(places) // _FEWEST, n_cells)
        if levels and count < 2 * (levels[-1].max() + 1):
            break
        codes = cut_tree(tree, max(count, 1)).ravel()[cells]
        levels.append(np.unique(codes, return_inverse=True)[1])
    return levels


def _called(codes: Rows, above: Rows, terms: Terms) -> list[tuple[str, ...]]:
    """What each region is called: what describes it and not the region that it lies in."""
    if not terms.texts:
        return [()] * int(codes.max() + 1)
    own, wider = _shares(codes, terms.shares), _shares(above, terms.shares)
    sizes = np.bincount(codes)
    parents = above[np.unique(codes, return_index=True)[1]]
    called = []
    for code, parent in enumerate(parents.tolist()):
        share, whole = own[code], np.maximum(wider[parent], 1e-9)
        lift = share / whole
        is_whole = bool(sizes[code] == (above == parent).sum())
        worth = share * np.log2(np.maximum(lift, 1) + (1 if is_whole else 0)) * terms.weights
        worth[share < _LEAST_SHARE] = 0
        worth[share * sizes[code] < _LEAST_TERMS] = 0
        if not is_whole:
            worth[lift < _LEAST_LIFT] = 0
        called.append(_label(worth, terms))
    return called


def _label(worth: Doubles, terms: Terms) -> tuple[str, ...]:
    """The best term, and a second one that is nearly as good and says something else."""
    best = np.argsort(-worth, kind="stable")[:_LOOKED_AT]
    if not worth[best[0]]:
        return ()
    first = _words(terms.texts[best[0]])
    for number in best[1:]:
        other = _words(terms.texts[number])
        if worth[number] >= _SECOND * worth[best[0]] and not (other <= first or first <= other):
            return terms.texts[best[0]], terms.texts[number]
    return (terms.texts[best[0]],)


def _words(text: str) -> set[str]:
    """The words of a term; "hip-hop" has those of "hip hop"."""
    return set(re.findall(r"\w+", text.casefold()))


def _shares(codes: Rows, shares: sparse.csr_array) -> Doubles:
    """How much of each region each term describes, `(n_regions, n_terms)`."""
    n = len(codes)
    member = sparse.csr_array((np.ones(n), (codes, np.arange(n))))
    sums = np.asarray((member @ shares).toarray(), np.float64)
    means: Doubles = sums / np.bincount(codes)[:, None]
    return means
