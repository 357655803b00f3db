"""Parameters by flat names, `ranking__trees`, as scikit-learn asks for them and sets them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hybrid_rec.core.config.cooccurrence import PRESETS, CooccurrenceConfig
from hybrid_rec.core.config.hybrid import HybridConfig
from hybrid_rec.core.config.section import Section, unknown_key
from hybrid_rec.core.errors import ConfigError

_BETWEEN = "__"


def parameters(config: HybridConfig) -> dict[str, Any]:
    """All parameters by flat names: `seed`, `ranking`, `ranking__trees`, ..."""
    return dict(_flat(config, ""))


def with_parameters(config: HybridConfig, changes: Mapping[str, Any]) -> HybridConfig:
    """A configuration in which some parameters are others.

    What was left out before still is, so that what follows from the data goes on to do so.

    Args:
        config: What is changed; it stays as it is.
        changes: Values by flat names.

    Raises:
        ConfigError: For an unknown name, or a value out of range.
    """
    changed = _changed(config, changes, "")
    if not isinstance(changed, HybridConfig):
        raise ConfigError("a configuration must stay one.")
    return changed


def _flat(section: Section, prefix: str) -> Iterable[tuple[str, Any]]:
    for name in (*type(section).model_fields, *(section.model_extra or {})):
        value = getattr(section, name)
        yield prefix + name, value
        if isinstance(value, Section):
            yield from _flat(value, prefix + name + _BETWEEN)


def _changed(section: Section, changes: Mapping[str, Any], prefix: str) -> Section:
    """A section with other values, of sections within it, too."""
    kind = type(section)
    own: dict[str, Any] = {}
    within: dict[str, dict[str, Any]] = {}
    for name, value in changes.items():
        first, parted, rest = name.partition(_BETWEEN)
        if parted:
            within.setdefault(first, {})[rest] = value
        else:
            own[first] = value
    given = {name: getattr(section, name) for name in section.model_fields_set}
    if isinstance(section, CooccurrenceConfig) and "preset" in own:
        filled = PRESETS[section.preset]
        given = {name: value for name, value in given.items() if filled.get(name) != value}
    given |= own
    for name, values in within.items():
        inner = given.get(name, getattr(section, name, None))
        if name not in kind.model_fields or not isinstance(inner, Section):
            raise ConfigError(unknown_key("HybridConfig", prefix + name, kind.model_fields))
        given[name] = _changed(inner, values, prefix + name + _BETWEEN)
    return kind(**given)
