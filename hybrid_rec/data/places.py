"""Places: paths on this machine or on any file system that fsspec knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hybrid_rec.core.errors import DataError
from hybrid_rec.core.quoting import quoted, shortened
from hybrid_rec.data.paths import one_line

# What file systems call the version of a file.
_STATE_KEYS = ("size", "ino", "mtime", "ETag", "etag", "LastModified", "md5Hash", "created")


@dataclass(frozen=True)
class Place:
    """A path on one file system."""

    system: Any
    """An fsspec file system."""
    path: str
    """The path on it, without the protocol."""

    @classmethod
    def of(cls, location: str | Path, what: str) -> Place:
        """The place of a local path or of a URL that fsspec knows.

        Raises:
            DataError: If the protocol is unknown, or its library is not installed.
        """
        if not isinstance(location, str | Path) or not str(location) or "\0" in str(location):
            raise DataError(f"{what} must be a path or a URL, got {quoted(location)}; check it.")
        import fsspec

        try:
            system, path = fsspec.core.url_to_fs(str(location))
        except ImportError as error:
            raise DataError(
                f"{what} {shortened(str(location))} needs a library: {one_line(error)}; for s3:// "
                "that is pip install 'hybrid-rec[s3]', for https:// 'hybrid-rec[http]'."
            ) from None
        except (ValueError, OSError) as error:
            raise DataError(
                f"{what} {shortened(str(location))} must be a path or a URL: {one_line(error)}."
            ) from None
        return cls(system, str(path).rstrip("/") or "/")

    @property
    def is_local(self) -> bool:
        """Whether it is on a file system of this machine."""
        from fsspec.implementations.local import LocalFileSystem

        return isinstance(self.system, LocalFileSystem)

    def lies_in(self, other: Place) -> bool:
        """Whether it is `other` or inside of it."""
        if type(self.system) is not type(other.system):
            return False
        mine, others = self._resolved(), other._resolved()
        return mine == others or mine.startswith(others.rstrip("/") + "/")

    def _resolved(self) -> str:
        try:
            return str(Path(self.path).resolve()) if self.is_local else self.path
        except (OSError, RuntimeError):
            return self.path


def state_of(info: Mapping[str, Any]) -> tuple[str, ...]:
    """What of the entry of a file differs after it was written to.

    The rest of it depends on how it was asked for.
    """
    return tuple(str(info[key]) for key in _STATE_KEYS if info.get(key) is not None)
