"""Hybrid recommendations from playlists, titles and artists, cold items included.

Names are loaded when they are first used: importing this package loads neither torch nor gensim.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hybrid_rec.batch import BatchResult, score_items, score_new_items, score_playlists
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
        RunError,
        UnknownItemError,
    )
    from hybrid_rec.explanations import Explanation
    from hybrid_rec.playlists import Playlists
    from hybrid_rec.recommendations import PlaylistMatches, Recommendations
    from hybrid_rec.recommender import HybridRecommender

__version__ = version("hybrid-rec")

_MODULES = {
    "batch": ["BatchResult", "score_items", "score_new_items", "score_playlists"],
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
        "RunError",
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
    "BatchResult",
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
    "RunError",
    "UnknownItemError",
    "WeightsConfig",
    "read_dataset",
    "read_movielens",
    "read_mpd",
    "read_tidy",
    "read_yes",
    "read_yes_catalog",
    "score_items",
    "score_new_items",
    "score_playlists",
    "synthetic_radio",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'hybrid_rec' has no attribute {name!r}")
    return getattr(import_module(f"hybrid_rec.{_MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
