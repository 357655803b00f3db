"""Registry of baselines: each by its name on the command line."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from evaluation.recommenders.base import Baseline
from hybrid_rec.core.registry import Registry

AnyBaseline = TypeVar("AnyBaseline", bound=type[Baseline])


@dataclass(frozen=True)
class Entry:
    """A registered baseline."""

    kind: type[Baseline]
    """Its class."""
    default: bool
    """Whether `hybrid-rec evaluate` measures it unless told otherwise."""


BASELINES: Registry[Entry] = Registry("baseline", "evaluation.recommenders")
"""All baselines by name."""


def register_baseline(*, default: bool = False) -> Callable[[AnyBaseline], AnyBaseline]:
    """A decorator that makes a class a baseline, by its `name`.

    All parameters of its constructor have defaults; one that draws at random takes `seed`.

    Args:
        default: Whether `hybrid-rec evaluate` measures it unless told otherwise; it should then
            be quick to fit, on any data, with the core dependencies alone.
    """

    def register(kind: AnyBaseline) -> AnyBaseline:
        BASELINES.add(kind.name, Entry(kind, default), kind.__module__)
        return kind

    return register


def default_baselines() -> tuple[str, ...]:
    """Names of the baselines that are measured unless others are asked for."""
    return tuple(name for name, entry in BASELINES.items() if entry.default)


def make_baseline(name: str, seed: int = 0) -> Baseline:
    """A baseline with its default settings.

    Args:
        name: One of `BASELINES`.
        seed: Seed of those that draw anything at random.

    Raises:
        ConfigError: For another name, or a seed out of range.
    """
    kind = BASELINES.named(name).kind
    seeded = "seed" in inspect.signature(kind).parameters
    return kind(**({"seed": seed} if seeded else {}))
