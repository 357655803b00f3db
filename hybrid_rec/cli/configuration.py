"""Which configuration a command works with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hybrid_rec.cli.options import SYNTHETIC

if TYPE_CHECKING:
    from hybrid_rec.core.config import HybridConfig


def demo_config() -> HybridConfig:
    """The configuration of the demo: no language model to load, and a ranking that fits fast."""
    from hybrid_rec.core.config import HybridConfig

    return HybridConfig(titles={"encoder": "tfidf"}, ranking={"cases": 200})


def read_config(path: Path | None, seed: int | None = None) -> HybridConfig:
    """The configuration in a file, or the defaults.

    Args:
        path: A TOML file, or None.
        seed: Overrides that of the file; None leaves it.

    Raises:
        ConfigError: If the file cannot be read or the seed is out of range.
    """
    from hybrid_rec.core.config import HybridConfig

    settings = HybridConfig() if path is None else HybridConfig.from_toml(path)
    return settings if seed is None else settings.with_seed(seed)


def config_for(dataset: str, path: Path | None, seed: int) -> HybridConfig:
    """The configuration in a file, or else the one that suits the data set.

    Args:
        dataset: As on the command line.
        path: A TOML file, or None.
        seed: Overrides that of the file.

    Raises:
        ConfigError: If the file cannot be read or the seed is out of range.
    """
    # The generated world needs no language model, and nobody should have to load one for it.
    if path is None and dataset == SYNTHETIC:
        return demo_config().with_seed(seed)
    return read_config(path, seed)
