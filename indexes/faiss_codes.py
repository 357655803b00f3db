"""The quantizers in a FAISS file, which say how vectors are compressed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from indexes.faiss_cursor import Cursor

_MOST_BITS = 16
# Of which numbers a quantizer keeps the lowest value and the range.
_NONE, _ONE, _EACH = "none", "all together", "each dimension"
# By kind of scalar quantizer (faiss::ScalarQuantizer::QuantizerType): bits of a number, ranges, and
# kind of numbers of two bytes.
_KINDS: dict[int, tuple[int, str, str | None]] = {
    0: (8, _EACH, None),
    1: (4, _EACH, None),
    2: (8, _ONE, None),
    3: (4, _ONE, None),
    4: (16, _NONE, "fp16"),
    5: (8, _NONE, None),
    6: (6, _EACH, None),
    7: (16, _NONE, "bf16"),
    8: (8, _NONE, None),
}


Check = Callable[[NDArray[Any]], None]
"""What raises unless codes, `(n_bytes,)`, stand for finite numbers."""


@dataclass(frozen=True)
class Codes:
    """The codes of a scalar quantizer."""

    size: int
    """Bytes of a vector."""
    check: Check
    """Looks at codes."""


def check_scalar_quantizer(cursor: Cursor, dim: int) -> Codes:
    """Walk through a scalar quantizer of vectors with so many dimensions; its codes."""
    kind = cursor.number("i")
    cursor.skip("if")
    told_dim, told_size = cursor.number("Q"), cursor.number("Q")
    if kind not in _KINDS:
        raise cursor.wrong(f"the scalar quantizer {kind} cannot be read")
    bits, ranges, halves = _KINDS[kind]
    size = (dim * bits + 7) // 8
    if (told_dim, told_size) != (dim, size):
        raise cursor.wrong(
            f"its quantizer must make {size} bytes of {dim} dimensions, got {told_size} of "
            f"{told_dim}"
        )
    cursor.numbers("its quantizer", {_NONE: 0, _ONE: 2, _EACH: 2 * dim}[ranges])

    def check(codes: NDArray[Any]) -> None:
        if halves is not None:
            cursor.check_halves(codes, halves, "its codes")

    return Codes(size, check)


def check_product_quantizer(cursor: Cursor, dim: int) -> int:
    """Walk through a product quantizer of vectors with so many dimensions; bytes of a code."""
    told_dim, n_parts, bits = (cursor.number("Q") for _ in range(3))
    if told_dim != dim or not 0 < n_parts <= dim or dim % n_parts or not 0 < bits <= _MOST_BITS:
        raise cursor.wrong(
            f"its quantizer must part {dim} dimensions evenly into codes of at most {_MOST_BITS} "
            f"bits, got {n_parts} parts of {told_dim} with {bits} bits"
        )
    cursor.numbers("its quantizer", dim << bits)
    return int(n_parts * bits + 7) // 8
