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
    return "bfloat16" if _processor_has_bfloat16(_CPU_INFO) else "float32"


@cache
def _processor_has_bfloat16(cpu_info: Path) -> bool:
    """Whether the processor multiplies bfloat16 itself: without that it is slower than float32.

    torch knows, too, but takes seconds to load, and titles that are in the cache need no torch.
    Where Linux does not tell, the answer is no, which is slower and never wrong.
    """
    try:
        lines = cpu_info.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    flags = next((line for line in lines if line.startswith("flags")), "")
    return not _INSTRUCTIONS.isdisjoint(flags.split())
