"""Run draws: the hybrid and baselines on several draws of a split."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from evaluation.comparison import Comparison
from evaluation.draws import Draws
from evaluation.harness import DEFAULT_KS
from evaluation.run import Compared, Elsewhere, compare, peers_of
from evaluation.splits.split import Split
from evaluation.twins import Twins
from hybrid_rec.core.config import HybridConfig
from hybrid_rec.core.errors import ConfigError
from hybrid_rec.core.progress import Progress

Make = Callable[[int], tuple[Split, Split | None]]
"""The split of a seed, and its validation part, if the baseline to compare with is chosen there."""


@dataclass(frozen=True)
class ComparedDraws:
    """What `compare_draws` found."""

    draws: Draws
    """All draws together."""
    first: Compared
    """What `compare` found on the first one."""


def compare_draws(
    make: Make,
    seeds: Sequence[int],
    config: HybridConfig,
    baselines: Sequence[str] | None = None,
    *,
    k: Sequence[int] = DEFAULT_KS,
    learn: bool = False,
    twins: Twins = "count",
    elsewhere: Elsewhere | None = None,
    progress: Progress | None = None,
) -> ComparedDraws:
    """The hybrid and baselines on several draws of a split, each fitted anew for every draw.

    With validation parts, the baseline to compare with is for each metric the best one over the
    validation parts of all draws.

    Args:
        make: Makes the split of a seed, and its validation part or None.
        seeds: Seeds of the splits, all different.
        config: Configuration of the hybrid; its seed is the same in every draw.
        baselines: As in `compare`.
        k: Cut-offs.
        learn: As in `compare`.
        twins: See `evaluate`.
        elsewhere: As in `compare`.
        progress: Told of every stage.

    Raises:
        ConfigError: For an unknown baseline, no or equal seeds, or a split that draws nothing.
    """
    if not seeds or len(set(seeds)) != len(seeds):
        raise ConfigError(f"seeds of draws must be at least one and different, got {list(seeds)}.")
    found: list[Compared] = []
    tested: Split | None = None
    for seed in seeds:
        split, validation = make(seed)
        if tested is not None and _same_cases(tested, split):
            raise ConfigError(f"{split.name} draws nothing: every draw is the same; ask for one.")
        tested = split
        one = compare(
            split, config, baselines,
            k=k, learn=learn, validation=validation, twins=twins, elsewhere=elsewhere,
            progress=progress,
        )  # fmt: skip
        # Lists of all draws together would take much memory, and only the first are looked into.
        found.append(replace(one, comparison=_slim(one.comparison)) if found else one)
    chosen = [one.validation for one in found if one.validation is not None]
    peers = peers_of(Draws(tuple(chosen), tuple(seeds))) if chosen else {}
    draws = Draws(tuple(one.comparison for one in found), tuple(seeds), peers=peers)
    return ComparedDraws(draws, found[0])


def _same_cases(one: Split, other: Split) -> bool:
    return np.array_equal(one.targets.rows, other.targets.rows) and np.array_equal(
        one.seeds.rows, other.seeds.rows
    )


def _slim(comparison: Comparison) -> Comparison:
    """The same without the lists themselves."""
    return replace(
        comparison,
        evaluations=tuple(
            replace(e, rows=e.rows[:, :0].copy(), sources=e.sources[:, :0].copy())
            for e in comparison.evaluations
        ),
    )
