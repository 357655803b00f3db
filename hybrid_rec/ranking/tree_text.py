"""LightGBM's text of trees, read with every check and written again without what is not known.

LightGBM trusts a text: a line that is missing, a child that is its own parent or a number of trees
that is zero ends the process or never ends. So it is given no text that was not checked here, field
by field.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hybrid_rec.core.errors import ArtifactError

TREE_SIZES = re.compile(r"^tree_sizes=.*\n", re.MULTILINE)
"""Where each tree begins. Reading goes without it, one tree after the other."""

# Objectives whose scores are the sums of leaves as they are.
_OBJECTIVES = ("rank_xendcg", "lambdarank", "regression")
_FIXED = {"num_class": "1", "num_tree_per_iteration": "1"}
_HEADER = (
    "version", *_FIXED, "label_index", "max_feature_idx", "objective", "feature_names",
    "feature_infos",
)  # fmt: skip
_VERSIONS = ("v3", "v4")
_END = "end of trees"
_FEATURE = re.compile(r"[A-Za-z0-9_]{1,128}")
_INTEGER = re.compile(r"-?[0-9]{1,10}")
_REAL = re.compile(r"-?[0-9]{1,25}(?:\.[0-9]{1,25})?(?:e[-+]?[0-9]{1,3})?")
# Of a leaf; scores are sums of thousands of them.
_LARGEST_LEAF = 1e9
_LARGEST_SINGLE = 3.4e38
_LARGEST_INTEGER = 2**31 - 1
_MOST_LEAVES = 1024
# Bits of a decision: by category, missing values go left, and two for what counts as missing.
_BY_CATEGORY, _MOST_DECISION = 1, 15


@dataclass(frozen=True, eq=False)
class PlainTree:
    """A tree that splits by numbers alone; node n is a split, node ~n a leaf, and 0 the root."""

    leaf_values: list[float]
    """Of each leaf."""
    features: list[int]
    """The feature of each split."""
    thresholds: list[float]
    """What goes left at each split: what is not above."""
    decisions: list[int]
    """LightGBM's bits of each split."""
    left: list[int]
    """The node to the left of each split."""
    right: list[int]
    """The node to the right of each split."""


@dataclass(frozen=True, eq=False)
class TreeText:
    """A text of trees that was checked."""

    features: list[str]
    """Names of the features."""
    trees: list[PlainTree]
    """The trees."""
    text: str
    """The same trees as a text for LightGBM, in which nothing stands that was not checked."""


def read_trees(text: str) -> TreeText:
    """The trees in LightGBM's text.

    Raises:
        ArtifactError: If it is no such text, is cut off, or says what no ranking of ours says:
            several classes, splits by category, linear leaves.
    """
    header, sections = _parted(text)
    names = header["feature_names"].split(" ")
    if not all(map(_FEATURE.fullmatch, names)) or len(set(names)) < len(names):
        raise _wrong("must name its features, each once")
    if header["max_feature_idx"] != str(len(names) - 1):
        raise _wrong(f"must be of {len(names)} features")
    trees, lines = [], ["tree", *(f"{name}={header[name]}" for name in _HEADER[:-1])]
    lines += ["feature_infos=" + " ".join(["none"] * len(names)), ""]
    for number, section in enumerate(sections):
        if section.pop("Tree") != str(number):
            raise _wrong(f"must hold tree {number} in its place")
        trees.append(_tree(number, section, len(names)))
        lines += [f"Tree={number}", *(f"{name}={section[name]}" for name in section), "", ""]
    return TreeText(names, trees, "\n".join([*lines, _END, ""]))


def _wrong(why: str) -> ArtifactError:
    return ArtifactError(
        f"ranking model must be a LightGBM text of whole trees: it {why}; fit again."
    )


