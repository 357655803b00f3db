"""Values of the user in messages: one short line each, however long they are."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable
from typing import Any

SHOWN = 200
"""Characters of a value that a message shows."""


class _Short(reprlib.Repr):
    """`repr` that never writes out more than a message shows."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 4
        self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = self.maxarray = 8
        self.maxdict = self.maxdeque = 8
        self.maxlong = self.maxother = SHOWN

    def repr_str(self, x: str, level: int) -> str:  # noqa: ARG002
        """The beginning of a text, which tells most."""
        return repr(x) if len(x) <= SHOWN else f"{x[:SHOWN]!r}..."

    def repr_bytes(self, x: bytes, level: int) -> str:  # noqa: ARG002
        """The same for bytes."""
        return repr(x) if len(x) <= SHOWN else f"{x[:SHOWN]!r}..."

    def repr_int(self, x: int, level: int) -> str:
        """An integer; Python refuses to write out very long ones."""
        try:
            return super().repr_int(x, level)
        except ValueError:
            return f"<an integer of {x.bit_length()} bits>"


_SHORT = _Short()


def quoted(value: Any) -> str:
    """A value as `repr` writes it, in one line and cut at some 200 characters.

    Of a single number of NumPy only the number is written.
    """
    if type(value).__module__ == "numpy" and getattr(value, "ndim", 1) == 0:
        value = value.item()
    return shortened(_SHORT.repr(value))


def joined(names: Iterable[Any]) -> str:
    """Names joined by commas, in one line and cut at some 200 characters."""
    return shortened(", ".join(str(name)[: SHOWN + 1] for name in names))


def shortened(text: str) -> str:
    """Text of any length as one line, cut at some 200 characters."""
    line = " ".join(text[: 4 * SHOWN].split())
    return line if len(line) <= SHOWN + 4 and len(text) <= 4 * SHOWN else f"{line[:SHOWN]}..."
