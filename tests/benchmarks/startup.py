"""Processor time of commands that do little: how long one waits for an answer, or for an error.

Each command runs some times in a process of its own; what counts is user and system time, which
other work on the machine hardly changes. The median is given, and the slowest.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from hybrid_rec import HybridRecommender, synthetic_radio
from hybrid_rec.cli.configuration import demo_config
from tests.benchmarks.measure import markdown, report

RUNS = 5
# Seconds that a command may take at most.
ANSWER, REFUSAL = 1.5, 0.5


def main() -> None:
    """Fit a small model as the demo does, run the commands and write STARTUP.md."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        world = synthetic_radio(seed=0)
        model = HybridRecommender(demo_config()).fit(world.playlists, world.catalog)
        if model.model_.ranking is None:
            sys.exit("the model of this benchmark must have a ranking")
        model.save(folder / "model")
        item = str(world.catalog.item_ids[0])
        rows = []
        for command, limit in (
            ("--version", REFUSAL),
            ("--help", REFUSAL),
            ("fit NOSUCH.csv --out x", REFUSAL),
            ("recommend NOSUCH --item 1", REFUSAL),
            ("score NOSUCH in.csv out", REFUSAL),
            ("info model", ANSWER),
            (f"recommend model --item {item}", ANSWER),
            (f"recommend model --item {item} --explain", None),
            (f"similar model --item {item}", ANSWER),
        ):
            seconds = [processor_seconds(command, folder) for _ in range(RUNS)]
            rows.append(
                {
                    "hybrid-rec ...": command,
                    "median, s": f"{np.median(seconds):.2f}",
                    "slowest, s": f"{max(seconds):.2f}",
                    "limit, s": "" if limit is None else f"{limit:.1f}",
                }
            )
    report(
        "STARTUP",
        "Processor time of short commands",
        f"User and system time of the whole process, {RUNS} runs each. The model is the demo's: "
        f"{len(world.catalog):,} items, TF-IDF titles, the learned ranking on. `--explain` needs "
        "LightGBM, which the others do without.\n\n" + markdown(pd.DataFrame(rows)),
    )


def processor_seconds(command: str, folder: Path) -> float:
    """User and system time of one run of the command in `folder`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "hybrid_rec", *command.split()],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != (2 if "NOSUCH" in command else 0):
        sys.exit(f"hybrid-rec {command} ended with {done.returncode}: {done.stderr}")
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)


if __name__ == "__main__":
    main()
