"""Registry of metrics: what each is called, which direction is better, how reports label it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hybrid_rec.core.arrays import Doubles, Mask, Rows
from hybrid_rec.core.errors import ConfigError
from hybrid_rec.core.quoting import quoted
from hybrid_rec.core.registry import Registry

Compute = Callable[[Mask, Rows, int], Doubles]
"""`(hits, n_targets, k)` -> one value a case: which entries of each list are targets,
`(n_cases, n)`, the number of targets of each case, `(n_cases,)`, and the cut-off."""

DEFAULT_METRIC = "ndcg@500"


@dataclass(frozen=True)
class Metric:
    """A ranking metric, at any cut-off."""

    name: str
    """Its name in results and on the command line."""
    label: str
    """Its name in reports."""
    meaning: str
    """Its definition in reports, in one phrase."""
    lower_is_better: bool
    """The direction."""
    compute: Compute
    """The function, whose docstring gives the formula."""


METRICS: Registry[Metric] = Registry("metric", "evaluation.metrics")
"""All metrics by name."""


def register_metric(
    label: str, meaning: str, *, lower_is_better: bool = False
) -> Callable[[Compute], Compute]:
    """A decorator that makes a function a metric, named like the function.

    Args:
        label: Its name in reports.
        meaning: Its definition in reports, in one phrase.
        lower_is_better: The direction.
    """

    def register(compute: Compute) -> Compute:
        name = compute.__name__
        METRICS.add(
            name, Metric(name, label, meaning, lower_is_better, compute), compute.__module__
        )
        return compute

    return register


@dataclass(frozen=True)
class MetricAtK:
    """A metric at one cut-off, written "ndcg@500"."""

    name: str
    """One of `METRICS`."""
    k: int
    """The cut-off, at least 1."""

    @classmethod
    def parse(cls, text: str) -> MetricAtK:
        """The metric and cut-off that a text such as "ndcg@500" names.

        Raises:
            ConfigError: If it names no metric or no cut-off.
        """
        name, _, k = text.partition("@")
        if name not in METRICS or not (k.isascii() and k.isdigit()) or int(k) < 1:
            raise ConfigError(
                f"metric must be one of {', '.join(METRICS)} with a cut-off of at least 1, such as "
                f"{DEFAULT_METRIC}, got {quoted(text)}."
            )
        return cls(name, int(k))

    def __str__(self) -> str:
        return f"{self.name}@{self.k}"

    @property
    def sign(self) -> int:
        """1 where higher is better, else -1."""
        return sign_of(str(self))


def sign_of(column: str) -> int:
    """1 if higher is better in a column such as "ndcg@500", else -1."""
    return -1 if METRICS[column.partition("@")[0]].lower_is_better else 1


def label_of(column: str) -> str:
    """How reports write a column such as "ndcg@500"; other names than metrics lose underscores."""
    name, _, k = column.partition("@")
    label = METRICS[name].label if name in METRICS else name.replace("_", " ")
    return f"{label}@{k}"


def default_headline(ks: Sequence[int], *, challenge: bool = False) -> list[str]:
    """The columns that tables and reports show unless told otherwise, the most important first.

    Args:
        ks: Cut-offs that were measured, ascending.
        challenge: Whether they are to be those of the RecSys Challenge 2018.
    """
    if challenge:
        return [f"{name}@{ks[-1]}" for name in ("r_precision", "ndcg", "clicks")]
    return [f"hit_rate@{ks[0]}", f"ndcg@{ks[-1]}", f"recall@{ks[-1]}"]
