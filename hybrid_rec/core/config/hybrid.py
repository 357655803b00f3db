"""HybridConfig: all parameters of a recommender."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Self

import tomli_w
from pydantic import Field, SerializeAsAny, field_validator, model_validator

from hybrid_rec.core.checks import as_path
from hybrid_rec.core.config.blocks import (
    COOCCURRENCE,
    DEFAULT_BLOCKS,
    POPULARITY,
    BlockConfig,
    CategoriesBlockConfig,
    ColdStartConfig,
    TextConfig,
    block_configs,
    check_names,
)
from hybrid_rec.core.config.cooccurrence import CooccurrenceConfig
from hybrid_rec.core.config.ranking import RankingConfig
from hybrid_rec.core.config.search import DiversityConfig, IndexConfig
from hybrid_rec.core.config.section import LARGEST_SEED, Section
from hybrid_rec.core.config.weights import WeightsConfig
from hybrid_rec.core.errors import ConfigError
from hybrid_rec.core.quoting import quoted, shortened

_ARTIST = "artist"


class HybridConfig(Section):
    """All parameters of a `HybridRecommender`.

    Raises:
        ConfigError: For an unknown key, naming the nearest valid one, or a value out of range.

    Examples:
        >>> HybridConfig(seed=7).weights.cooccurrence
        1.0
        >>> HybridConfig(cooccurrence={"preset": "notebook"}).cooccurrence.vector_size
        32
        >>> genre = {"kind": "categories", "columns": ["genre"]}
        >>> config = HybridConfig(blocks={"genre": genre}, weights={"genre": 0.2})
        >>> list(config.blocks)
        ['title', 'artist', 'tags', 'genre']
    """

    cooccurrence: CooccurrenceConfig = CooccurrenceConfig()
    """Word2Vec over playlists."""
    blocks: dict[str, SerializeAsAny[BlockConfig]] = Field(
        default_factory=lambda: {**DEFAULT_BLOCKS}
    )
    """What else an item is made of, by name. `title` (kind `text`), `artist` and `tags` (kind
    `categories`) are there without being asked for, where the catalogue has these columns."""
    group_by: str | None = _ARTIST
    """The block of kind `categories` whose labels are the groups (artists) that shrinkage, the
    cold-start fallback, `diversity.artist_cap` and the ranking's statistics go by; None (in TOML
    "") for none."""
    titles: TextConfig = TextConfig()
    """How texts become vectors, titles and those of other blocks."""
    cold_start: ColdStartConfig = ColdStartConfig()
    """Items with little or no history."""
    weights: WeightsConfig = WeightsConfig()
    """Block weights of the score."""
    index: IndexConfig = IndexConfig()
    """The vector index."""
    ranking: RankingConfig = RankingConfig()
    """The learned second stage."""
    diversity: DiversityConfig = DiversityConfig()
    """Reordering of what `recommend` returns."""
    seed: int = Field(0, ge=0, le=LARGEST_SEED)
    """Seed of everything random. Same seed, same data, same machine: same bytes."""

    @field_validator("blocks", mode="plain")
    @classmethod
    def _read_blocks(cls, given: Any) -> dict[str, BlockConfig]:
        return block_configs(given)

    @field_validator("group_by", mode="before")
    @classmethod
    def _read_group(cls, given: Any) -> Any:
        return None if isinstance(given, str) and not given else given  # TOML has no None

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        valid = [COOCCURRENCE, POPULARITY, *self.blocks]
        check_names(self.weights.values(), valid, "weights")
        if self.group_by is not None and self.group_by != _ARTIST:
            block = self.blocks.get(self.group_by)
            if not isinstance(block, CategoriesBlockConfig):
                able = [n for n, b in self.blocks.items() if isinstance(b, CategoriesBlockConfig)]
                raise ConfigError(
                    f"The 'group_by' parameter must be a block of kind 'categories' "
                    f"({', '.join(able)}) or None, got {quoted(self.group_by)} instead."
                )
        return self

    @classmethod
    def from_toml(cls, path: str | Path) -> Self:
        """The configuration that a TOML file holds; what it leaves out keeps its default.

        Raises:
            ConfigError: If the file is missing, is no TOML, or holds an unknown key or bad value.
        """
        try:
            data = tomllib.loads(as_path(path, "a config file").read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigError(
                f"config file must be readable, got {path}: {error.strerror}."
            ) from None
        except ValueError as error:  # no TOML, no UTF-8, or a NUL in the path
            raise ConfigError(
                f"config file must be TOML, got {path}: {shortened(str(error))}."
            ) from None
        except RecursionError:
            raise ConfigError(
                f"config file must be TOML, got {path}, which is nested too deeply; write it flat."
            ) from None
        try:
            return cls(**data)
        except ConfigError as error:
            raise ConfigError(f"{path}: {error}") from None

    def with_seed(self, seed: int) -> Self:
        """The same configuration with another seed.

        Raises:
            ConfigError: If the seed is out of range.
        """
        return type(self)(**{**self.model_dump(), "seed": seed})

    def to_toml(self) -> str:
        """The whole configuration as TOML, such that `from_toml` gives an equal one."""
        data = self.model_dump(mode="json", exclude_none=True)
        return tomli_w.dumps({**data, "group_by": self.group_by or ""})
