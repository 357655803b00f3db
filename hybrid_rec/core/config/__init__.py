"""Every parameter of hybrid-rec: declared, documented and validated here and nowhere else."""

from hybrid_rec.core.config.blocks import (
    COOCCURRENCE,
    DEFAULT_BLOCKS,
    POPULARITY,
    BlockConfig,
    CategoriesBlockConfig,
    ColdStartConfig,
    NumbersBlockConfig,
    TextBlockConfig,
    TextConfig,
    VectorsBlockConfig,
    check_names,
    register_config,
)
from hybrid_rec.core.config.cooccurrence import PRESETS, CooccurrenceConfig, CooccurrencePreset
from hybrid_rec.core.config.hybrid import HybridConfig
from hybrid_rec.core.config.ranking import (
    AlsConfig,
    Generator,
    NetworkConfig,
    RankingConfig,
    StatisticsConfig,
)
from hybrid_rec.core.config.search import DiversityConfig, IndexConfig
from hybrid_rec.core.config.section import LARGEST_SEED, Section
from hybrid_rec.core.config.weights import WeightsConfig

__all__ = [
    "COOCCURRENCE",
    "DEFAULT_BLOCKS",
    "LARGEST_SEED",
    "POPULARITY",
    "PRESETS",
    "AlsConfig",
    "BlockConfig",
    "CategoriesBlockConfig",
    "ColdStartConfig",
    "CooccurrenceConfig",
    "CooccurrencePreset",
    "DiversityConfig",
    "Generator",
    "HybridConfig",
    "IndexConfig",
    "NetworkConfig",
    "NumbersBlockConfig",
    "RankingConfig",
    "Section",
    "StatisticsConfig",
    "TextBlockConfig",
    "TextConfig",
    "VectorsBlockConfig",
    "WeightsConfig",
    "check_names",
    "register_config",
]
