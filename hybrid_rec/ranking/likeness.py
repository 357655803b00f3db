"""Likeness: what stands near one item must be like it, and not only played where it is played.

The trees put on top what is often played together with an item, which is mostly what everybody
plays. For items near an item their order is therefore fused with that of a plain sum of what the
two have in common, see `fused`.
"""

from __future__ import annotations

import numpy as np

from hybrid_rec.core.arrays import Doubles, Floats
from hybrid_rec.ranking.candidates import CandidateFeatures
from hybrid_rec.ranking.feature import places_of

# Chosen on the validation part of classic_rock: artists count for more than plays.
_TEXT, _GROUP, _OTHER, _PLAYS, _ITEM_KNN = 1.0, 1.0, 0.3, 0.2, 3.0
# Of an item that the catalogue lacks, its texts tell most: a sequel is named like its original.
_TEXT_OF_NEW = 2.0
# So many are drawn up; whatever is less alike would only disturb the order by score.
_ALIKE = 5


def likeness_weights(source: CandidateFeatures, *, is_new: bool = False) -> Doubles:
    """The weight of each feature in the likeness of a candidate to an item, `(n_features,)`.

    Texts that are the same count for most, then co-occurrence, a common group and other blocks;
    plays decide among equals.

    Args:
        source: Whose features they are.
        is_new: Whether the item is one that the catalogue lacks; texts then count twice.
    """
    text = _TEXT_OF_NEW if is_new else _TEXT
    given = {"cooccurrence": 1.0, "item_knn": _ITEM_KNN, "plays": _PLAYS}
    for block in source.blocks:
        is_group = block.name == source.blocks.group
        weight = text if block.config.kind == "text" else _GROUP if is_group else _OTHER
        given[source.linear_features[block.name]] = weight
    return np.array([given.get(name, 0.0) for name in source.columns])


def likeness_of(features: Floats, weights: Doubles) -> Doubles:
    """How like the query each candidate is, `(n_candidates,)`.

    Args:
        features: `(n_candidates, n_features)`.
        weights: See `likeness_weights`.
    """
    used = np.flatnonzero(weights)
    likeness: Doubles = (features[:, used] * weights[used]).sum(axis=1)
    return likeness


def fused(scores: Floats, likeness: Doubles) -> Floats:
    """The scores of one list, dealt out anew by an order that is fused from two.

    The most alike comes first, then the best by score, then the second most alike, and so on, each
    once. After the 5 most alike, all others follow in the order of their scores. The first one gets
    the largest score, the second one the next.

    Args:
        scores: What the ranker says, `(n_candidates,)`.
        likeness: How like the query each is, `(n_candidates,)`.
    """
    alike, best = 2 * places_of(likeness), 2 * places_of(scores) + 1
    turn = np.where(alike < 2 * _ALIKE, np.minimum(alike, best), best)
    dealt = np.empty_like(scores)
    dealt[np.argsort(turn, kind="stable")] = np.sort(scores)[::-1]
    return dealt
