"""Hybrid recommendations from playlists, titles and artists, cold items included.

Names are loaded when they are first used: importing this package loads neither torch nor gensim.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hybrid_rec.catalog import Catalog
    from hybrid_rec.config import CooccurrenceConfig, DiversityConfig, HybridConfig, WeightsConfig
    from hybrid_rec.datasets import (
        Dataset,
        DatasetReport,
        read_dataset,
        read_movielens,
        read_mpd,
        read_tidy,
        read_yes,
        read_yes_catalog,
        synthetic_radio,
    )
    from hybrid_rec.errors import (
        ArtifactError,
        ConfigError,
        DataError,
        HybridRecError,
        ModelUnavailableError,
        NotFittedError,
        UnknownItemError,
    )
    from hybrid_rec.explanations import Explanation
    from hybrid_rec.playlists import Playlists
    from hybrid_rec.recommendations import PlaylistMatches, Recommendations
    from hybrid_rec.recommender import HybridRecommender

__version__ = version("hybrid-rec")

_MODULES = {
    "catalog": ["Catalog"],
    "config": ["CooccurrenceConfig", "DiversityConfig", "HybridConfig", "WeightsConfig"],
    "datasets": [
        "Dataset",
        "DatasetReport",
        "read_dataset",
        "read_movielens",
        "read_mpd",
        "read_tidy",
        "read_yes",
        "read_yes_catalog",
        "synthetic_radio",
    ],
    "errors": [
        "ArtifactError",
        "ConfigError",
        "DataError",
        "HybridRecError",
        "ModelUnavailableError",
        "NotFittedError",
        "UnknownItemError",
    ],
    "explanations": ["Explanation"],
    "playlists": ["Playlists"],
    "recommendations": ["PlaylistMatches", "Recommendations"],
    "recommender": ["HybridRecommender"],
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "ArtifactError",
    "Catalog",
    "ConfigError",
    "CooccurrenceConfig",
    "DataError",
    "Dataset",
    "DatasetReport",
    "DiversityConfig",
    "Explanation",
    "HybridConfig",
    "HybridRecError",
    "HybridRecommender",
    "ModelUnavailableError",
    "NotFittedError",
    "PlaylistMatches",
    "Playlists",
    "Recommendations",
    "UnknownItemError",
    "WeightsConfig",
    "read_dataset",
    "read_movielens",
    "read_mpd",
    "read_tidy",
    "read_yes",
    "read_yes_catalog",
    "synthetic_radio",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'hybrid_rec' has no attribute {name!r}")
    return getattr(import_module(f"hybrid_rec.{_MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
