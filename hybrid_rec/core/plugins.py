"""Plug-ins: modules of other packages that register blocks, readers, metrics and the like."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points

from hybrid_rec.core.errors import ConfigError

GROUP = "hybrid_rec"
"""The group of entry points under which a package names its modules."""


@cache
def load_plugins() -> None:
    """Import the modules that installed packages name as entry points of `GROUP`, once.

    Raises:
        ConfigError: If one of them cannot be imported.
    """
    for entry in entry_points(group=GROUP):
        try:
            entry.load()
        except Exception as error:
            owner = "an installed package" if entry.dist is None else entry.dist.name
            raise ConfigError(
                f"plug-in {entry.value} of {owner} must be importable, but fails with "
                f"{type(error).__name__}: {error}; mend or uninstall {owner}."
            ) from error
