"""What the benchmarks share: the data folder, peak memory, tables."""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent


def data_dir() -> Path:
    """The folder of real data sets; stops with a clear word if it is not there."""
    folder = Path(os.environ.get("HYBRID_REC_DATA") or HERE.parents[2] / "shared" / "data")
    if not folder.is_dir():
        sys.exit(f"benchmarks need the real data: {folder} is no folder; set HYBRID_REC_DATA")
    return folder


def peak_memory_gb() -> float:
    """Peak resident memory of this process so far, in GB (10^9 bytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def seconds(call: Callable[[], object]) -> float:
    """Seconds that one call takes."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def cpu_seconds(call: Callable[[], object]) -> float:
    """CPU seconds that one call takes, all threads together; other processes do not add to them."""
    started = time.process_time()
    call()
    return time.process_time() - started


def percentiles_ms(calls: Iterable[Callable[[], object]]) -> tuple[float, float]:
    """Median and 99th percentile of the calls' times, in milliseconds."""
    times = [seconds(call) * 1e3 for call in calls]
    return float(np.percentile(times, 50)), float(np.percentile(times, 99))


def mean_and_error(values: pd.Series[float]) -> str:
    """Mean over cases ± its standard error."""
    numbers = values.to_numpy(dtype=np.float64)
    return f"{numbers.mean():.4f} ± {numbers.std(ddof=1) / np.sqrt(len(numbers)):.4f}"


def folder_mb(folder: Path) -> float:
    """Size of a folder's files, in MB (10^6 bytes)."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def in_own_process(module: str, *arguments: str) -> str:
    """Standard output of a benchmark module run in a process of its own, errors passed through."""
    command = [sys.executable, "-m", f"tests.benchmarks.{module}", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def report(name: str, heading: str, text: str) -> None:
    """Print a result and keep it as `NAME.md` beside this file."""
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.machine()}"
    command = f".venv/bin/python -m tests.benchmarks {name.lower()}"
    content = f"# {heading}\n\n`{command}`, part of `make bench` ({machine}).\n\n{text}\n"
    print(content)
    (HERE / f"{name}.md").write_text(content, encoding="utf-8")


def markdown(frame: pd.DataFrame) -> str:
    """A DataFrame as a Markdown table."""
    lines = [list(map(str, frame.columns)), ["---"] * len(frame.columns)]
    lines += [[str(value) for value in row] for row in frame.itertuples(index=False)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
