"""In what precision a sentence model multiplies, decided without loading torch."""

from __future__ import annotations

from typing import Literal

from indexes.fast_scan.bfloat16 import processor_has_bfloat16

Precision = Literal["float32", "bfloat16"]


def resolve_precision(wanted: Literal["auto"] | Precision) -> Precision:
    """What the `precision` of a text block means on this machine."""
    if wanted != "auto":
        return wanted
    return "bfloat16" if processor_has_bfloat16() else "float32"
