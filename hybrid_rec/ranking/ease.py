"""EASE, the linear model of items by items, as a sparse matrix of its strongest weights."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from hybrid_rec.core.linalg import reproducible, ridge_inverse
from hybrid_rec.core.progress import Advance, silent, spread
from hybrid_rec.ranking.knn import strongest_of_dense

# Above so many playlists (and played items) the inverse costs minutes and gigabytes.
MOST_PLAYLISTS = 10_000
MOST_ITEMS = 20_000

STEPS = 20
"""Units that a progress bar is told of while the weights are computed."""
# Items whose weights are computed at once.
_CHUNK = 256


@reproducible()
def ease_weights(
    holds: sparse.csr_array, l2: float, n_neighbours: int, advance: Advance = silent
) -> sparse.csr_array:
    """The strongest positive weights of each item in EASE, `(n_items, n_items)` float64.

    EASE's `B = I - P / diag(P)` with `P = (X'X + l2 I)^-1` predicts the items of a playlist from
    its other items. With the identity `P = (I - X' K X) / l2`, `K = (X X' + l2 I)^-1`, only a
    matrix of playlists by playlists is inverted, and off the diagonal

        B_ij = (X' K X)_ij / (l2 P_jj),   l2 P_jj = 1 - x_j' K x_j.

    Negative weights, of items that keep apart, are left out, and so are all but the strongest.
    A catalogue beyond `MOST_ITEMS` played items or `MOST_PLAYLISTS` playlists gets no weights.

    Args:
        holds: Which items stand in which playlist, `(n_playlists, n_items)`.
        l2: Strength of the penalty, above 0.
        n_neighbours: Weights kept of each item.
        advance: Told `STEPS` units in all.

    References:
        Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019.
    """
    n_items = holds.shape[1]
    played = np.flatnonzero(np.bincount(holds.indices, minlength=n_items))
    if holds.shape[0] > MOST_PLAYLISTS or len(played) > MOST_ITEMS:
        advance(STEPS)
        return sparse.csr_array((n_items, n_items), dtype=np.float64)
    # Half the time and memory of float64, and the weights differ in the sixth digit.
    x = sparse.csr_array(holds[:, played], dtype=np.float32)
    upper = np.triu(ridge_inverse((x @ x.T).toarray(order="F"), l2))
    inverse = upper + np.triu(upper, 1).T
    left = x.T.tocsr()
    chunks = [slice(start, start + _CHUNK) for start in range(0, len(played), _CHUNK)]
    # x_j' K x_j of all items first, for it scales the columns of every chunk.
    diagonal = np.concatenate(
        [left[part].multiply(left[part] @ inverse).sum(axis=1) for part in chunks]
    )
    scale = (1 / np.maximum(1 - diagonal, 1e-6)).astype(np.float32)
    kept = []
    for part in spread(advance, STEPS, chunks):
        weights = ((left[part] @ inverse) @ x) * scale
        rows = np.arange(len(played))[part]
        weights[np.arange(len(rows)), rows] = 0
        kept.append(strongest_of_dense(weights, n_neighbours))
    local = sparse.csr_array(sparse.vstack(kept, format="csr"))
    sizes = np.zeros(n_items, dtype=np.int64)
    sizes[played] = np.diff(local.indptr)
    indptr = np.concatenate([[0], np.cumsum(sizes)])
    return sparse.csr_array(
        (local.data.astype(np.float64), played[local.indices], indptr), shape=(n_items, n_items)
    )
