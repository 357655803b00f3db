"""Commands killed at random moments: the model stays whole, and the same command then succeeds."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import numpy as np

from hybrid_rec import HybridRecommender
from hybrid_rec.cli import app
from tests.fuzz.asked import ANSWERED, asked
from tests.fuzz.inputs import write_world
from tests.fuzz.trial import fast_folder, silenced, tried

_FIT = ("fit", "plays.csv", "--items", "items.csv", "--config", "hybrid.toml", "--quiet")
COMMANDS: dict[str, Sequence[str]] = {
    "fit": (*_FIT, "--out", "model"),
    "save": ("save",),
    "update": ("update", "model", "--playlists", "more.csv", "--extend", "--quiet"),
    "score": ("score", "model", "queries.csv", "out", "-k", "5", "--chunk-size", "10", "--quiet"),
    "measure": ("info", "model", "--measure", "--queries", "20"),
    "evaluate": ("evaluate", "plays.csv", "--items", "items.csv", "--config", "hybrid.toml",
                 "--report", "report", "--baselines", "none", "--quiet"),
}  # fmt: skip
"""What is killed; `save` loads the model and saves it again."""


@dataclass
class Kills:
    """What came out, counted."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Runs by command, and whether they were killed or ended before."""
    failures: list[str] = field(default_factory=list)
    """What must never come out."""

    @property
    def n_killed(self) -> int:
        """Runs that were killed."""
        return sum(runs for (_, how), runs in self.counts.items() if how == "killed")


def run(n: int, seed: int = 0) -> Kills:
    """Kill so many commands.

    Args:
        n: Number of kills.
        seed: Draws the moments.
    """
    kills = Kills()
    with tempfile.TemporaryDirectory(dir=fast_folder()) as place:
        whole, work = Path(place) / "whole", Path(place) / "work"
        whole.mkdir()
        _must(whole, lambda: write_world(whole))
        _must(whole, lambda: _do(COMMANDS["fit"]))
        before = _answer(whole)
        usual = {}
        for name, command in COMMANDS.items():
            started = time.perf_counter()
            _fresh(whole, work)
            _must(work, lambda command=command: _do(command))  # type: ignore[misc]
            usual[name] = (time.perf_counter() - started, _answer(work))
        rng = np.random.default_rng(seed)
        numbers = count()
        while kills.n_killed < n:
            number = next(numbers)
            name = list(COMMANDS)[number % len(COMMANDS)]
            _fresh(whole, work)
            seconds, after = usual[name]
            # A second kill may hit what the first one left.
            times = 1 + int(rng.integers(2))
            killed = [_killed(work, name, rng.random() * seconds) for _ in range(times)]
            kills.counts[name, "killed"] += sum(killed)
            kills.counts[name, "ended before"] += times - sum(killed)
            problem = _problem(work, name, {before, after}, after)
            if problem:
                kills.failures.append(f"({seed}, {number}) {name}: {problem}")
                sys.stderr.write(f"{kills.failures[-1]}\n")
    return kills


def _problem(work: Path, name: str, allowed: set[str], after: str) -> str:
    """What is wrong after a kill, and after the same command once more; "" for nothing."""
    answer = _answer(work)
    if answer not in allowed:
        return f"the model must be the old one or the new one, got {answer}"
    code = _wait(work, lambda: _do(COMMANDS[name]))
    if code != 0:
        return f"the same command must succeed, but ended with {code}"
    # An update adds to what the killed one may have added.
    if name != "update" and _answer(work) != after:
        return "the same command must give what it gives without a kill"
    code = _wait(work, lambda: _do(COMMANDS["fit"]))
    return f"a fit in the same place must succeed, but ended with {code}" if code else ""


def _fresh(whole: Path, work: Path) -> None:
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(whole, work)


def _answer(work: Path) -> str:
    outcome = tried(lambda: asked(work / "model", mmap=False))
    return outcome.text if outcome.kind == ANSWERED else f"{outcome.kind}: {outcome.text}"


def _do(command: Sequence[str]) -> int:
    if command[0] != "save":
        return app.run(list(command))
    HybridRecommender.load("model").save("model")
    return 0


def _must(work: Path, call: Callable[[], int | None]) -> None:
    code = _wait(work, call)
    if code != 0:
        raise RuntimeError(f"what was not killed must succeed, but ended with {code}")


def _wait(work: Path, call: Callable[[], int | None]) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(_started(work, call), 0)[1])


def _killed(work: Path, name: str, seconds: float) -> bool:
    """Start a command and kill it after so long; whether it was still running then."""
    child = _started(work, lambda: _do(COMMANDS[name]))
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def _started(work: Path, call: Callable[[], int | None]) -> int:
    """A forked process that does something in a folder."""
    child = os.fork()
    if child:
        return child
    code = 99
    try:
        silenced()
        os.chdir(work)
        code = call() or 0
    finally:
        os._exit(code)


def written(kills: Kills) -> str:
    """The counts as Markdown."""
    lines = ["| command | killed | ended before |", "| --- | --- | --- |"]
    for name in COMMANDS:
        row = [kills.counts[name, how] for how in ("killed", "ended before")]
        lines.append(f"| {name} | {row[0]} | {row[1]} |")
    return "\n".join(lines)
