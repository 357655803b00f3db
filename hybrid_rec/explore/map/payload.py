"""Payload: what a page shows, in one text that its script unpacks."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

_ALIGNED = 8
_TYPES = {"float32": "<f4", "int32": "<i4", "uint8": "|u1"}


def packed(facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> str:
    """Facts and arrays as base64 of gzip: no character of it means anything to a page.

    Unpacked, it is the length of the JSON text (uint32), the text, and behind it the arrays, each
    at a multiple of eight bytes. The text's key `arrays` tells their types, places from the end of
    the text on, and lengths.

    Args:
        facts: What JSON can hold.
        arrays: By name, of float32, int32 or uint8.
    """
    places: dict[str, dict[str, Any]] = {}
    parts: list[bytes] = []
    at = 0
    for name, array in arrays.items():
        kind = _TYPES[array.dtype.name]
        content = np.ascontiguousarray(array).astype(kind).tobytes()
        places[name] = {"type": array.dtype.name, "at": at, "length": array.size}
        content += bytes(-len(content) % _ALIGNED)
        parts.append(content)
        at += len(content)
    text = json.dumps({**facts, "arrays": places}, ensure_ascii=False, allow_nan=False).encode()
    # Blanks behind it, so that the arrays begin where they should.
    text += b" " * (-(len(text) + 4) % _ALIGNED)
    content = len(text).to_bytes(4, "little") + text + b"".join(parts)
    return base64.b64encode(gzip.compress(content, 6, mtime=0)).decode("ascii")
