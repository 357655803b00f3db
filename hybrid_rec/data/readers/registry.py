"""The readers of data sets that are named like `mpd:FOLDER`, found in the files of this folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hybrid_rec.core.progress import Progress
from hybrid_rec.core.registry import Registry
from hybrid_rec.data.report import Dataset

Read = Callable[[str, Progress], Dataset]


@dataclass(frozen=True)
class Reader:
    """One format of data sets."""

    place: str
    """What follows its name and a colon, such as FOLDER."""
    read: Read
    """Reads what is there."""


READERS: Registry[Reader] = Registry("reader", "hybrid_rec.data.readers")
"""Readers by the name before the colon."""


def register_reader(name: str, place: str = "FOLDER") -> Callable[[Read], Read]:
    """Make a function the reader of `name:PLACE`; a decorator.

    Args:
        name: What stands before the colon.
        place: What stands behind it, for help texts.
    """

    def register(read: Read) -> Read:
        READERS.add(name, Reader(place, read), read.__module__)
        return read

    return register
