"""Features of candidates by what playlists are called; left out where none has a name."""

from __future__ import annotations

import numpy as np

from hybrid_rec.core.config import COOCCURRENCE
from hybrid_rec.core.linalg import unit_rows
from hybrid_rec.ranking.feature import NAME_PART, Candidates, Numbers, feature
from hybrid_rec.ranking.query_batch import entries


@feature(NAME_PART, needs_names=True)
def has_name(c: Candidates) -> Numbers:
    """Whether the query has a name that is like any other."""
    return c.everywhere(float(len(entries(c.batch.line("names"), c.number)[0]) > 0))


@feature(NAME_PART, needs_names=True)
def name_best(c: Candidates) -> Numbers:
    """How alike the most similar name is, from 0 to 1."""
    _, likeness = entries(c.batch.line("names"), c.number)
    return c.everywhere(float(likeness[0]) if len(likeness) else 0.0)


@feature(NAME_PART, needs_names=True)
def name_votes(c: Candidates) -> Numbers:
    """Share of the like-named playlists that hold it."""
    return c.of_items("name_votes")


@feature(NAME_PART, needs_names=True)
def name_votes_sharp(c: Candidates) -> Numbers:
    """The same, the likeness of names squared."""
    return c.of_items("name_votes_sharp")


@feature(NAME_PART, needs_names=True)
def name_rank(c: Candidates) -> Numbers:
    """Place by this, from 0; the earlier row of equals first."""
    return c.ranks("name_votes_sharp")


@feature(NAME_PART, needs_names=True)
def name_ridge(c: Candidates) -> Numbers:
    """Share of the playlists of the name that a regression on like names expects to hold it."""
    return c.of_items("name_ridge")


@feature(NAME_PART, needs_names=True)
def name_ridge_rank(c: Candidates) -> Numbers:
    """Place by this, from 0; the earlier row of equals first."""
    return c.ranks("name_ridge")


@feature(NAME_PART, needs_names=True)
def name_lift(c: Candidates) -> Numbers:
    """How much more often like-named playlists hold it than others do, as a logarithm."""
    n_playlists = c.statistics.holds.shape[0]
    usual = np.expm1(c.statistics.plays[c.rows].astype(np.float64)) / n_playlists
    least = 1 / n_playlists
    return np.log((c["name_votes"] + least) / (usual + least)) * c["has_name"]


@feature(NAME_PART, needs_names=True, needs_group=True)
def name_votes_group(c: Candidates) -> Numbers:
    """Items of its group that stand in a like-named playlist."""
    return c.of_groups("name_votes_group")


@feature(NAME_PART, needs_names=True)
def name_user_knn(c: Candidates) -> Numbers:
    """Sum of the cosines of the 100 playlists most like what the name stands for that hold it."""
    return c.of_items("name_user_knn")


@feature(NAME_PART, needs_names=True)
def name_item_knn(c: Candidates) -> Numbers:
    """Mean of the shrunk cosines with the items that the name stands for."""
    return c.of_items("name_item_knn")


@feature(NAME_PART, needs_names=True)
def name_ease(c: Candidates) -> Numbers:
    """Mean of the weights of EASE of those items."""
    return c.of_items("name_ease")


@feature(NAME_PART, needs_names=True)
def name_cooccurrence(c: Candidates) -> Numbers:
    """Cosine with the mean of those items in co-occurrence space."""
    used, weights = entries(c.batch.line("stand_ins"), c.number)
    if not len(used):
        return np.zeros(len(c.rows))
    vectors = c.source.index.blocks(used)[COOCCURRENCE]
    mean = (weights[None, :] @ vectors).astype(np.float32)
    return c.blocks[COOCCURRENCE] @ unit_rows(mean)[0]
