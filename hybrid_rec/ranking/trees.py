"""Gradient-boosted trees: LightGBM's, and the same sums without it, faster for many rows."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from hybrid_rec.core.arrays import Doubles, Floats
from hybrid_rec.core.errors import ArtifactError, HybridRecError
from hybrid_rec.ranking.tree_text import PlainTree, read_trees

# Rows from which on bit vectors are faster than walks through the trees, and rows of a block:
# for fewer, calling numpy takes longer than what it does.
_MANY, _BLOCK = 8_192, 32_768
# Importing LightGBM takes as long as so many calls without it. A process that asks but a few
# times is spared the import.
_CALLS_BEFORE_IMPORT = 300
# Leaves that a bit vector may have.
_WIDTHS = (np.uint8, np.uint16, np.uint32, np.uint64)
_MOST_LEAVES = 64
# The bit of a decision that says where missing values go, which does not matter without any.
_DEFAULT_LEFT = 2
_ZERO = np.float32(1e-35)
# LightGBM's threads are gone in a forked child, where it would wait for them for ever.
ONE_THREAD = {"num_threads": 1}


class Trees:
    """A LightGBM model, ready to score.

    Args:
        text: The trees in LightGBM's own text format.
        features: Names that its features must have.

    Raises:
        ArtifactError: If the text is no model of these features.
        HybridRecError: If LightGBM's shared library is needed and cannot be loaded.
    """

    def __init__(self, text: str, features: Sequence[str]) -> None:
        read = read_trees(text)
        self._text = read.text
        self._calls = 0
        self._bits = _as_bits(read.trees)
        found = read.features
        if found != list(features):
            lacking, more = set(features) - set(found), set(found) - set(features)
            difference = (
                "; ".join(
                    f"{what} {', '.join(sorted(names))}"
                    for what, names in (("lacks", lacking), ("has beside them", more))
                    if names
                )
                or "has them in another order"
            )
            raise ArtifactError(
                f"ranking model must have the features of its blocks, but {difference}; fit "
                "it again."
            )

    def predict(self, rows: Floats) -> Doubles:
        """Scores of finite rows, `(n,)`; the same to the last bit however many there are.

        Args:
            rows: `(n, n_features)`.
        """
        if self._bits is None or (len(rows) < _MANY and self._import_pays()):
            return np.asarray(self._booster.predict(rows, **ONE_THREAD), dtype=np.float64)
        blocks = [rows[start : start + _BLOCK] for start in range(0, len(rows), _BLOCK)]
        return np.concatenate([_walked(self._bits, block) for block in blocks])

    def contributions(self, rows: Floats) -> Doubles:
        """What each feature adds to the scores, `(n, n_features + 1)`, the base value last."""
        found = self._booster.predict(rows, pred_contrib=True, **ONE_THREAD)
        return np.asarray(found, dtype=np.float64)

    def gains(self) -> Doubles:
        """The gain of all splits of each feature, `(n_features,)`."""
        return np.asarray(self._booster.feature_importance("gain"), dtype=np.float64)

    def _import_pays(self) -> bool:
        """Whether LightGBM is there, or is worth importing by now."""
        self._calls += 1
        return "lightgbm" in sys.modules or self._calls > _CALLS_BEFORE_IMPORT

    @cached_property
    def _booster(self) -> Any:
        lightgbm = load_lightgbm()
        try:
            return lightgbm.Booster(model_str=self._text)
        except lightgbm.basic.LightGBMError as error:
            raise ArtifactError(f"ranking model must be a LightGBM text, but: {error}.") from None


@dataclass(frozen=True, eq=False)
class _BitTree:
    """A tree whose leaves are numbered from left to right.

    A row that goes right at a split can reach none of the leaves to its left. Of those that no
    split rules out, the leftmost is where it ends.

    References:
        Lucchese et al., "QuickScorer: A Fast Algorithm to Rank Documents with Additive Ensembles of
        Regression Trees", SIGIR 2015.
    """

    values: Doubles
    """Of the leaves."""
    splits: list[tuple[int, np.float32, np.integer[Any]]]
    """Feature, threshold, and a bit for each leaf that rows above it cannot reach."""

    @classmethod
    def of(cls, tree: PlainTree) -> _BitTree | None:
        """A tree as bits; None for one with too many leaves, or that has a place for NaN."""
        n_leaves = len(tree.leaf_values)
        if n_leaves > _MOST_LEAVES or any(bits & ~_DEFAULT_LEFT for bits in tree.decisions):
            return None
        values: list[float] = []
        splits: list[tuple[int, float, int]] = []

        def visit(node: int) -> None:
            if node < 0:
                values.append(tree.leaf_values[~node])
                return
            first = len(values)
            visit(tree.left[node])
            bits = (1 << len(values)) - (1 << first)
            splits.append((tree.features[node], tree.thresholds[node], bits))
            visit(tree.right[node])

        visit(0 if n_leaves > 1 else -1)
        width = next(width for width in _WIDTHS if len(values) <= np.iinfo(width).bits)
        return cls(
            np.array(values),
            [(feature, _single(threshold), width(bits)) for feature, threshold, bits in splits],
        )


def _as_bits(trees: Sequence[PlainTree]) -> list[_BitTree] | None:
    """The trees as bits; None where LightGBM has to walk through one of them."""
    made = [_BitTree.of(tree) for tree in trees]
    known = [tree for tree in made if tree is not None]
    return known if len(known) == len(made) else None


def _walked(trees: list[_BitTree], rows: Floats) -> Doubles:
    """The sum of the leaves that each row ends in, tree after tree as LightGBM adds them."""
    columns = np.ascontiguousarray(rows.T)
    above = np.empty(len(rows), bool)
    total = np.zeros(len(rows))
    for tree in trees:
        width = np.dtype(tree.splits[0][2].dtype if tree.splits else np.uint8)
        ruled_out = np.zeros(len(rows), width)
        bits = np.empty(len(rows), width)
        for feature, threshold, unreachable in tree.splits:
            np.greater(columns[feature], threshold, out=above)
            np.multiply(above, unreachable, out=bits, dtype=width)
            np.bitwise_or(ruled_out, bits, out=ruled_out)
        # As many ones as follow each other from the lowest bit on.
        leaf = np.bitwise_count(ruled_out & ~(ruled_out + width.type(1)))
        total += tree.values.take(leaf)
    return total


def _single(threshold: float) -> np.float32:
    """The largest number of single precision that is not above; it splits those alike."""
    nearest = np.float32(threshold)
    if float(nearest) > threshold:
        nearest = np.nextafter(nearest, np.float32(-np.inf))
    # LightGBM takes what is as small as this for zero.
    if -_ZERO <= nearest < 0:
        return np.float32(np.nextafter(-_ZERO, np.float32(-np.inf)))
    return max(nearest, _ZERO) if nearest >= 0 else nearest


def load_lightgbm() -> Any:
    """The library.

    Raises:
        HybridRecError: If it, or the OpenMP runtime that it needs, is missing.
    """
    try:
        import lightgbm
    except (ImportError, OSError) as error:
        raise HybridRecError(
            f"the learned ranking needs LightGBM, which cannot be loaded: {error}. Install the "
            "OpenMP runtime (Debian and Ubuntu: apt-get install libgomp1; macOS: brew install "
            "libomp), or switch it off with ranking.enabled = false."
        ) from error
    return lightgbm
