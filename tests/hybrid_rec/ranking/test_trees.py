"""Trees as bit vectors: what LightGBM says, to the last bit."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from typing import Any

import lightgbm
import numpy as np
import pytest
from numpy.typing import NDArray

from hybrid_rec.core.errors import ArtifactError, HybridRecError
from hybrid_rec.ranking import trees as module
from hybrid_rec.ranking.trees import Trees

NAMES = ["a", "b", "c", "d"]
Fit = Callable[..., Trees]


def rows_of(n: int, seed: int = 0) -> NDArray[np.float32]:
    rows = np.random.default_rng(seed).standard_normal((n, 4), dtype=np.float32)
    # Whole numbers stand on thresholds, and zeros are what most features hold.
    rows[:, 1] = np.round(rows[:, 1] * 3)
    rows[rows[:, 2] < 0, 2] = 0
    return rows


@pytest.fixture(scope="module")
def fit() -> Fit:
    def fit(
        rows: NDArray[np.float32] | None = None,
        categories: Sequence[str] = (),
        **parameters: Any,
    ) -> Trees:
        rows = rows_of(3_000) if rows is None else rows
        labels = np.nan_to_num(np.sin(rows).sum(axis=1)) + rows[:, 0] * (np.abs(rows[:, 1]) > 1)
        data = lightgbm.Dataset(
            rows, np.nan_to_num(labels), feature_name=NAMES, categorical_feature=list(categories)
        )
        given = {"verbose": -1, "min_data_in_leaf": 5, "num_threads": 1, **parameters}
        return Trees(lightgbm.train(given, data, 20).model_to_string(), NAMES)

    return fit


@pytest.mark.parametrize("leaves", [2, 8, 9, 16, 31, 64])
def test_many_rows_get_what_lightgbm_says(
    leaves: int, fit: Fit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BLOCK", 900)
    trees, rows = fit(num_leaves=leaves), rows_of(10_000, seed=1)
    truth = trees._booster.predict(rows)
    assert len(np.unique(truth)) > 5
    assert trees._bits is not None
    assert np.array_equal(trees.predict(rows), truth)
    assert np.array_equal(trees.predict(rows[:100]), truth[:100])


def test_rows_on_a_threshold_go_left(fit: Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MANY", 0)
    trees = fit(num_leaves=16)
    assert trees._bits is not None
    splits = [split for tree in trees._bits for split in tree.splits]
    rows = np.zeros((3 * len(splits), 4), np.float32)
    for number, (feature, threshold, _) in enumerate(splits):
        for step, towards in enumerate((-np.inf, threshold, np.inf)):
            rows[3 * number + step, feature] = np.nextafter(threshold, np.float32(towards))
    assert np.array_equal(trees.predict(rows), trees._booster.predict(rows))


def test_a_tree_of_one_leaf(fit: Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MANY", 0)
    trees, rows = fit(min_data_in_leaf=10_000), rows_of(50)
    assert np.array_equal(trees.predict(rows), trees._booster.predict(rows))


@pytest.mark.parametrize("case", ["leaves", "missing"])
def test_what_bits_cannot_say_is_left_to_lightgbm(
    case: str, fit: Fit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MANY", 0)
    rows = np.abs(rows_of(3_000))
    if case == "missing":
        rows[::3, 0] = np.nan
    trees = fit(rows=rows, num_leaves=65 if case == "leaves" else 31)
    assert trees._bits is None
    assert np.array_equal(trees.predict(rows), trees._booster.predict(rows))


@pytest.mark.parametrize(
    "parameters",
    [
        {"categories": ["b"]},
        {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5},
        {"linear_tree": True},
        {"objective": "huber"},
    ],
)
def test_trees_that_no_ranking_has_are_refused(parameters: dict[str, Any], fit: Fit) -> None:
    with pytest.raises(ArtifactError, match="must be a LightGBM text of whole trees: it must"):
        fit(rows=np.abs(rows_of(3_000)), **parameters)


def test_a_few_calls_need_no_lightgbm(fit: Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    trees, rows = fit(), rows_of(100)
    truth = trees._booster.predict(rows)
    fresh = Trees(trees._text, NAMES)
    monkeypatch.delitem(sys.modules, "lightgbm")
    monkeypatch.setattr(module, "_CALLS_BEFORE_IMPORT", 2)
    with monkeypatch.context() as patch:
        patch.setattr(module, "load_lightgbm", _not_there)
        for _ in range(2):
            assert np.array_equal(fresh.predict(rows), truth)
        # Many rows are never left to it.
        assert len(fresh.predict(rows_of(module._MANY))) == module._MANY
        with pytest.raises(HybridRecError, match="not there"):
            fresh.predict(rows)
    assert np.array_equal(fresh.predict(rows), truth)


def _not_there() -> None:
    raise HybridRecError("not there")


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("left_child", lambda first: "0" if first != "0" else "1"),
        ("right_child", lambda _: "999"),
        ("split_feature", lambda _: "4"),
        ("threshold", lambda _: "x"),
        ("threshold", lambda _: "1e39"),
        ("decision_type", lambda _: "1"),
        ("internal_count", lambda _: "0"),
        ("internal_value", lambda _: "nan"),
        ("leaf_value", lambda _: "1e308"),
        ("leaf_weight", lambda _: "inf"),
        ("num_leaves", lambda _: "1000000000"),
        ("num_class", lambda _: "0"),
        ("num_tree_per_iteration", lambda _: "0"),
        ("max_feature_idx", lambda _: "2147483647"),
        ("leaf_value", lambda first: f"{first} {first}"),
    ],
)
def test_numbers_that_are_no_tree_are_refused(
    field: str, change: Callable[[str], str], fit: Fit
) -> None:
    text = fit(num_leaves=8)._text
    start = text.index(f"\n{field}=") + len(field) + 2
    first = text[start:].split()[0]
    damaged = text[:start] + change(first) + text[start + len(first) :]
    with pytest.raises(ArtifactError, match="must be a LightGBM text of whole trees"):
        Trees(damaged, NAMES)
    with pytest.raises(ArtifactError, match="must be a LightGBM text of whole trees"):
        Trees("no trees", NAMES)


def test_trees_of_other_features_are_refused(fit: Fit) -> None:
    text = fit()._text
    with pytest.raises(ArtifactError, match="but lacks e; has beside them d; fit it again"):
        Trees(text, ["a", "b", "c", "e"])
    with pytest.raises(ArtifactError, match="but has beside them d; fit it again"):
        Trees(text, ["a", "b", "c"])


def test_trees_that_begin_elsewhere_than_they_say() -> None:
    """LightGBM would end the process."""
    rng = np.random.default_rng(0)
    data = lightgbm.Dataset(rng.random((200, 2)), rng.random(200))
    text = lightgbm.train({"verbose": -1, "num_leaves": 4}, data, 3).model_to_string()
    names, rows = ["Column_0", "Column_1"], rng.random((20, 2)).astype(np.float32)
    wrong = re.sub("^tree_sizes=.*$", "tree_sizes=1 2 3", text, flags=re.MULTILINE)
    assert wrong != text
    assert (Trees(wrong, names).predict(rows) == Trees(text, names).predict(rows)).all()
    assert (Trees(wrong, names).gains() == Trees(text, names).gains()).all()
    with pytest.raises(ArtifactError, match="must be a LightGBM text of whole trees"):
        Trees(text.replace("\nTree=1\n", "\nnonsense\nTree=1\n"), names).gains()


def test_every_line_that_is_missing_twice_there_or_cut_off_is_refused(fit: Fit) -> None:
    """Some of them would end the process."""
    whole = fit(num_leaves=4)._text.split("\n")
    end = whole.index("end of trees") + 1
    for place, line in enumerate(whole[:end]):
        if not line:
            continue
        for lines in (whole[:place] + whole[place + 1 :], whole[:place], whole[: place + 1] * 2):
            if lines[:end] == whole[:end]:
                continue
            with pytest.raises(ArtifactError, match="must be a LightGBM text of whole trees"):
                Trees("\n".join(lines), NAMES)


@pytest.mark.parametrize(
    ("left", "right"), [("0 0 0", "0 0 0"), ("1 0 -1", "-2 2 -3"), ("1 2 -1", "2 -2 -3")]
)
def test_children_that_never_end_are_refused(left: str, right: str, fit: Fit) -> None:
    text = fit(num_leaves=4)._text
    for name, children in (("left_child", left), ("right_child", right)):
        text = re.sub(f"^{name}=.*$", f"{name}={children}", text, count=1, flags=re.MULTILINE)
    with pytest.raises(ArtifactError, match="tree 0 does not hold each of its nodes once"):
        Trees(text, NAMES)


def test_what_lightgbm_reads_says_what_was_checked_and_no_more(fit: Fit) -> None:
    trees = fit()
    # What stands behind the trees, such as parameters, is not for it.
    again = Trees(trees._text + "\nparameters:\n[data: /etc/passwd]\nend of parameters\n", NAMES)
    assert again._text == trees._text
    assert trees._text.endswith("end of trees\n")
    rows = rows_of(100)
    assert np.array_equal(again.contributions(rows), trees.contributions(rows))
