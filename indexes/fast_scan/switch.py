"""The one switch of this folder."""

from __future__ import annotations

import os

VARIABLE = "HYBRID_REC_FAST_SCAN"


def is_on() -> bool:
    """Whether scans may use faster copies of the vectors; `HYBRID_REC_FAST_SCAN=0` turns them off.

    Results are the same either way. Off, every scan multiplies the stored float32 vectors.
    """
    return os.environ.get(VARIABLE, "1") != "0"
