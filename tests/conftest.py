"""Fixtures that all tests share."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell ignores Ctrl-C for what it starts in the background, and whatever that starts does.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A busy machine takes as long as it takes.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

_DEFAULT_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real data sets."""
    folder = Path(os.environ.get("HYBRID_REC_DATA") or _DEFAULT_DATA)
    if not folder.is_dir():
        pytest.skip(f"no real data: {folder} is no folder; point HYBRID_REC_DATA at it")
    return folder


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """All tests on Spark go to one process, so that there is one cluster."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class OneCluster(LoadFileScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            folder, found, _ = nodeid.partition("/spark/")
            return folder + found if found else str(super()._split_scope(nodeid))

    return OneCluster(config, log)
