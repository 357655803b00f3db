"""Layout: points in two dimensions, so that near ones stay near."""

from __future__ import annotations

import numpy as np

from hybrid_rec.core.arrays import Doubles, Floats, Rows
from hybrid_rec.core.errors import ConfigError
from hybrid_rec.core.linalg import unit_rows
from hybrid_rec.core.progress import Progress
from indexes.faiss_index import FaissIndex

# Below this, t-SNE has nothing to find that the two main directions do not show.
_FEWEST = 30
# About how many neighbours of each point count, of few points and of many.
_PERPLEXITY, _LARGE_PERPLEXITY = 30, 15
# From so many points on, nearest neighbours are looked up in the nearest cells alone, and in fewer
# dimensions.
_LARGE = 30_000
_WIDTH = 64
# Below this, sums over a tree are faster than interpolation, and one core than several.
_SMALL = 5_000
_EARLY, _LATE = 250, 500
_EXAGGERATION = 12
# Between points that would stand on each other, in shares of what points have on average; and the
# golden angle, at which the seeds of a sunflower follow each other.
_STEP = 0.2
_TURN = np.pi * (3 - np.sqrt(5))


def laid_out(vectors: Floats, seed: int, progress: Progress) -> Floats:
    """Places on a map by t-SNE, `(n, 2)` float32 in [0, 1], the same for the same seed.

    Fewer than 30 points are laid out by their two main directions. Points whose vector is 0 stand
    in rows below all others.

    Args:
        vectors: `(n, dim)` of length 1, or 0.
        seed: Of all that is drawn at random.
        progress: Told of the steps.

    Raises:
        ConfigError: If openTSNE is not installed.

    References:
        van der Maaten and Hinton: Visualizing data using t-SNE, JMLR 2008. Linderman et al.: Fast
        interpolation-based t-SNE, Nature Methods 2019.
    """
    known = np.flatnonzero(vectors.any(axis=1))
    places = np.zeros((len(vectors), 2), np.float32)
    start = main_directions(vectors[known])
    if len(known) >= _FEWEST:
        start = _embedded(vectors[known], start, seed, progress)
    places[known] = _apart(_scaled(start))
    silent = np.setdiff1d(np.arange(len(vectors)), known)
    if len(silent) and len(known):
        places[known, 1] = 0.2 + 0.8 * places[known, 1]
    width = int(np.ceil(np.sqrt(8 * len(silent)))) or 1
    places[silent, 0] = (np.arange(len(silent)) % width + 0.5) / width
    places[silent, 1] = 0.15 - 0.15 * (np.arange(len(silent)) // width) / max(width / 8, 1)
    return places


def main_directions(vectors: Floats) -> Floats:
    """The two principal components of vectors, `(n, 2)`; missing ones are 0."""
    found = np.zeros((len(vectors), 2), np.float32)
    if len(vectors) < 2:
        return found
    centred = vectors - vectors.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)
    main = directions[:, ::-1][:, :2]
    # The sign of a direction is arbitrary; its largest part is positive here.
    main = main * np.sign(main[np.abs(main).argmax(axis=0), np.arange(main.shape[1])])
    found[:, : main.shape[1]] = centred @ main
    return found


def _embedded(vectors: Floats, start: Floats, seed: int, progress: Progress) -> Floats:
    try:
        from openTSNE import TSNEEmbedding
        from openTSNE.affinity import PerplexityBasedNN
        from openTSNE.nearest_neighbors import PrecomputedNeighbors
    except ImportError:
        raise ConfigError(
            "a map needs openTSNE; install it with pip install 'hybrid-rec[explore]'."
        ) from None
    wanted = _PERPLEXITY if len(vectors) < _LARGE else _LARGE_PERPLEXITY
    perplexity = min(wanted, (len(vectors) - 1) // 3)
    rows, distances = _nearest(vectors, 3 * perplexity, seed, progress)
    affinities = PerplexityBasedNN(
        knn_index=PrecomputedNeighbors(rows, distances), perplexity=perplexity, n_jobs=-1
    )
    # Equal vectors must not start at the same place, or nothing drives them apart.
    rng = np.random.default_rng(seed)
    begin = start / max(float(start[:, 0].std()), 1e-12) * 1e-4
    begin = begin + rng.normal(0, 1e-6, begin.shape)
    is_small = len(vectors) < _SMALL
    embedding = TSNEEmbedding(
        begin, affinities, negative_gradient_method="bh" if is_small else "fft",
        n_jobs=1 if is_small else -1, random_state=seed,
    )  # fmt: skip
    with progress.stage("laying out the map", _EARLY + _LATE) as advance:

        def told(_iteration: int, _error: float, _embedding: Floats) -> bool:
            advance(50)
            return False

        watch = {"callbacks": told, "callbacks_every_iters": 50}
        embedding.optimize(_EARLY, exaggeration=_EXAGGERATION, momentum=0.5, inplace=True, **watch)
        embedding.optimize(_LATE, momentum=0.8, inplace=True, **watch)
    return np.asarray(embedding, np.float32)


def _nearest(vectors: Floats, k: int, seed: int, progress: Progress) -> tuple[Rows, Doubles]:
    """The k nearest others of each, `(n, k)`, and their distances; nearly all of them if large."""
    n = len(vectors)
    factory = "Flat"
    if n >= _LARGE:
        factory, vectors = f"IVF{int(np.sqrt(n))},Flat", _narrowed(vectors)
    index = FaissIndex.build(vectors, factory, seed=seed)
    rows, distances = np.empty((n, k), np.int64), np.empty((n, k), np.float64)
    step = 4096
    with progress.stage("neighbours for the map", n) as advance:
        for begin in range(0, n, step):
            asked = np.arange(begin, min(begin + step, n))
            near = index.proposals(vectors[asked], k + 1)
            # Of points that are alike, a point itself may not be the first, nor be there at all.
            own = near == asked[:, None]
            own[~own.any(axis=1), -1] = True
            near = near[~own].reshape(len(asked), k)
            cosines = np.vecdot(vectors[np.maximum(near, 0)], vectors[asked][:, None])
            cosines[near < 0] = 0
            rows[asked] = np.where(near < 0, asked[:, None], near)
            distances[asked] = np.sqrt(np.maximum(2 - 2 * cosines, 0))
            advance(len(asked))
    return rows, distances


def _narrowed(vectors: Floats) -> Floats:
    """Vectors in the directions that most of them lie in, of length 1."""
    _, directions = np.linalg.eigh(vectors.T @ vectors)
    return unit_rows(np.ascontiguousarray(vectors @ directions[:, -_WIDTH:]))


def _apart(places: Floats) -> Floats:
    """Places of which no two are the same: those that were lie around each other, in a spiral."""
    cells = np.unique(np.round(places, 5), axis=0, return_inverse=True)[1].ravel()
    order = np.argsort(cells, kind="stable")
    first = np.searchsorted(cells[order], cells[order])
    rank = np.empty(len(places))
    rank[order] = np.arange(len(places)) - first
    around = np.stack([np.cos(_TURN * rank), np.sin(_TURN * rank)], axis=1)
    step = _STEP / np.sqrt(max(len(places), 1))
    return np.asarray(np.clip(places + step * np.sqrt(rank)[:, None] * around, 0, 1), np.float32)


def _scaled(places: Floats) -> Floats:
    """Places in [0, 1], with one scale for both directions."""
    if not len(places):
        return places
    low, high = places.min(axis=0), places.max(axis=0)
    span = float((high - low).max()) or 1.0
    return np.asarray((places - (low + high) / 2) / span + 0.5, np.float32)
