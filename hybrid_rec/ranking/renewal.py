"""Statistics after an update: what the changed playlists touch is counted again, and no more."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from hybrid_rec.core.arrays import Doubles, Mask, Rows
from hybrid_rec.core.config import AlsConfig, StatisticsConfig
from hybrid_rec.core.progress import Advance, silent
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.ranking import ease
from hybrid_rec.ranking.als import Factors
from hybrid_rec.ranking.ease import ease_weights
from hybrid_rec.ranking.knn import SHRINKAGE, Company, similarities_of, strongest
from hybrid_rec.ranking.statistics import COUNTED_STEPS, Statistics, ages_of, counted_of, of_groups

# Playlists without a touched item that stand for all such ones when items are placed anew.
_OTHERS = 2000


def updated_steps(before: Statistics) -> int:
    """Units that `updated_statistics` tells a progress bar of."""
    return COUNTED_STEPS + len(before.factors)


def updated_statistics(
    before: Statistics,
    playlists: Playlists,
    changed: Rows,
    group_of: Rows,
    n_groups: int,
    config: StatisticsConfig,
    advance: Advance = silent,
) -> Statistics:
    """The statistics of more playlists over a catalogue that may have more items.

    Counts are those of `Statistics.fit`, to the last bit, for the cost of what changed. Factors go
    on from where they are, see `renewed_factors`. All weights of EASE hang together, so they are
    all computed anew.

    Args:
        before: What was counted before.
        playlists: The same playlists, longer ones among them perhaps, and new ones behind them.
        changed: Numbers of those that are longer or new.
        group_of: Code of each item's group; codes of known items are what they were.
        n_groups: Number of codes.
        config: What `before` was counted with.
        advance: Told `updated_steps` units in all.
    """
    holds = playlists.strengths().astype(np.float64)
    counted = counted_of(holds, config)
    changed = np.union1d(changed, _other_lengths(before.counted, counted))
    groups = of_groups(counted, group_of, n_groups)
    touched = touched_columns(before.counted, counted, changed)
    factors = {}
    for name, known in before.factors.items():
        factors[name] = renewed_factors(known, counted, touched, getattr(config, name))
        advance(1)
    n_items = config.item_neighbours
    if len(changed):
        weights = ease_weights(counted, config.ease_l2, n_items, advance)
    else:
        weights = sparse.csr_array(before.ease_weights, copy=True)
        weights.resize(playlists.n_items, playlists.n_items)
        advance(ease.STEPS)
    return Statistics(
        holds,
        counted,
        group_of,
        n_groups,
        renewed_similarities(
            before.item_neighbours, before.counted, counted, changed, n_items, SHRINKAGE, advance
        ),
        weights,
        renewed_similarities(
            before.group_neighbours, before.counted_groups, groups, changed,
            config.group_neighbours, SHRINKAGE, advance,
        ),
        factors,
        ages_of(playlists),
    )  # fmt: skip


def _other_lengths(old: sparse.csr_array, new: sparse.csr_array) -> Rows:
    """Lines of `old` with more or fewer entries now, as more or less of a long one counts."""
    lengths = np.diff(old.indptr)
    return np.flatnonzero(np.diff(new.indptr[: len(lengths) + 1]) != lengths)


def touched_columns(old: sparse.csr_array, new: sparse.csr_array, changed: Rows) -> Mask:
    """Which columns stand in the changed playlists, before or now, `(n_columns,)`.

    Args:
        old: Which columns stood in which playlist.
        new: Which stand there now; there may be more playlists and more columns.
        changed: Playlists that are new or hold other columns than before.
    """
    touched = np.zeros(new.shape[1], dtype=bool)
    touched[new[changed].indices] = True
    touched[old[changed[changed < old.shape[0]]].indices] = True
    return touched


def renewed_similarities(
    before: sparse.csr_array,
    old: sparse.csr_array,
    new: sparse.csr_array,
    changed: Rows,
    n_neighbours: int,
    shrinkage: float,
    advance: Advance = silent,
) -> sparse.csr_array:
    """`item_similarities` of `new`, the very same, from those of `old`.

    Columns of the changed playlists are counted again. To all others such a column is as near as
    the number of its playlists says, for they share as many as before. If it falls behind the last
    neighbour that was kept of a column, that column is counted again, too.

    Args:
        before: `item_similarities` of `old`.
        old: Which columns stood in which playlist.
        new: Which stand there now; there may be more playlists and more columns.
        changed: Playlists that are new or hold other columns than before.
        n_neighbours: Neighbours kept of each column, as for `before`.
        shrinkage: As for `before`.
        advance: Told `knn.STEPS` units in all.
    """
    company = Company.of(new)
    touched = touched_columns(old, new, changed)
    sizes, sizes_before = company.sizes, np.zeros(new.shape[1])
    sizes_before[: old.shape[1]] = np.bincount(old.indices, minlength=old.shape[1])
    again = touched.copy()
    # A column with fewer playlists than before, as of a long one others may count now, is nearer to
    # all that it shares a playlist with.
    fewer = np.flatnonzero(sizes < sizes_before)
    again[company.beside(fewer).indices] = True
    n_more = new.shape[1] - old.shape[1]
    kept = sparse.csr_array(
        (before.data, before.indices, np.pad(before.indptr, (0, n_more), mode="edge")),
        shape=(new.shape[1], new.shape[1]),
    )
    moved = np.flatnonzero(touched[kept.indices])
    lines = np.searchsorted(kept.indptr, moved, side="right") - 1
    moved, lines = moved[~again[lines]], lines[~again[lines]]
    columns = kept.indices[moved]
    shared = np.rint(
        kept.data[moved] * (np.sqrt(sizes_before[lines] * sizes_before[columns]) + shrinkage)
    )
    values = shared / (np.sqrt(sizes[lines] * sizes[columns]) + shrinkage)
    last = kept.indptr[lines + 1] - 1
    behind = _comes_after(values, columns, kept.data[last], kept.indices[last])
    again[lines[behind & (np.diff(kept.indptr)[lines] >= n_neighbours)]] = True
    counted = np.flatnonzero(again)
    found = similarities_of(counted, company, n_neighbours, shrinkage, advance)
    result = _with_lines(kept, counted, found)
    stays = ~again[lines]
    moved, lines = moved[stays], lines[stays]
    at = result.indptr[lines] + moved - kept.indptr[lines]
    result.data[at] = values[stays]
    # An entry that fell may stand before a nearer one now; most lines are in order still.
    follower = np.minimum(at + 1, result.nnz - 1)
    after = _comes_after(
        result.data[at], result.indices[at], result.data[follower], result.indices[follower]
    )
    disordered = np.zeros(len(again), dtype=bool)
    disordered[lines[after & (follower < result.indptr[lines + 1])]] = True
    within = np.repeat(disordered, np.diff(result.indptr))
    ordered = strongest(result[np.flatnonzero(disordered)], n_neighbours)
    result.data[within], result.indices[within] = ordered.data, ordered.indices
    return result


def _comes_after(values: Doubles, columns: Rows, others: Doubles, their_columns: Rows) -> Mask:
    """Which entries come after others in a line: less near ones, and later ones of equals."""
    after: Mask = (values < others) | ((values == others) & (columns > their_columns))
    return after


def _with_lines(
    matrix: sparse.csr_array, numbers: Rows, lines: sparse.csr_array
) -> sparse.csr_array:
    """A copy of the matrix with other lines at some numbers, which ascend."""
    sizes = np.diff(matrix.indptr)
    sizes[numbers] = np.diff(lines.indptr)
    data, indices, behind = [], [], 0
    # Whole stretches at once, for nearly all lines stay.
    for number, start, end in zip(
        numbers.tolist(), lines.indptr[:-1].tolist(), lines.indptr[1:].tolist(), strict=True
    ):
        stretch = slice(behind, matrix.indptr[number])
        data += [matrix.data[stretch], lines.data[start:end]]
        indices += [matrix.indices[stretch], lines.indices[start:end]]
        behind = matrix.indptr[number + 1]
    data.append(matrix.data[behind:])
    indices.append(matrix.indices[behind:])
    indptr = np.concatenate([[0], np.cumsum(sizes)])
    return sparse.csr_array(
        (np.concatenate(data), np.concatenate(indices), indptr), shape=matrix.shape
    )


def renewed_factors(
    before: Factors, holds: sparse.csr_array, touched: Mask, config: AlsConfig
) -> Factors:
    """Factors that go on from where they are, at the size of a grown catalogue.

    The playlists are placed among the items as they are, and then the touched items anew among the
    playlists, as in one more round of alternating least squares in which all others are held. Those
    without a touched item matter only together, so some of them stand for all.

    Args:
        before: Factors of the items known before.
        holds: Which items stand in which playlist now, `(n_playlists, n_items)`.
        touched: Which items are placed anew, `(n_items,)`.
        config: What `before` was fitted with.
    """
    vectors = np.pad(before.vectors, ((0, holds.shape[1] - len(before.vectors)), (0, 0)))
    rows = np.flatnonzero(touched)
    if not len(rows):
        return Factors.from_vectors(vectors, config)
    has_touched = holds @ touched.astype(np.float64) > 0
    others = np.flatnonzero(~has_touched)
    some = others[:: -(-len(others) // _OTHERS) or 1]
    chosen = np.concatenate([np.flatnonzero(has_touched), some])
    part = holds[chosen]
    places = Factors.from_vectors(vectors, config).place_all(part)
    if len(some):
        places[-len(some) :] *= np.float32(np.sqrt(len(others) / len(some)))
    vectors[rows] = Factors.from_vectors(places, config).place_all(part.T.tocsr()[rows])
    return Factors.from_vectors(vectors, config)
