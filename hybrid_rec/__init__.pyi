from .batch.result import BatchResult
from .batch.run import score_items, score_new_items, score_playlists
from .core.config import CooccurrenceConfig, DiversityConfig, HybridConfig, WeightsConfig
from .core.errors import (
    ArtifactError,
    ConfigError,
    DataError,
    HybridRecError,
    ModelUnavailableError,
    NotFittedError,
    RunError,
    UnknownItemError,
)
from .data.catalog import Catalog
from .data.datasets import (
    Dataset,
    DatasetReport,
    read_dataset,
    read_movielens,
    read_mpd,
    read_plays,
    read_tidy,
    read_yes,
    read_yes_catalog,
    synthetic_radio,
)
from .data.playlists import Playlists
from .data.recommendations import PlaylistMatches, Recommendations
from .model.explanations import Explanation
from .recommender import HybridRecommender

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
    "read_plays",
    "read_tidy",
    "read_yes",
    "read_yes_catalog",
    "score_items",
    "score_new_items",
    "score_playlists",
    "synthetic_radio",
]

__version__: str
