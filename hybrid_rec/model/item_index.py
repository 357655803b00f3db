"""The vector index of a model: its kind, and how much each block counts in its geometry."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import sparse

from hybrid_rec.blocks.block_set import BlockSet
from hybrid_rec.core.arrays import Doubles, Floats, Rows
from hybrid_rec.core.config import COOCCURRENCE, POPULARITY, HybridConfig
from hybrid_rec.core.errors import ConfigError
from hybrid_rec.model.fitted import ItemDescriptions
from indexes.base import VectorIndexError
from indexes.choice import AUTO, Choice, choose_factory
from indexes.hybrid import HybridIndex

# Weights are taken as at least this share of the largest: another call may ask with others.
_LEAST_SHARE = 2.0**-8


def choose_index(n_items: int, dim: int, config: HybridConfig, factory: str) -> Choice:
    """The kind of index of so many items: what is asked for, or what suits.

    Args:
        n_items: Number of items.
        dim: Dimensions of the dense blocks together.
        config: Goal and memory budget.
        factory: FAISS factory string, or "auto".
    """
    if factory != AUTO:
        return Choice(factory, "asked for by index.factory")
    goal, memory_gb = config.index.goal, config.index.memory_gb
    return choose_factory(n_items, dim, goal=goal, memory_gb=memory_gb)


def blocks_of(
    vectors: Floats, plays: Rows | Doubles, items: ItemDescriptions
) -> tuple[dict[str, Floats], dict[str, sparse.csr_array]]:
    """The dense and the sparse blocks of all items, by name, as the index takes them.

    Args:
        vectors: Places in co-occurrence space, `(n_items, dim)`.
        plays: Plays of each item, each as much as it counts, `(n_items,)`.
        items: What describes them.
    """
    # Beside each other, for what is often asked without the others.
    dense = {COOCCURRENCE: vectors, POPULARITY: np.log1p(plays).astype(np.float32)[:, None]}
    hot: dict[str, sparse.csr_array] = {}
    for block in items.blocks:
        (hot if block.is_sparse else dense)[block.name] = items.rows[block.name]
    return dense, hot


def build_index(
    dense: Mapping[str, Floats],
    one_hot: Mapping[str, sparse.csr_array],
    blocks: BlockSet,
    config: HybridConfig,
    factory: str,
) -> tuple[HybridIndex, Choice]:
    """The index of all items, and why it is of its kind.

    Args:
        dense: Dense blocks by name, each `(n_items, dim)`.
        one_hot: Sparse blocks by name, each `(n_items, n_columns)`.
        blocks: What the weights of blocks are by default.
        config: Goal, memory budget, seed, and the block weights that the geometry is made for:
            those given, which likeness and the ranking's candidates are searched by, and not
            those learned for the linear score.
        factory: FAISS factory string, or "auto".

    Raises:
        ConfigError: If the factory does not suit the data.
    """
    layout = {name: block.shape[1] for name, block in dense.items()}
    n_items = len(next(iter(dense.values())))
    choice = choose_index(n_items, sum(layout.values()), config, factory)
    try:
        index = HybridIndex.build(
            dense,
            one_hot,
            factory=choice.factory,
            seed=config.seed,
            scale=block_scale(layout, blocks.weights(config.weights)),
        )
    except VectorIndexError as error:
        raise ConfigError(f"The 'index.factory' parameter: {error}") from None
    return index, choice


def block_scale(layout: Mapping[str, int], weights: Mapping[str, float]) -> Floats:
    """How much each dimension counts in an approximate index, `(dim,)`; see `faiss_scale`.

    The power of two next to the square root of the block's weight.

    Args:
        layout: Names and widths of the dense blocks.
        weights: Their weights.
    """
    values = np.array([weights[name] for name in layout])
    largest = values.max() or 1.0
    exponents = np.round(np.log2(np.maximum(values / largest, _LEAST_SHARE)) / 2)
    return np.repeat(np.exp2(exponents), list(layout.values())).astype(np.float32)
