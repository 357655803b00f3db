"""A whole fit, ranking included, as the playlists grow towards a million.

`--share` fits a part of the playlists, over the items that these hold. What it costs to fit all of
them follows stage by stage from the last two shares.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd

from hybrid_rec import Catalog, HybridConfig, HybridRecommender, Playlists
from hybrid_rec.core.progress import Advance, Progress
from tests.benchmarks import measure
from tests.benchmarks.headline import MEAN_LENGTH, N_ITEMS, N_PLAYLISTS, world

SHARES = (0.01, 0.03, 0.1)
CONFIG = HybridConfig(titles={"encoder": "tfidf"})
N_CORES = 2
_ITEMS_AN_ARTIST, _N_WORDS = 8, 50_000
_OTHER = "blocks and the rest"
_TRAINED = "co-occurrence, epochs"
# A graph from 500,000 items on, a table below: the cost of one tells nothing of the other.
_INDEX = "cold start and index"


class StageClock(Progress):
    """Keeps the processor time of every outermost stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._within = False

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Advance]:
        """See `Progress.stage`."""
        outermost, self._within = not self._within, True
        started = time.process_time()
        with super().stage(name, total) as advance:
            yield advance
        if outermost:
            self._within = False
            self.seconds[name] = self.seconds.get(name, 0.0) + time.process_time() - started


def data(share: float) -> tuple[Playlists, Catalog]:
    """The generated playlists over the items that they hold."""
    whole = world(share)
    played = np.flatnonzero(whole.play_counts)
    rows = np.searchsorted(played, whole.rows)
    playlists = Playlists.from_rows(whole.lengths, rows, len(played))
    rng = np.random.default_rng(0)
    words = np.array([f"word{n}" for n in range(_N_WORDS)], dtype=object)
    drawn = words[rng.integers(_N_WORDS, size=(len(played), 3))]
    frame = pd.DataFrame(
        {
            "item_id": played.astype(str),
            "title": drawn[:, 0] + " " + drawn[:, 1] + " " + drawn[:, 2],
            "artist": (played // _ITEMS_AN_ARTIST).astype(str),
        }
    )
    return playlists, Catalog.from_frame(frame)


def run(share: float) -> dict[str, Any]:
    """One share, in this process."""
    playlists, catalog = data(share)
    clock = StageClock()
    before = time.process_time()
    seconds = measure.seconds(
        lambda: HybridRecommender(CONFIG).fit(playlists, catalog, progress=clock)
    )
    spent = time.process_time() - before
    stages = dict(clock.seconds)
    stages[_OTHER] = spent - sum(stages.values())
    return {
        "playlists": len(playlists),
        "plays": playlists.n_plays,
        "items": len(catalog),
        "seconds": round(seconds, 1),
        "CPU seconds": round(spent, 1),
        "peak GB": round(measure.peak_memory_gb(), 2),
        "stages": {name: round(value, 1) for name, value in stages.items()},
    }


def forecast(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What each stage would take of a million playlists, from the last two shares."""
    small, large = rows[-2:]
    growth = large["plays"] / small["plays"]
    left = N_PLAYLISTS * MEAN_LENGTH / large["plays"]
    told = []
    for stage, seconds in large["stages"].items():
        before = small["stages"].get(stage, 0.0)
        power = np.log(seconds / before) / np.log(growth) if before > 0 and seconds > 0 else 1.0
        times = left**power
        if stage == _INDEX:
            n = large["items"]
            times = N_ITEMS * np.log(N_ITEMS) / (n * np.log(n))
        told.append(
            {
                "stage": stage,
                "CPU seconds": seconds,
                "grows as plays to the power of": (
                    "n log n of items" if stage == _INDEX else f"{power:.2f}"
                ),
                "CPU minutes of a million": round(float(seconds * times) / 60, 1),
            }
        )
    return told


def main() -> None:
    """Every share in a process of its own, then one page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, action="append", help="default: 0.01, 0.03, 0.1")
    parser.add_argument("--run", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        print(json.dumps(run(options.run)))
        return
    shares = sorted(options.share or SHARES)
    if len(shares) < 2 or not 0 < shares[0] <= shares[-1] <= 1:
        sys.exit(f"--share must be given twice, above 0 and at most 1, got {shares}")
    rows = [json.loads(measure.in_own_process("million", "--run", str(s))) for s in shares]
    stages = forecast(rows)
    minutes = sum(stage["CPU minutes of a million"] for stage in stages)
    trained = sum(s["CPU minutes of a million"] for s in stages if s["stage"] == _TRAINED)
    table = pd.DataFrame([{k: v for k, v in row.items() if k != "stages"} for row in rows])
    parts = [
        f"Generated playlists of the shape of a million ({MEAN_LENGTH} plays on average), the "
        "items that they hold, with made-up titles of three words (TF-IDF) and artists. Default "
        "configuration otherwise, the learned ranking included. Seconds by the clock are those of "
        "a machine that may have been busy; the forecast is made from those of the processor.",
        measure.markdown(table),
        "## A million",
        measure.markdown(pd.DataFrame(stages)),
        f"Together {minutes:.0f} CPU minutes. Only the training of co-occurrence vectors uses "
        f"{N_CORES} cores, for all playlists and for the fold: about "
        f"{minutes - trained / N_CORES:.0f} minutes by the clock.",
    ]
    measure.report("MILLION", "A fit of a million playlists", "\n\n".join(parts))


if __name__ == "__main__":
    main()