def _parted(text: str) -> tuple[dict[str, str], list[dict[str, str]]]:
    """The fields of the header, and those of each tree."""
    first, *lines = text.split("\n")
    if first != "tree" or _END not in lines:
        raise _wrong(f"must begin with 'tree' and hold '{_END}'")
    header: dict[str, str] = {}
    fields, sections = header, []
    for line in lines[: lines.index(_END)]:
        if not line:
            continue
        name, _, value = line.partition("=")
        if name == "Tree":
            fields = {}
            sections.append(fields)
        known = (*_HEADER, "tree_sizes") if fields is header else ("Tree", *_FIELDS)
        if name not in known or name in fields:
            raise _wrong(f"must hold known lines, each once, got {line!r:.60}")
        fields[name] = value
    header.pop("tree_sizes", None)
    for one, wanted in ((header, _HEADER), *((each, _FIELDS) for each in sections)):
        missing = [name for name in wanted if name not in one]
        if missing:
            raise _wrong(f"must hold the lines {', '.join(missing)}")
    fits = (
        all(header[name] == value for name, value in _FIXED.items())
        and header["version"] in _VERSIONS
        and header["objective"] in _OBJECTIVES
        and header["label_index"] == "0"
    )
    if not fits or not sections:
        raise _wrong(f"must hold trees of one class by one of {', '.join(_OBJECTIVES)}")
    return header, sections


def _tree(number: int, fields: Mapping[str, str], n_features: int) -> PlainTree:
    n_leaves = _integers(fields, "num_leaves", 1, 1, _MOST_LEAVES)[0]
    n_splits = n_leaves - 1
    for name in ("num_cat", "is_linear"):
        _integers(fields, name, 1, 0, 0)
    _reals(fields, "shrinkage", 1)
    for name in ("split_gain", "internal_value", "internal_weight"):
        _reals(fields, name, n_splits)
    _integers(fields, "internal_count", n_splits, 1, _LARGEST_INTEGER)
    # A tree that is one leaf says little of it.
    _reals(fields, "leaf_weight", n_leaves if n_splits or fields["leaf_weight"] else 0)
    _integers(fields, "leaf_count", n_leaves, 0, _LARGEST_INTEGER)
    tree = PlainTree(
        _reals(fields, "leaf_value", n_leaves, _LARGEST_LEAF),
        _integers(fields, "split_feature", n_splits, 0, n_features - 1),
        _reals(fields, "threshold", n_splits, _LARGEST_SINGLE),
        _integers(fields, "decision_type", n_splits, 0, _MOST_DECISION),
        _integers(fields, "left_child", n_splits, -n_leaves, n_splits - 1),
        _integers(fields, "right_child", n_splits, -n_leaves, n_splits - 1),
    )
    if any(decision & _BY_CATEGORY for decision in tree.decisions):
        raise _wrong(f"must split by numbers, but tree {number} splits by categories")
    nodes = [*tree.left, *tree.right]
    # Each node but the root once, and none before its parent, so that no walk comes back.
    above = all(child < 0 or child > place for place, child in
                [*enumerate(tree.left), *enumerate(tree.right)])  # fmt: skip
    if len(set(nodes)) < len(nodes) or 0 in nodes or not above:
        raise _wrong(f"must hold trees, but tree {number} does not hold each of its nodes once")
    return tree


def _integers(fields: Mapping[str, str], name: str, length: int, low: int, high: int) -> list[int]:
    """The whole numbers of a field."""
    found = _split(fields, name, length, _INTEGER)
    values = [int(value) for value in found]
    if not all(low <= value <= high for value in values):
        raise _wrong(f"must hold {name} from {low} to {high}")
    return values


def _reals(
    fields: Mapping[str, str], name: str, length: int, largest: float = math.inf
) -> list[float]:
    """The numbers of a field, all finite."""
    values = [float(value) for value in _split(fields, name, length, _REAL)]
    if not all(math.isfinite(value) and abs(value) <= largest for value in values):
        raise _wrong(f"must hold finite {name} of at most {largest:g}")
    return values


def _split(
    fields: Mapping[str, str], name: str, length: int, form: re.Pattern[str]
) -> Sequence[str]:
    found = fields[name].split(" ") if fields[name] else []
    if len(found) != length or not all(map(form.fullmatch, found)):
        raise _wrong(f"must hold {length} numbers as {name}, got {fields[name]!r:.60}")
    return found


_FIELDS = (
    "num_leaves", "num_cat", "split_feature", "split_gain", "threshold", "decision_type",
    "left_child", "right_child", "leaf_value", "leaf_weight", "leaf_count", "internal_value",
    "internal_weight", "internal_count", "is_linear", "shrinkage",
)  # fmt: skip
