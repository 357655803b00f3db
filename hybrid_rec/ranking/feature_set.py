"""The features of a model: those of its blocks, and those that all models share."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hybrid_rec.blocks.block_set import BlockSet
from hybrid_rec.core.arrays import Floats
from hybrid_rec.core.config import COOCCURRENCE, POPULARITY, RankingConfig
from hybrid_rec.core.errors import ConfigError
from hybrid_rec.core.quoting import quoted
from hybrid_rec.ranking.feature import REGISTERED, Candidates, Feature, Numbers
from hybrid_rec.ranking.features import BLOCKS_STAND_HERE
from hybrid_rec.ranking.name_features import has_name as _  # noqa: F401  # registers them
from hybrid_rec.ranking.query_batch import entries


def block_feature(block: str) -> str:
    """The name of the feature that is a block's inner product with the query."""
    return f"block_{block}"


def _of_block(block: str, is_sparse: bool) -> Feature:
    def dense(c: Candidates) -> Numbers:
        return c.blocks[block] @ np.asarray(c.batch.queries.dense[block])[c.number]

    def hot(c: Candidates) -> Numbers:
        rows = c.source.index.one_hot[block]
        wanted = np.zeros(rows.shape[1])
        columns, strength = entries(c.batch.queries.sparse[block], c.number)
        wanted[columns] = strength
        return rows[c.rows] @ wanted

    return Feature(block_feature(block), block, hot if is_sparse else dense)


def features_of(
    blocks: BlockSet, *, with_names: bool = False, with_times: bool = False
) -> dict[str, Feature]:
    """The features of a model by name, in the order of the columns: derived from its blocks.

    Args:
        blocks: What its items are described by; each is a feature.
        with_names: Whether playlists have names, which bring features of their own.
        with_times: Whether their plays have times, which do, too.
    """
    ordered = sorted(blocks, key=lambda block: block.name == blocks.group)
    described = [_of_block(block.name, block.is_sparse) for block in ordered]
    shared = [
        replace(one, part=one.part.format(group=blocks.group))
        for one in REGISTERED
        if (blocks.group is not None or not one.needs_group)
        and (with_names or not one.needs_names)
        and (with_times or not one.needs_times)
    ]
    found = [*shared[:BLOCKS_STAND_HERE], *described, *shared[BLOCKS_STAND_HERE:]]
    return {one.name: one for one in found}


def fitted_features(
    blocks: BlockSet,
    config: RankingConfig,
    *,
    with_names: bool = False,
    with_times: bool = False,
) -> list[str]:
    """Names of the features that a fit looks at; saved models may have others, too.

    Args:
        blocks: What items are described by.
        config: Names those that are looked at beside the usual ones.
        with_names: Whether playlists have names.
        with_times: Whether their plays have times.

    Raises:
        ConfigError: If `extra` or `without` names no feature.
    """
    known = features_of(blocks, with_names=True, with_times=True)
    for parameter in ("extra", "without"):
        for name in getattr(config, parameter):
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]
                raise ConfigError(
                    f"The 'ranking.{parameter}' parameter must name features, got {quoted(name)}; "
                    f"did you mean {near!r}?"
                )
    able = features_of(blocks, with_names=with_names, with_times=with_times)
    return [name for name, one in able.items() if one.by_default or name in config.extra]


def linear_features(blocks: BlockSet) -> dict[str, str]:
    """The feature that holds each block's inner product with the query, by block."""
    ordered = sorted(blocks.names, key=lambda name: name == blocks.group)
    described = {name: block_feature(name) for name in ordered}
    return {COOCCURRENCE: "cooccurrence", **described, POPULARITY: "plays"}


def matrix_of(candidates: Candidates, names: Sequence[str]) -> Floats:
    """The features of all candidates, `(n_candidates, n_features)`."""
    columns = np.empty((len(names), len(candidates.rows)), np.float32)
    for column, name in zip(columns, names, strict=True):
        column[:] = candidates[name]
    return np.ascontiguousarray(columns.T)
