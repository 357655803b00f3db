"""Short campaigns; `python -m tests.fuzz` runs long ones."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory and /proc are Linux's")
@pytest.mark.parametrize(("campaign", "n"), [("folders", 200), ("kills", 6)])
def test_nothing_comes_out_that_must_not(campaign: str, n: int) -> None:
    command = [sys.executable, "-m", "tests.fuzz", campaign, "--n", str(n), "--seed", "11"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
