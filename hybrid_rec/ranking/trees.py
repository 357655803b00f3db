"""Gradient-boosted trees: LightGBM's, and the same sums several times as fast for many rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybrid_rec.core.errors import ArtifactError, HybridRecError

# Rows from which on bit vectors are faster than walks through the trees, and rows of a block:
# for fewer, calling numpy takes longer than what it does.
_MANY, _BLOCK = 8_192, 32_768
# Leaves that a bit vector may have.
_WIDTHS = (np.uint8, np.uint16, np.uint32, np.uint64)
_MOST_LEAVES = 64
_LEAVES = re.compile(r"^num_leaves=(\d+)$", re.MULTILINE)
# Where each tree begins. With it LightGBM reads trees on several threads, and a tree that begins
# elsewhere ends the process; without it that is an error.
TREE_SIZES = re.compile(r"^tree_sizes=.*\n", re.MULTILINE)
_ZERO = np.float32(1e-35)


class Trees:
    """A LightGBM model, ready to score.

    Args:
        text: The trees in LightGBM's own text format.
        features: Names that its features must have.

    Raises:
        ArtifactError: If the text is no model of these features.
        HybridRecError: If LightGBM's shared library cannot be loaded.
    """

    def __init__(self, text: str, features: Sequence[str]) -> None:
        lightgbm = load_lightgbm()
        self._n_leaves = max(map(int, _LEAVES.findall(text)), default=0)
        try:
            self._booster = lightgbm.Booster(model_str=TREE_SIZES.sub("", text))
        except lightgbm.basic.LightGBMError as error:
            raise ArtifactError(f"ranking model must be a LightGBM text, but: {error}.") from None
        # It reads no further than to what it does not know.
        if self._booster.num_trees() != text.count("\nTree="):
            raise ArtifactError(
                "ranking model must be a LightGBM text of whole trees; fit it again."
            )
        found = self._booster.feature_name()
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
                f"ranking model must have the features of its blocks, but {difference}; "
                "fit it again."
            )

    def predict(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """Scores of finite rows, `(n,)`; the same to the last bit however many there are.

        Args:
            rows: `(n, n_features)`.
        """
        if len(rows) < _MANY or self._bits is None:
            return np.asarray(self._booster.predict(rows), dtype=np.float64)
        blocks = [rows[start : start + _BLOCK] for start in range(0, len(rows), _BLOCK)]
        return np.concatenate([_walked(self._bits, block) for block in blocks])

    def contributions(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """What each feature adds to the scores, `(n, n_features + 1)`, the base value last."""
        return np.asarray(self._booster.predict(rows, pred_contrib=True), dtype=np.float64)

    def gains(self) -> NDArray[np.float64]:
        """The gain of all splits of each feature, `(n_features,)`."""
        return np.asarray(self._booster.feature_importance("gain"), dtype=np.float64)

    @cached_property
    def _bits(self) -> list[_BitTree] | None:
        """The trees as bit vectors; None if they hold what these cannot say."""
        # Looked at first, as a dump of trees as deep as Python's stack could not even be read.
        if not 0 < self._n_leaves <= _MOST_LEAVES:
            return None
        model = self._booster.dump_model()
        trees = [_BitTree.of(tree["tree_structure"]) for tree in model["tree_info"]]
        known = [tree for tree in trees if tree is not None]
        return known if len(known) == len(trees) and not model["average_output"] else None


@dataclass(frozen=True, eq=False)
class _BitTree:
    """A tree whose leaves are numbered from left to right.

    A row that goes right at a split can reach none of the leaves to its left. Of those that no
    split rules out, the leftmost is where it ends.

    References:
        Lucchese et al., "QuickScorer: A Fast Algorithm to Rank Documents with Additive Ensembles of
        Regression Trees", SIGIR 2015.
    """

    values: NDArray[np.float64]
    """Of the leaves."""
    splits: list[tuple[int, np.float32, np.integer[Any]]]
    """Feature, threshold, and a bit for each leaf that rows above it cannot reach."""

    @classmethod
    def of(cls, root: dict[str, Any]) -> _BitTree | None:
        """A tree as LightGBM dumps it; None for categories, missing values and the like."""
        values: list[float] = []
        splits: list[tuple[int, float, int]] = []
        known = True

        def visit(node: dict[str, Any]) -> None:
            nonlocal known
            if "split_feature" not in node:
                known &= "leaf_coeff" not in node
                values.append(node["leaf_value"])
                return
            known &= node["decision_type"] == "<=" and node["missing_type"] == "None"
            first = len(values)
            visit(node["left_child"])
            bits = (1 << len(values)) - (1 << first)
            splits.append((node["split_feature"], node["threshold"], bits))
            visit(node["right_child"])

        visit(root)
        if not known:
            return None
        width = next(width for width in _WIDTHS if len(values) <= np.iinfo(width).bits)
        return cls(
            np.array(values),
            [(feature, _single(threshold), width(bits)) for feature, threshold, bits in splits],
        )


def _walked(trees: list[_BitTree], rows: NDArray[np.float32]) -> NDArray[np.float64]:
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
