"""Spaces: the settings that tuning searches, and what training with them costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hybrid_rec.blocks.base import Block
from hybrid_rec.blocks.block_set import BlockSet, columns_of
from hybrid_rec.blocks.training_length import epochs_of, rate_of, sample_of, window_of
from hybrid_rec.core.config import POPULARITY, HybridConfig
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists

Setting = int | float | bool
Settings = Mapping[str, Setting]
"""Values by dotted name, such as "weights.title"."""


@dataclass(frozen=True)
class Whole:
    """Whole numbers of a range, its ends included."""

    low: int
    high: int
    step: int = 1
    log: bool = False

    def nearest(self, value: Setting) -> int:
        """The member of the range that is nearest to a value."""
        steps = round((min(max(value, self.low), self.high) - self.low) / self.step)
        return self.low + self.step * steps


@dataclass(frozen=True)
class Real:
    """Real numbers of a range, on a logarithmic scale where orders of magnitude are what counts."""

    low: float
    high: float
    log: bool = True

    def nearest(self, value: Setting) -> float:
        """The member of the range that is nearest to a value."""
        return float(min(max(value, self.low), self.high))


@dataclass(frozen=True)
class Flag:
    """True or false."""

    def nearest(self, value: Setting) -> bool:
        """The value itself."""
        return bool(value)


Space = Mapping[str, Whole | Real | Flag]

_EPOCHS, _SAMPLE = "cooccurrence.epochs", "cooccurrence.sample"
_RATE, _WINDOW = "cooccurrence.learning_rate", "cooccurrence.window"
_FIT: Space = {
    "cooccurrence.vector_size": Whole(16, 128, step=16),
    _WINDOW: Whole(3, 100, log=True),
    _EPOCHS: Whole(2, 40, log=True),
    "cooccurrence.negative": Whole(1, 20, log=True),
    "cooccurrence.ns_exponent": Real(-0.5, 1.0, log=False),
    _SAMPLE: Real(1e-5, 1e-1),
    _RATE: Real(0.01, 0.2),
    "cooccurrence.min_count": Whole(1, 5),
    "cooccurrence.shuffle": Flag(),
}

# Only the ratio of weights matters, so the weight of co-occurrence stays fixed. Held-out playlists
# do not measure similar_items, so its weight `similar_popularity` is not searched.
_COLD_START: Space = {
    "cold_start.shrinkage": Real(0.05, 50.0),
    "cold_start.ridge": Real(0.1, 1000.0),
}
_WEIGHT = Real(0.003, 1.0)


def fit_space(playlists: Playlists) -> Space:
    """Settings of Word2Vec; each change of them needs new vectors."""
    # Some item must have `min_count` plays.
    most = min(5, int(playlists.play_counts.max(initial=1)))
    return {**_FIT, "cooccurrence.min_count": Whole(1, most)}


def weight_space(config: HybridConfig, catalog: Catalog) -> Space:
    """Settings that can be tried without learning new vectors: cold start, and a weight a block."""
    blocks = BlockSet.of(config, columns_of(catalog.table))
    names = [*blocks.names, POPULARITY]
    return {**_COLD_START, **{f"weights.{name}": _WEIGHT for name in names}}


def settings_of(config: HybridConfig, space: Space) -> Settings:
    """The values that a configuration has for the settings of a space, in or out of its ranges."""
    sections = config.model_dump()
    found = {}
    for name in space:
        section, _, key = name.partition(".")
        # A block of the configuration may have no weight of its own yet.
        found[name] = sections[section].get(key, Block.default_weight)
    return found


def fit_settings(config: HybridConfig, space: Space, playlists: Playlists) -> Settings:
    """The same for the settings of Word2Vec, the number in place of a default that data give."""
    found = dict(settings_of(config, space))
    if found.get(_RATE, 0.0) is None:
        found[_RATE] = rate_of(config.cooccurrence, playlists.play_counts)
    if found.get(_WINDOW, 0) is None:
        found[_WINDOW] = window_of(config.cooccurrence, playlists)
    if found.get(_EPOCHS, 0) is None:
        found[_EPOCHS] = epochs_of(config.cooccurrence, playlists.play_counts)
    if found.get(_SAMPLE, 0.0) is None:
        chosen = config.cooccurrence
        n_items = int((playlists.play_counts >= chosen.min_count).sum())
        found[_SAMPLE] = sample_of(chosen, n_items)
    return found


def with_settings(config: HybridConfig, settings: Settings) -> HybridConfig:
    """The configuration with other values for some settings."""
    sections = config.model_dump()
    for name, value in settings.items():
        section, _, key = name.partition(".")
        sections[section][key] = value
    return type(config)(**sections)


def fit_cost(config: HybridConfig, playlists: Playlists) -> float:
    """How long Word2Vec trains, in arbitrary units: roughly, multiplications a play."""
    chosen = config.cooccurrence
    # Skip-gram trains every pair within the window; most playlists are shorter than the window.
    window = min(window_of(chosen, playlists), float(playlists.lengths.mean()))
    pairs = window if chosen.skip_gram else 1.0
    epochs = epochs_of(chosen, playlists.play_counts)
    return chosen.vector_size * epochs * (chosen.negative + 1) * pairs
