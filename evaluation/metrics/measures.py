"""Registry of measures of lists: what each is called and how reports define it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from evaluation.splits.split import Split
from hybrid_rec.core.arrays import Rows
from hybrid_rec.core.registry import Registry

Compute = Callable[[Rows, Split], float]


@dataclass(frozen=True)
class Measure:
    """A measure of recommended lists that needs no targets."""

    meaning: str
    """Its definition in reports, in one phrase."""
    signed: bool
    """Whether reports write a plus before values above 0."""
    compute: Compute
    """`(rows, split)` -> the measure, NaN where it has nothing to look at."""


MEASURES: Registry[Measure] = Registry("measure of lists", "evaluation.metrics")
"""All measures of lists by name."""


def register_measure(meaning: str, *, signed: bool = False) -> Callable[[Compute], Compute]:
    """A decorator that makes a function a measure of lists, named like the function.

    Args:
        meaning: Its definition in reports, in one phrase.
        signed: Whether reports write a plus before values above 0.
    """

    def register(compute: Compute) -> Compute:
        MEASURES.add(compute.__name__, Measure(meaning, signed, compute), compute.__module__)
        return compute

    return register


def beyond_accuracy(rows: Rows, split: Split, k: int = 10) -> dict[str, float]:
    """Every registered measure over the first k recommendations, by names such as "novelty@10"."""
    return {
        f"{name}@{k}": measure.compute(rows[:, :k], split) for name, measure in MEASURES.items()
    }
