"""Ranking metrics over full rankings, one value a case, at several k in one pass.

Throughout, a case has a list of recommended items `r_1, r_2, ...` and a non-empty set `T` of
targets; `hit_i` is 1 if `r_i` is in `T`, else 0. Every metric is in [0, 1] and higher is better,
but for `clicks`. Nothing is ever ranked against sampled negatives (Krichene and Rendle, "On
Sampled Metrics for Item Recommendation", KDD 2020).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from hybrid_rec.core.errors import ConfigError, DataError
from hybrid_rec.data.playlists import Playlists

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Hits = NDArray[np.bool_]

# Cases whose recommendations are compared with their targets at once, to bound memory.
_CHUNK = 4096
CLICKS = "clicks"
_TRACKS_A_PAGE, _MOST_PAGES = 10, 51
# A place beyond every k.
_NEVER = np.iinfo(np.int64).max


def hit_rate(hits: Hits, n_targets: Rows, k: int) -> Floats:
    """1 if any of the first k is a target, else 0, `(n_cases,)`.

    Also called hit ratio, HR@k; its mean over cases is the share of cases with a hit.
    """
    del n_targets
    return (_n_hits(hits, k) > 0).astype(np.float64)


def precision(hits: Hits, n_targets: Rows, k: int) -> Floats:
    """Targets among the first k, divided by k (also where the list is shorter), `(n_cases,)`."""
    del n_targets
    return _n_hits(hits, k) / k


def recall(hits: Hits, n_targets: Rows, k: int) -> Floats:
    """Targets among the first k, divided by |T|, `(n_cases,)`."""
    return _n_hits(hits, k) / n_targets


def ndcg(hits: Hits, n_targets: Rows, k: int) -> Floats:
    """Normalised discounted cumulative gain with binary gains, `(n_cases,)`.

    `sum_{i<=k} hit_i / log2(i + 1)`, divided by the same sum for a list that starts with
    min(|T|, k) targets, even if the list of recommendations is shorter.

    References:
        Järvelin and Kekäläinen, "Cumulated Gain-Based Evaluation of IR Techniques", ACM TOIS 2002,
        with the usual discount log2(i + 1) for their log2(i) from i = 2.
    """
    discounts = 1 / np.log2(np.arange(2, k + 2))
    ideal = np.cumsum(discounts)[np.minimum(n_targets, k) - 1]
    # Added up in the order of `ideal`, so that the best list has 1 to the bit and none has more; a
    # matrix product would also let the number of cases change the last bit.
    gains: Floats = hits[:, :k] * discounts[: hits.shape[1]]
    return np.cumsum(gains, axis=1)[:, -1] / ideal if gains.shape[1] else np.zeros(len(hits))


def mrr(hits: Hits, n_targets: Rows, k: int) -> Floats:
    """1 / rank of the first target among the first k, 0 if there is none, `(n_cases,)`.

    Its mean over cases is the mean reciprocal rank.
    """
    del n_targets
    first = _first_hit(hits[:, :k])
    return np.where(first < k, 1 / (first + 1.0), 0.0)


def average_precision(hits: Hits, n_targets: Rows, k: int) -> Floats:
    """`sum_{i<=k} hit_i precision@i / min(|T|, k)`, `(n_cases,)`; its mean is MAP@k.

    The divisor is min(|T|, k), so that a perfect list of k gets 1; ranx and trec_eval divide by
    |T|, which is the same where |T| <= k.
    """
    head = hits[:, :k]
    precisions = np.cumsum(head, axis=1) / np.arange(1, head.shape[1] + 1)
    total: Floats = (precisions * head).sum(axis=1)
    return total / np.minimum(n_targets, k)


def r_precision(hits: Hits, n_targets: Rows, k: int) -> Floats:
    """Targets among the first min(|T|, k), divided by min(|T|, k), `(n_cases,)`.

    With k >= |T| this is R-precision as trec_eval, ranx and the RecSys Challenge 2018 (of tracks)
    have it; they know no k.
    """
    depth = np.minimum(n_targets, k)
    counted = np.arange(hits.shape[1])[None, :] < depth[:, None]
    found: Rows = (hits & counted).sum(axis=1)
    return found / depth


def clicks(hits: Hits, n_targets: Rows, k: int) -> Floats:
    """Pages of ten to turn until the first target appears, `(n_cases,)`; lower is better.

    `floor((rank - 1) / 10)` for the first target among the first k, and 51 if there is none. The
    challenge has k = 500, where a hit takes 49 at most; deeper hits never count more than 51.

    References:
        Chen et al., "RecSys Challenge 2018: Automatic Music Playlist Continuation", RecSys 2018.
    """
    del n_targets
    first = _first_hit(hits[:, :k])
    pages = np.minimum(first // _TRACKS_A_PAGE, _MOST_PAGES)
    return np.where(first < k, pages, _MOST_PAGES).astype(np.float64)


METRICS: Mapping[str, Callable[[Hits, Rows, int], Floats]] = {
    "hit_rate": hit_rate,
    "precision": precision,
    "recall": recall,
    "ndcg": ndcg,
    "mrr": mrr,
    "average_precision": average_precision,
    "r_precision": r_precision,
    CLICKS: clicks,
}


def evaluate_rankings(
    rows: Rows,
    targets: Playlists,
    ks: Sequence[int],
    metrics: Sequence[str] = tuple(METRICS),
) -> dict[str, Floats]:
    """Every metric at every k for every case, by names such as "ndcg@500".

    Args:
        rows: Recommended catalogue rows, best first, `(n_cases, n)` integers; -1 where a list has
            ended. A row that repeats counts at its first place only; the repeat keeps its rank and
            is no hit.
        targets: The targets of each case; repeats count once.
        ks: Cut-offs, each at least 1; they may exceed n.
        metrics: Names from `METRICS`.

    Returns:
        Arrays `(n_cases,)` float64; NaN for a case without targets.

    Raises:
        DataError: If the numbers of cases differ, or `rows` is no table of rows of the catalogue.
        ConfigError: For an unknown metric, or a k that is no integer or below 1.
    """
    if rows.ndim != 2 or not np.issubdtype(rows.dtype, np.integer):
        raise DataError(
            f"rows must be integers of shape (n_cases, n), got {rows.dtype} of shape {rows.shape}."
        )
    if rows.size and rows.max() >= targets.n_items:
        raise DataError(
            f"rows must be below {targets.n_items}, the size of the targets' catalogue, got "
            f"{rows.max()}; rank and score with one catalogue."
        )
    if len(rows) != len(targets):
        raise DataError(
            f"recommendations and targets must be of equally many cases, got {len(rows)} and "
            f"{len(targets)}."
        )
    for name in metrics:
        if name not in METRICS:
            raise ConfigError(f"metric must be one of {', '.join(METRICS)}, got {name!r}.")
    for k in ks:
        if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1:
            raise ConfigError(f"k must be an integer of at least 1, got {k!r}.")
    wanted = {f"{name}@{k}": (METRICS[name], k) for name in metrics for k in ks}
    values = {label: np.full(len(rows), np.nan) for label in wanted}
    distinct = targets.distinct()
    for start in range(0, len(rows), _CHUNK):
        part = np.arange(start, min(start + _CHUNK, len(rows)))
        here = distinct.select(part)
        scored = here.lengths > 0
        hits = target_hits(rows[part], here)[scored]
        for label, (metric, k) in wanted.items():
            values[label][part[scored]] = metric(hits, here.lengths[scored], k)
    return values


def target_hits(rows: Rows, targets: Playlists) -> Hits:
    """Which recommended rows are targets of their case, `(n_cases, n)`; a repeat is no hit.

    Args:
        rows: Catalogue rows below `targets.n_items`, best first, `(n_cases, n)`; negative: none.
        targets: The targets of each case, each once.
    """
    n_items = targets.n_items
    keys = np.arange(len(rows))[:, None] * (n_items + 1) + np.where(rows >= 0, rows, n_items)
    hits = np.isin(keys, targets.owners * (n_items + 1) + targets.rows)
    return hits & ~_repeats(rows)


def _repeats(rows: Rows) -> Hits:
    """Which entries stand earlier in their line already."""
    order = np.argsort(rows, axis=1, kind="stable")
    ordered = np.take_along_axis(rows, order, axis=1)
    again = np.zeros(rows.shape, dtype=bool)
    again[:, 1:] = ordered[:, 1:] == ordered[:, :-1]
    repeats = np.empty_like(again)
    np.put_along_axis(repeats, order, again, axis=1)
    return repeats


def _first_hit(hits: Hits) -> Rows:
    """Place of the first hit from 0, or a number beyond every k where there is none."""
    if not hits.shape[1]:
        return np.full(len(hits), _NEVER)
    return np.where(hits.any(axis=1), hits.argmax(axis=1), _NEVER)


def _n_hits(hits: Hits, k: int) -> Rows:
    found: Rows = hits[:, :k].sum(axis=1)
    return found
