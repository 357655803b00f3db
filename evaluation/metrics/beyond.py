"""What hits do not tell: coverage, novelty, diversity, popularity, repeated artists.

Throughout, `rows` are the recommended catalogue rows of each case, best first, `(n_cases, n)`;
-1 where a list has ended.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from evaluation.metrics.measures import register_measure
from evaluation.splits.split import Split
from hybrid_rec.blocks.labels import Labels
from hybrid_rec.core.arrays import Floats, Rows


@register_measure("share of the catalogue that is recommended to anybody")
def coverage(rows: Rows, split: Split) -> float:
    """Share of the catalogue that is recommended to anybody, in [0, 1]."""
    return len(np.unique(rows[rows >= 0])) / len(split.catalog)


@register_measure("mean self-information of the items, in bits; higher is less expected")
def novelty(rows: Rows, split: Split) -> float:
    """Mean self-information of the recommended items, in bits; higher is less expected.

    `-log2((m + 1) / (M + 1))` for an item in m of M training playlists; the added one keeps cold
    items finite.

    References:
        Zhou et al., "Solving the Apparent Diversity-Accuracy Dilemma of Recommender Systems",
        PNAS 2010.
    """
    bits = -np.log2((split.train.playlist_counts + 1) / (len(split.train) + 1))
    held = rows[rows >= 0]
    return float(bits[held].mean()) if len(held) else float("nan")


@register_measure(
    "mean distance of the items of a list by the playlists they share; 1 is none in common"
)
def diversity(rows: Rows, split: Split) -> float:
    """Mean over lists of the mean pairwise distance of their items, in [0, 1].

    The distance of two items is 1 - cosine of the sets of training playlists they stand in; a
    cold item has the distance 1 to all others. Lists of fewer than two items do not count.

    References:
        Ziegler et al., "Improving Recommendation Lists Through Topic Diversification", WWW 2005.
    """
    matrix = split.train.matrix().tocsc()
    norms = np.sqrt(np.asarray(matrix.sum(axis=0)).ravel())
    scale = np.divide(1, norms, out=np.zeros_like(norms), where=norms > 0)
    unit = sparse.csr_array(matrix.T.multiply(scale[:, None]))
    held = rows >= 0
    sizes = held.sum(axis=1)
    indptr = np.concatenate([[0], np.cumsum(sizes)])
    lists = sparse.csr_array(
        (np.ones(indptr[-1]), rows[held], indptr), shape=(len(rows), len(split.catalog))
    )
    # The sum over all pairs is the square of the sum, less the sum of the squares.
    sums = sparse.csr_array(lists @ unit)
    squares = np.asarray(sums.multiply(sums).sum(axis=1)).ravel()
    own = np.asarray(lists @ (norms > 0).astype(np.float64)).ravel()
    several = sizes > 1
    cosines = (squares - own)[several] / (sizes * (sizes - 1))[several]
    return float((1 - cosines).mean()) if several.any() else float("nan")


@register_measure(
    "log(1 + plays) of recommendations less that of seeds; above 0 is more popular", signed=True
)
def popularity_bias(rows: Rows, split: Split) -> float:
    """Mean of log(1 + plays) of recommendations less that of seeds; above 0 is more popular.

    References:
        Abdollahpouri et al., "The Unfairness of Popularity Bias in Recommendation", 2019.
    """
    log_plays = np.log1p(split.train.play_counts)
    held = rows[rows >= 0]
    if not len(held) or not split.seeds.n_plays:
        return float("nan")
    return float(log_plays[held].mean() - log_plays[split.seeds.rows].mean())


@register_measure("share of a list whose artist stands in it already")
def artist_repetition(rows: Rows, split: Split) -> float:
    """See `repetition`, of the artists of the catalogue."""
    return repetition(rows, Labels.of(split.catalog.artists).codes(split.catalog.artists))


def repetition(rows: Rows, artists: Rows) -> float:
    """Mean share of a list whose artist stands in it already, in [0, 1].

    Args:
        rows: Recommended rows, `(n_cases, n)`; -1 where there is none.
        artists: Code of each item's artist, `(n_items,)`; negative for none, which never repeats.
    """
    shares = []
    for line in rows:
        codes = artists[line[line >= 0]]
        if len(codes):
            named = codes[codes >= 0]
            shares.append((len(named) - len(np.unique(named))) / len(codes))
    return float(np.mean(shares)) if shares else float("nan")


def distinct_artists(rows: Rows, artists: Rows) -> float:
    """Mean number of different artists in a list; items without an artist are not counted.

    Args:
        rows: Recommended rows, `(n_cases, n)`; -1 where there is none.
        artists: Code of each item's artist, `(n_items,)`; negative for none.
    """
    counts = []
    for line in rows:
        codes = artists[line[line >= 0]]
        counts.append(len(np.unique(codes[codes >= 0])))
    return float(np.mean(counts)) if counts else float("nan")


def vector_distance(rows: Rows, vectors: Floats) -> float:
    """Mean over lists of the mean pairwise distance of their items' vectors, in [0, 2].

    The distance of two items is 1 - cosine. Lists of fewer than two items do not count.

    Args:
        rows: Recommended rows, `(n_cases, n)`; -1 where there is none.
        vectors: Unit vectors of all items, `(n_items, dim)`; zero rows have the distance 1.
    """
    distances = []
    for line in rows:
        own = vectors[line[line >= 0]].astype(np.float64)
        n = len(own)
        if n > 1:
            # The sum over all pairs is the square of the sum, less the sum of the squares.
            cosines = (own.sum(axis=0) ** 2).sum() - (own**2).sum()
            distances.append(1 - cosines / (n * (n - 1)))
    return float(np.mean(distances)) if distances else float("nan")
