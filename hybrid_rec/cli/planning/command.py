"""What `hybrid-rec plan` does."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from hybrid_rec.cli.planning.sizes import (
    Shape,
    disk_bytes,
    fit_memory_bytes,
    score_disk_bytes,
    score_memory_bytes,
)
from hybrid_rec.cli.planning.times import Times, measure_times
from hybrid_rec.core.config import HybridConfig
from hybrid_rec.core.console import print_table, write, write_json, write_lines
from hybrid_rec.core.errors import ConfigError
from hybrid_rec.core.progress import as_progress
from hybrid_rec.core.words import how_many
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.datasets import read_dataset
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.data.training import check_training

_GB = 1e9


@dataclass(frozen=True)
class Plan:
    """What a fit and a scoring run will take."""

    index: str
    """Kind of the index, and why."""
    n_new_texts: int
    """Texts that must be encoded; the others are in the cache."""
    times: Times
    """Seconds."""
    fit_memory_gb: float
    """Peak of the process of the fit, in 10^9 bytes."""
    model_gb: float
    """The saved model."""
    score_seconds: float
    """Of a scoring run, without start and loading."""
    score_memory_gb: float
    """Peak of the scoring run."""
    score_gb: float
    """The parts that it writes."""
    seconds: float
    """What planning took."""

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        return {
            "index": self.index,
            "new_texts": self.n_new_texts,
            "fit": {
                "seconds": sum(self.times.fit.values()),
                "stages": self.times.fit,
                "memory_gb": self.fit_memory_gb,
                "disk_gb": self.model_gb,
            },
            "score": {
                "seconds": self.score_seconds,
                "ms_a_query": self.times.query * 1e3,
                "memory_gb": self.score_memory_gb,
                "disk_gb": self.score_gb,
            },
            "planned_in_seconds": self.seconds,
        }


def make_plan(
    playlists: Playlists,
    catalog: Catalog,
    config: HybridConfig,
    *,
    n_queries: int | None = None,
    k: int = 100,
    workers: int = 1,
) -> Plan:
    """What a fit of a data set and a scoring run with the model will take on this machine.

    Sizes are computed, times measured on a sample of the work, which takes some seconds.

    Args:
        playlists: What would be learned from.
        catalog: Its items.
        config: What would be fitted with.
        n_queries: Playlists to be scored; None for those of the data set.
        k: Items wanted for each.
        workers: Processes that score.

    Raises:
        DataError: If nothing could be learned from the data.
        ConfigError: If a number is below 1.
        ModelUnavailableError: If a text model cannot be found.
    """
    for name, value in (("queries", n_queries), ("k", k), ("workers", workers)):
        if value is not None and value < 1:
            raise ConfigError(f"The {name!r} parameter must be at least 1, got {value} instead.")
    check_training(playlists, catalog)
    started = time.perf_counter()
    shape = Shape.of(playlists, catalog, config)
    times = measure_times(shape, k)
    wanted = len(playlists) if n_queries is None else n_queries
    disk = disk_bytes(shape)
    return Plan(
        index=str(shape.choice),
        n_new_texts=sum(plan.todo for plan in shape.plans.values()),
        times=times,
        fit_memory_gb=fit_memory_bytes(shape) / _GB,
        model_gb=disk / _GB,
        score_seconds=times.query * wanted / workers,
        score_memory_gb=score_memory_bytes(shape, disk, workers) / _GB,
        score_gb=score_disk_bytes(wanted, k) / _GB,
        seconds=time.perf_counter() - started,
    )


def run_plan(
    dataset: str,
    *,
    items: str | None,
    written: Mapping[str, Any],
    config: Path | None,
    n_queries: int | None,
    k: int,
    workers: int,
    quiet: bool,
    as_json: bool,
) -> None:
    """Read a data set, plan, print. See `read_dataset` and `make_plan` for the arguments.

    Args:
        dataset: The data set.
        items: Its items.
        written: How its files are written.
        config: A TOML file.
        n_queries: Playlists to be scored.
        k: Items wanted for each.
        workers: Processes that score.
        quiet: Whether no progress is shown.
        as_json: Whether the plan is printed as JSON.

    Raises:
        HybridRecError: For mistakes in the options or the data.
    """
    settings = HybridConfig() if config is None else HybridConfig.from_toml(config)
    progress = as_progress(not quiet)
    playlists, catalog, report = read_dataset(dataset, items=items, progress=progress, **written)
    with progress.stage("measuring a sample"):
        plan = make_plan(playlists, catalog, settings, n_queries=n_queries, k=k, workers=workers)
    if as_json:
        write_json(plan.to_dict())
        return
    write_lines(report)
    write(f"index: {plan.index}")
    write(f"texts to be encoded: {plan.n_new_texts:,}")
    n_scored = len(playlists) if n_queries is None else n_queries
    rows = [
        ("fit", sum(plan.times.fit.values()), plan.fit_memory_gb, plan.model_gb),
        *((f"  {stage}", seconds, None, None) for stage, seconds in plan.times.fit.items()),
        (
            f"score {how_many(n_scored, 'playlists')}, k = {k}",
            plan.score_seconds, plan.score_memory_gb, plan.score_gb,
        ),
    ]  # fmt: skip
    table = pd.DataFrame(
        [
            (name, f"{seconds:,.1f}", *("" if gb is None else f"{gb:.3f}" for gb in sizes))
            for name, seconds, *sizes in rows
        ],
        columns=["what", "seconds", "peak memory, GB", "disk, GB"],
    )
    print_table(table, title="")
    write(f"Planned in {plan.seconds:.1f} s, by a sample of the work on this machine.")
