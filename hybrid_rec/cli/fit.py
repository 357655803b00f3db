"""What `hybrid-rec fit` does."""

from __future__ import annotations

from pathlib import Path

from hybrid_rec.core.config import HybridConfig
from hybrid_rec.core.console import write
from hybrid_rec.data.datasets import read_dataset
from hybrid_rec.model.storage import check_target
from hybrid_rec.recommender import HybridRecommender


def run_fit(
    dataset: str,
    out: Path,
    *,
    items: Path | None,
    config: Path | None,
    seed: int | None,
    quiet: bool,
) -> None:
    """Read a data set, fit, save, and tell what took how long.

    Args:
        dataset: See `read_dataset`.
        out: Folder to save to; a model that is already there is replaced.
        items: File of items for a file of plays.
        config: TOML file of parameters; None for the defaults.
        seed: Overrides that of the configuration.
        quiet: No progress bars.

    Raises:
        HybridRecError: For mistakes in the options or the data.
    """
    settings = HybridConfig() if config is None else HybridConfig.from_toml(config)
    if seed is not None:
        settings = settings.with_seed(seed)
    check_target(out)
    playlists, catalog, report = read_dataset(dataset, items=items, progress=not quiet)
    write(str(report))
    recommender = HybridRecommender(settings).fit(playlists, catalog, progress=not quiet)
    recommender.save(out)
    model = recommender.model_
    for stage, seconds in model.timings.items():
        write(f"{stage:<18}{seconds:8.2f} s")
    rungs = ", ".join(f"{count:,} {source}" for source, count in model.source_counts().items())
    write(f"items by source: {rungs}")
    if model.choice is not None:
        write(f"index: {model.choice}")
    write(f"saved to {out}")
