"""What a FAISS file says, checked before FAISS reads it.

FAISS trusts much of what it reads: a number that is out of range may end the process, ask for all
memory, or keep a search running for ever. So the file is walked through here first, and every
count, length, row and number in it is looked at. Kinds of index that this walk does not know are
refused, and `faiss_factory` does not build them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexes.faiss_codes import Check, check_product_quantizer, check_scalar_quantizer
from indexes.faiss_cursor import Cursor
from indexes.faiss_graphs import check_hnsw, check_nsg
from indexes.faiss_transforms import check_transform

_MOST_DIMENSIONS = 1 << 20
_MOST_TRANSFORMS = 8
# Parts within parts: a transform before a refined inverted file with a graph of its lists.
_DEEPEST = 6
_LARGEST_FACTOR = 1_000
_INNER_PRODUCT = 0
_FLAT, _PRODUCT, _SCALAR = ("IxFI", "IxFl"), ("IxPq",), ("IxSQ",)
# What graphs stand over, by the last letter of their kind.
_STORED = {"f": _FLAT, "s": _SCALAR}


@dataclass(frozen=True)
class Size:
    """Size of an index, or of a part of one."""

    dim: int
    """Dimensions of a vector."""
    n_rows: int
    """Number of vectors."""


def check_file(path: Path) -> Size:
    """The size of the index in a FAISS file, all of which is sound.

    What follows the index in the file is not looked at.

    Raises:
        OSError: If the file cannot be read.
        VectorIndexError: If it is damaged, or holds a kind of index that is not supported.
    """
    return _index(Cursor(path), 0)[1]


def _index(cursor: Cursor, depth: int) -> tuple[str, Size]:
    """Walk through an index; its kind and its size."""
    kind = cursor.code()
    if kind not in _KINDS or depth > _DEEPEST:
        raise cursor.wrong(f"the kind {kind!r} cannot be read")
    size = _header(cursor)
    _KINDS[kind](cursor, kind, size, depth)
    return kind, size


def _header(cursor: Cursor) -> Size:
    dim, n_rows = cursor.number("i"), cursor.number("q")
    cursor.skip("2q")
    is_trained, metric = cursor.number("B"), cursor.number("i")
    if not 0 < dim <= _MOST_DIMENSIONS or n_rows < 0:
        raise cursor.wrong(f"it cannot hold {n_rows} vectors of {dim} dimensions")
    if metric != _INNER_PRODUCT:
        raise cursor.wrong("its metric must be the inner product")
    if is_trained != 1:
        raise cursor.wrong("it must be trained")
    return Size(dim, n_rows)


def _part(cursor: Cursor, depth: int, wanted: Size, kinds: tuple[str, ...] = ()) -> None:
    """Walk through an index within another one, which must have this size and one of the kinds."""
    kind, size = _index(cursor, depth + 1)
    if size != wanted or (kinds and kind not in kinds):
        raise cursor.wrong(
            f"a part of it must be {' or '.join(kinds) or 'an index'} with {wanted.n_rows} vectors "
            f"of {wanted.dim} dimensions, got {kind} with {size.n_rows} of {size.dim}"
        )


def _flat(cursor: Cursor, kind: str, size: Size, depth: int) -> None:
    del kind, depth
    cursor.numbers("its vectors", size.n_rows * size.dim)


def _scalar(cursor: Cursor, kind: str, size: Size, depth: int) -> None:
    del kind, depth
    codes = check_scalar_quantizer(cursor, size.dim)
    codes.check(cursor.array("u1", "its codes", size.n_rows * codes.size))


def _product(cursor: Cursor, kind: str, size: Size, depth: int) -> None:
    del kind, depth
    code_size = check_product_quantizer(cursor, size.dim)
    cursor.array("u1", "its codes", size.n_rows * code_size)
    search_type, signs, _ = cursor.number("i"), cursor.number("B"), cursor.number("i")
    if search_type != 0 or signs != 0:
        raise cursor.wrong("its codes must be searched plainly")


def _hnsw(cursor: Cursor, kind: str, size: Size, depth: int) -> None:
    check_hnsw(cursor, size.n_rows)
    _part(cursor, depth, size, _STORED[kind[-1]])


def _nsg(cursor: Cursor, kind: str, size: Size, depth: int) -> None:
    check_nsg(cursor, size.n_rows)
    _part(cursor, depth, size, _STORED[kind[-1]])


def _inverted(cursor: Cursor, kind: str, size: Size, depth: int) -> None:
    n_lists, n_probed = cursor.number("Q"), cursor.number("Q")
    if not 0 < n_probed <= max(n_lists, 1):
        raise cursor.wrong(f"it cannot look at {n_probed} of {n_lists} lists")
    _part(cursor, depth, Size(size.dim, n_lists))
    map_kind = cursor.number("B")
    n_mapped = len(cursor.array("<i8", "its map of rows"))
    if map_kind > 1 or n_mapped not in (0, size.n_rows):
        raise cursor.wrong(f"its map must be of {size.n_rows} rows, got {n_mapped}")
    check: Check = _any_codes
    if kind == "IwFl":
        told = code_size = size.dim * 4
        check = partial(_check_vectors, cursor)
    elif kind == "IwSq":
        scalar = check_scalar_quantizer(cursor, size.dim)
        code_size, check = scalar.size, scalar.check
        told = cursor.number("Q")
        cursor.skip("B")
    else:
        cursor.skip("B")
        told = cursor.number("Q")
        code_size = check_product_quantizer(cursor, size.dim)
    if told != code_size:
        raise cursor.wrong(f"its codes must be of {code_size} bytes, got {told}")
    _lists(cursor, n_lists, code_size, size.n_rows, check)


def _lists(cursor: Cursor, n_lists: int, code_size: int, n_rows: int, check: Check) -> None:
    """Walk through inverted lists, in which each row must stand once."""
    kind, told = cursor.code(), (cursor.number("Q"), cursor.number("Q"))
    if kind != "ilar" or told != (n_lists, code_size):
        raise cursor.wrong(
            f"it must hold {n_lists} lists of codes of {code_size} bytes in the file itself, got "
            f"{kind!r} with {told[0]} of {told[1]}"
        )
    form = cursor.code()
    if form == "full":
        lengths = cursor.array("<u8", "the lengths of its lists", n_lists).tolist()
    elif form == "sprs":
        pairs = cursor.array("<u8", "the lengths of its lists")
        places, values = pairs[::2], pairs[1::2]
        if len(places) != len(values) or (len(places) and int(places.max()) >= n_lists):
            raise cursor.wrong(f"it must tell lengths of {n_lists} lists")
        by_list = np.zeros(n_lists, np.uint64)
        by_list[places] = values
        lengths = by_list.tolist()
    else:
        raise cursor.wrong(f"the lengths of its lists cannot be in the form {form!r}")
    if sum(lengths) != n_rows:
        raise cursor.wrong(f"it must list {n_rows} rows, but lists {sum(lengths)}")
    seen = np.zeros(n_rows, dtype=bool)
    for length in lengths:
        if not length:
            continue
        codes = cursor.plain("u1", length * code_size)
        check(codes)
        rows = cursor.plain("<i8", length)
        if rows.min() < 0 or rows.max() >= n_rows:
            raise cursor.wrong(f"it must list rows in [0, {n_rows})")
        seen[rows] = True
    if not seen.all():
        raise cursor.wrong(f"it must list each of {n_rows} rows once")


def _transformed(cursor: Cursor, kind: str, size: Size, depth: int) -> None:
    del kind
    n_transforms, dim = cursor.number("i"), size.dim
    if not 0 <= n_transforms <= _MOST_TRANSFORMS:
        raise cursor.wrong(f"it cannot have {n_transforms} transforms")
    for _ in range(n_transforms):
        dim = check_transform(cursor, dim)
    _part(cursor, depth, Size(dim, size.n_rows))


def _refined(cursor: Cursor, kind: str, size: Size, depth: int) -> None:
    del kind
    _part(cursor, depth, size)
    _part(cursor, depth, size, (*_FLAT, *_SCALAR, *_PRODUCT))
    factor = cursor.number("f")
    if not 1 <= factor <= _LARGEST_FACTOR:
        raise cursor.wrong(f"it cannot refine {factor} times as many rows as are wanted")


def _any_codes(codes: NDArray[Any]) -> None:
    """Every code of a product quantizer stands for something."""
    del codes


def _check_vectors(cursor: Cursor, codes: NDArray[Any]) -> None:
    cursor.check_numbers(codes.view("<f4"), "its vectors")


_KINDS: dict[str, Callable[[Cursor, str, Size, int], None]] = {
    **dict.fromkeys(_FLAT, _flat),
    **dict.fromkeys(_SCALAR, _scalar),
    **dict.fromkeys(_PRODUCT, _product),
    **dict.fromkeys(("IHNf", "IHNs"), _hnsw),
    **dict.fromkeys(("INSf", "INSs"), _nsg),
    **dict.fromkeys(("IwFl", "IwSq", "IwPQ"), _inverted),
    "IxPT": _transformed,
    "IxRF": _refined,
}
