"""Extreme values, and how content of one kind is mutated with them."""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Callable
from typing import Any

import numpy as np

Rng = np.random.Generator

INTEGERS = (0, -1, 1, 2, 7, 255, 2**15, 2**31 - 1, -(2**31), 2**32, 10**9, 2**62, 2**63 - 1, 10**25)
_FLOATS = (0.0, -0.0, -1.0, 1e-45, 1e38, -1e38, 3.5e38, 1e308, float("inf"), float("nan"))
_TEXTS = ("", "..", "../elsewhere", "/etc/passwd", "a" * 5000, "\x00", "\ud800", "nan", "title")
_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
_DTYPES = ("<f8", "<f4", ">f4", "<i8", "<i4", "|u1", "|b1", "|O", "<U5", "<M8[us]", "|V900000000")


def pick(rng: Rng, options: Any) -> Any:
    """One of some options."""
    return options[int(rng.integers(len(options)))]


def any_value(rng: Rng) -> Any:
    """Something that JSON can hold."""
    kind = int(rng.integers(7))
    if kind == 0:
        return pick(rng, INTEGERS)
    if kind == 1:
        return pick(rng, _FLOATS)
    if kind == 2:
        return pick(rng, _TEXTS)
    if kind == 3:
        return pick(rng, ([], {}, [None], [[]], {"a": {}}))
    if kind == 4:
        nested: Any = 1
        for _ in range(int(pick(rng, (3, 300, 900)))):
            nested = [nested] if rng.random() < 0.5 else {"a": nested}
        return nested
    return pick(rng, (None, True, False))


def mutated_bytes(content: bytes, rng: Rng) -> bytes:
    """Bits flipped, bytes replaced, cut off, put in or repeated."""
    changed = bytearray(content)
    kind = int(rng.integers(8))
    if not changed:
        return bytes(rng.integers(0, 256, 20, dtype=np.uint8))
    # Headers are short, and what they say counts most.
    end = min(len(changed), 250) if rng.random() < 0.5 else len(changed)
    at = int(rng.integers(end))
    if kind == 0:
        for _ in range(int(rng.integers(1, 8))):
            changed[int(rng.integers(end))] ^= 1 << int(rng.integers(8))
    elif kind == 1:
        changed[at] = int(rng.integers(256))
    elif kind == 2:
        del changed[at:]
    elif kind == 3:
        del changed[-int(rng.integers(1, 9)) :]
    elif kind == 4:
        del changed[at : at + int(rng.integers(1, 40))]
    elif kind == 5:
        changed[at:at] = changed[at : at + int(rng.integers(1, 40))] or b"\0"
    elif kind == 6:
        changed += bytes(int(pick(rng, (1, 8, 4096))))
    else:
        changed[at : at + 20] = bytes(rng.integers(0, 256, 20, dtype=np.uint8))
    return bytes(changed)


def mutated_words(content: bytes, rng: Rng) -> bytes:
    """A number of four or eight bytes replaced by an extreme one, as in the files of FAISS."""
    changed = bytearray(content)
    form, value = pick(
        rng,
        [
            *(("<i", value) for value in INTEGERS if -(2**31) <= value < 2**31),
            *(("<q", value) for value in INTEGERS if value < 2**63),
            *(("<f", value) for value in (0.0, -1.0, 1e38, float("inf"), float("nan"))),
        ],
    )
    size = struct.calcsize(form)
    end = min(len(changed), 300) if rng.random() < 0.6 else len(changed)
    at = int(rng.integers(max(1, end - size)))
    # Most numbers are aligned to four bytes behind a code of four letters, or one byte off.
    at = max(0, at - at % 4 + int(rng.integers(2)))
    changed[at : at + size] = struct.pack(form, value)
    return bytes(changed)


def mutated_text(content: bytes, rng: Rng) -> bytes:
    """Lines removed, doubled, swapped or cut, and numbers replaced by extreme ones."""
    kind = int(rng.integers(7))
    if kind < 3:
        for _ in range(int(pick(rng, (1, 1, 1, 3)))):
            places = list(_NUMBER.finditer(content))
            if not places:
                break
            found = pick(rng, places)
            new = str(pick(rng, INTEGERS + _FLOATS)).encode()
            content = content[: found.start()] + new + content[found.end() :]
        return content
    lines = content.split(b"\n")
    at = int(rng.integers(len(lines)))
    if kind == 3:
        del lines[at]
    elif kind == 4:
        lines.insert(at, pick(rng, lines))
    elif kind == 5:
        del lines[at:]
    else:
        name, equals, values = lines[at].partition(b"=")
        parts = values.split(b" ")
        if rng.random() < 0.5:
            parts = parts[:-1]
        else:
            parts = [pick(rng, (b"0", b"-1", b"1", b"nan"))] * len(parts)
        lines[at] = name + equals + b" ".join(parts)
    return b"\n".join(lines)


def mutated_array(content: bytes, rng: Rng) -> bytes:
    """A `.npy` file whose header or numbers are others."""
    array = np.load(io.BytesIO(content), allow_pickle=False)
    kind = int(rng.integers(6))
    if kind < 2:
        return _with_header(array, rng)
    changed = array.copy()
    if array.dtype.kind not in "fiub":
        return mutated_bytes(content, rng)
    if kind == 2 and array.size:
        flat = changed.reshape(-1)
        options = _FLOATS if array.dtype.kind == "f" else [n for n in INTEGERS if abs(n) < 2**63]
        with np.errstate(all="ignore"):
            for _ in range(int(pick(rng, (1, 1, 4, array.size)))):
                value = np.asarray(pick(rng, options)).astype(array.dtype)
                flat[int(rng.integers(array.size))] = value
    elif kind == 3:
        changed = pick(rng, _RESHAPES)(changed)
    elif kind == 4:
        changed = np.asfortranarray(changed).astype(pick(rng, ("<f8", "<i8", "<f4", "<i4", "|u1")))
    else:
        rng.shuffle(changed.reshape(-1))
    made = io.BytesIO()
    np.save(made, changed, allow_pickle=False)
    return made.getvalue()


_RESHAPES: tuple[Callable[[Any], Any], ...] = (
    lambda array: array[:-1] if array.ndim else array,
    lambda array: array[:0] if array.ndim else array,
    lambda array: np.concatenate([array, array]) if array.ndim else array,
    lambda array: array[None],
    lambda array: array.reshape(-1),
    lambda array: array.T,
    lambda array: array.reshape(-1)[:1],
)


def _with_header(array: np.ndarray[Any, Any], rng: Rng) -> bytes:
    """The numbers of an array behind a header that says something else."""
    header = {
        "descr": np.lib.format.dtype_to_descr(array.dtype),
        "fortran_order": False,
        "shape": array.shape,
    }
    part = int(rng.integers(4))
    if part == 0:
        header["descr"] = pick(rng, _DTYPES)
    elif part == 1:
        header["fortran_order"] = True
    elif part == 2:
        sizes = list(array.shape) or [1]
        sizes[int(rng.integers(len(sizes)))] = pick(rng, INTEGERS)
        header["shape"] = tuple(sizes)
    else:
        header["shape"] = pick(rng, ((), (10**18, 0), (0, 10**18), (2**40, 2**40), ("a",), None))
    text = repr(header).encode()
    if rng.random() < 0.1:
        text = b"(" * 3000
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + array.tobytes(order="C")
