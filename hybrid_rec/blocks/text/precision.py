"""In what precision a sentence model multiplies, decided without loading torch."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

Precision = Literal["float32", "bfloat16"]

_CPU_INFO = Path("/proc/cpuinfo")
_INSTRUCTIONS = frozenset({"avx512_bf16", "amx_bf16"})


def resolve_precision(wanted: Literal["auto"] | Precision) -> Precision:
    """What `titles.precision` means on this machine."""
    if wanted != "auto":
        return wanted
    return "bfloat16" if processor_has_bfloat16() else "float32"


def processor_has_bfloat16() -> bool:
    """Whether the processor has instructions for bfloat16; without them it is slower than float32.

    torch could tell, but takes seconds to load. Where `/proc/cpuinfo` does not exist the answer is
    no, which costs time and changes no result.
    """
    return _has_instructions(_CPU_INFO)


@cache
def _has_instructions(cpu_info: Path) -> bool:
    try:
        lines = cpu_info.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    flags = next((line.partition(":")[2] for line in lines if line.startswith("flags")), "")
    return not _INSTRUCTIONS.isdisjoint(flags.split())
