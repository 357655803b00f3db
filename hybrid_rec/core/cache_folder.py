"""The folder that keeps what took long to make or to fetch."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def default_cache_dir() -> Path:
    """`$HYBRID_REC_CACHE` if set, or else the user's cache folder; read at every call."""
    chosen = os.environ.get("HYBRID_REC_CACHE")
    return Path(chosen).expanduser() if chosen else Path(platformdirs.user_cache_dir("hybrid-rec"))
