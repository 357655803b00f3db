"""Block weights of one call, and where the weights of a model come from."""

from __future__ import annotations

from collections.abc import Mapping

from hybrid_rec.core.config import (
    COOCCURRENCE,
    DEFAULT_BLOCKS,
    POPULARITY,
    HybridConfig,
    WeightsConfig,
    check_names,
)
from hybrid_rec.core.errors import ConfigError
from hybrid_rec.core.quoting import quoted
from hybrid_rec.model.fitted import Model

Weights = WeightsConfig | Mapping[str, float] | str
"""Weights of a call: a mapping, a WeightsConfig, or the name of the one block that counts."""
_SIMILAR = "similar_popularity"


def call_weights(
    model: Model, weights: Weights | None, usual: Mapping[str, float] | None = None
) -> dict[str, float]:
    """The weights of one call by block: those given, and the usual ones where none are.

    Args:
        model: What is asked. The blocks that are there by default may be named whether it has
            them or not.
        weights: What the caller gave.
        usual: Weights of what is not named; None for those of the model.

    Raises:
        ConfigError: For anything but weights, or a block that the model does not have.
    """
    values = dict(model.weights if usual is None else usual)
    if isinstance(weights, str):
        weights = block_alone(model, weights)
    valid = {COOCCURRENCE, POPULARITY, _SIMILAR, *model.blocks.names, *DEFAULT_BLOCKS}
    if isinstance(weights, WeightsConfig):
        # Those of the configuration may name a block that is switched off.
        valid |= set(model.config.blocks)
        check_names(weights.values(), sorted(valid), "weights")
        return {**values, **_of_model(model, model.blocks.weights(weights))}
    if not isinstance(weights, Mapping | None):
        raise ConfigError(f"weights must be a mapping or a WeightsConfig, got {quoted(weights)}.")
    if not weights:
        return values
    check_names(weights, sorted(valid), "weights")
    given = WeightsConfig(**weights)
    named = {name: getattr(given, name) for name in weights if name != _SIMILAR}
    return {**values, **_of_model(model, named)}


def similar_weights(model: Model, weights: Weights | None) -> dict[str, float]:
    """The weights of one call that asks for likeness, which has a prior of its own.

    What is not named is as the configuration gives it, not as it was learned for playlists.

    Raises:
        ConfigError: For anything but weights, or a block that the model does not have.
    """
    config = model.config.weights
    if isinstance(weights, str):
        weights = block_alone(model, weights)
    chosen = call_weights(model, weights, model.given_weights)
    if isinstance(weights, WeightsConfig):
        named = weights.model_fields_set if weights != config else frozenset[str]()
        prior = weights.similar_popularity
    else:
        named = frozenset(weights or {})
        prior = float((weights or {}).get(_SIMILAR, config.similar_popularity))
    return chosen if POPULARITY in named else {**chosen, POPULARITY: prior}


def block_alone(model: Model, name: str) -> dict[str, float]:
    """Weights by which one block counts and no other.

    Raises:
        ConfigError: If the model has no such block.
    """
    names = (COOCCURRENCE, POPULARITY, *model.blocks.names)
    if name not in names:
        raise ConfigError(
            f"weights must be a mapping or one of the blocks {', '.join(names)}, got "
            f"{quoted(name)}."
        )
    return {block: float(block == name) for block in names}


def weights_told(config: HybridConfig, *, has_ranking: bool) -> str:
    """Where the block weights of `recommend`'s linear score come from, and why if not learned.

    To give one weight switches learning off for all of them (see `WeightsConfig.learned`), which
    few expect. Weights count as given if they differ from the defaults.
    """
    weights = config.weights
    if has_ranking and weights.learned:
        return "learned"
    given = weights != WeightsConfig(learned=weights.learned)
    if not weights.learned:
        why = (
            "learning is off because weights are given; weights.learned = true learns from there"
            if given
            else "learning is off; weights.learned = true switches it on"
        )
    elif not config.ranking.enabled:
        why = "they are learned with the ranking, which is off: ranking.enabled = false"
    else:
        why = "too few playlists for a ranking"
    return f"{'those given' if given else 'defaults'} ({why})"


def _of_model(model: Model, weights: Mapping[str, float]) -> dict[str, float]:
    names = {COOCCURRENCE, POPULARITY, *model.blocks.names}
    return {name: weight for name, weight in weights.items() if name in names}
