"""Registry: what a package offers by name, gathered from the files in its folder."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from typing import TypeVar

from hybrid_rec.core.errors import ConfigError
from hybrid_rec.core.plugins import load_plugins
from hybrid_rec.core.quoting import quoted

T = TypeVar("T")


class Registry(Mapping[str, T]):
    """Entries by name, ordered by the file they come from and, within a file, as they are written.

    Each entry is added where it is defined, by a decorator of its package. All files of the
    package are imported when the registry is first read, and plug-ins after them, so a new file is
    found by itself and no list of names is kept anywhere.

    Args:
        kind: What an entry is called in error messages, such as "metric".
        package: Dotted name of the package whose files add entries.
    """

    def __init__(self, kind: str, package: str) -> None:
        self._kind = kind
        self._package = package
        self._entries: dict[str, tuple[str, T]] = {}
        self._complete = False

    def add(self, name: str, entry: T, module: str) -> None:
        """Add an entry.

        Args:
            name: Its name on the command line and in results.
            entry: What is registered.
            module: The module that defines it.

        Raises:
            ConfigError: If the name is taken.
        """
        if name in self._entries:
            raise ConfigError(
                f"each {self._kind} must have a name of its own, but {quoted(name)} of {module} is "
                f"already defined in {self._entries[name][0]}; rename one of them."
            )
        self._entries[name] = (module, entry)

    def named(self, name: str) -> T:
        """The entry of that name.

        Raises:
            ConfigError: If there is none; the message lists all names.
        """
        if name not in self:
            raise ConfigError(f"{self._kind} must be one of {', '.join(self)}, got {quoted(name)}.")
        return self[name]

    def __getitem__(self, name: str) -> T:
        self._load()
        return self._entries[name][1]

    def __iter__(self) -> Iterator[str]:
        self._load()
        return iter(self._entries)

    def __len__(self) -> int:
        self._load()
        return len(self._entries)

    def _load(self) -> None:
        if self._complete:
            return
        package = importlib.import_module(self._package)
        for found in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{self._package}.{found.name}")
        load_plugins()
        # Some files may have been imported earlier, in any order; sorting is stable.
        by_module = sorted(self._entries.items(), key=lambda item: item[1][0])
        self._entries = dict(by_module)
        self._complete = True
