"""Ranking metrics: how well a recommended list finds the targets of its case.

Throughout, a case has a list of recommended items `r_1, r_2, ...` and a non-empty set `T` of
targets; `hit_i` is 1 if `r_i` is in `T`, else 0. Every metric is in [0, 1] and higher is better,
except `clicks`. All candidates are ranked, never a sample of negatives (Krichene and Rendle, "On
Sampled Metrics for Item Recommendation", KDD 2020).
"""

from __future__ import annotations

import numpy as np

from evaluation.metrics.registry import register_metric
from hybrid_rec.core.arrays import Doubles, Mask, Rows

_TRACKS_A_PAGE, _MOST_PAGES = 10, 51
# A place beyond every k.
_NEVER = np.iinfo(np.int64).max


@register_metric("hit rate", "share of cases with a target among the first k")
def hit_rate(hits: Mask, n_targets: Rows, k: int) -> Doubles:
    """1 if any of the first k is a target, else 0, `(n_cases,)`.

    Also called hit ratio, HR@k; its mean over cases is the share of cases with a hit.
    """
    del n_targets
    return (_n_hits(hits, k) > 0).astype(np.float64)


@register_metric("precision", "targets among the first k, divided by k")
def precision(hits: Mask, n_targets: Rows, k: int) -> Doubles:
    """Targets among the first k, divided by k (also where the list is shorter), `(n_cases,)`."""
    del n_targets
    return _n_hits(hits, k) / k


@register_metric("recall", "targets among the first k, divided by all targets of the case")
def recall(hits: Mask, n_targets: Rows, k: int) -> Doubles:
    """Targets among the first k, divided by |T|, `(n_cases,)`."""
    return _n_hits(hits, k) / n_targets


@register_metric(
    "NDCG", "hits weighted by 1 / log2(rank + 1), divided by what the best possible list gets"
)
def ndcg(hits: Mask, n_targets: Rows, k: int) -> Doubles:
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
    gains: Doubles = hits[:, :k] * discounts[: hits.shape[1]]
    return np.cumsum(gains, axis=1)[:, -1] / ideal if gains.shape[1] else np.zeros(len(hits))


@register_metric("MRR", "1 / rank of the first target among the first k, else 0")
def mrr(hits: Mask, n_targets: Rows, k: int) -> Doubles:
    """1 / rank of the first target among the first k, 0 if there is none, `(n_cases,)`.

    Its mean over cases is the mean reciprocal rank.
    """
    del n_targets
    first = _first_hit(hits[:, :k])
    return np.where(first < k, 1 / (first + 1.0), 0.0)


@register_metric("MAP", "precision at the rank of each hit, summed, divided by min(targets, k)")
def average_precision(hits: Mask, n_targets: Rows, k: int) -> Doubles:
    """`sum_{i<=k} hit_i precision@i / min(|T|, k)`, `(n_cases,)`; its mean is MAP@k.

    The divisor is min(|T|, k), so that a perfect list of k gets 1; ranx and trec_eval divide by
    |T|, which is the same where |T| <= k.
    """
    head = hits[:, :k]
    precisions = np.cumsum(head, axis=1) / np.arange(1, head.shape[1] + 1)
    total: Doubles = (precisions * head).sum(axis=1)
    return total / np.minimum(n_targets, k)


@register_metric("R-precision", "targets among the first min(targets, k), divided by that number")
def r_precision(hits: Mask, n_targets: Rows, k: int) -> Doubles:
    """Targets among the first min(|T|, k), divided by min(|T|, k), `(n_cases,)`.

    With k >= |T| this is R-precision as trec_eval, ranx and the RecSys Challenge 2018 (of tracks)
    have it; they know no k.
    """
    depth = np.minimum(n_targets, k)
    counted = np.arange(hits.shape[1])[None, :] < depth[:, None]
    found: Rows = (hits & counted).sum(axis=1)
    return found / depth


@register_metric(
    "clicks",
    "pages of ten to turn until the first target, 51 if there is none",
    lower_is_better=True,
)
def clicks(hits: Mask, n_targets: Rows, k: int) -> Doubles:
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


def _first_hit(hits: Mask) -> Rows:
    """Place of the first hit from 0, or a number beyond every k where there is none."""
    if not hits.shape[1]:
        return np.full(len(hits), _NEVER)
    return np.where(hits.any(axis=1), hits.argmax(axis=1), _NEVER)


def _n_hits(hits: Mask, k: int) -> Rows:
    found: Rows = hits[:, :k].sum(axis=1)
    return found
