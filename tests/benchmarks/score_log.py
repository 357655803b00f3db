"""A log in order of time scored, beside the same rows by user: seconds, memory, disk."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from hybrid_rec import Catalog, HybridConfig, HybridRecommender, score_playlists
from hybrid_rec.core.progress import Advance, Progress
from tests.benchmarks import measure
from tests.benchmarks.generated import FLAT, playlists_of

SIZES = (2_000_000, 12_500_000, 50_000_000)
_MOST_GROUPED = 2_000_000
_PLAYS_A_USER, _N_ITEMS, _SECONDS_APART = 500, 10_000, 2
_BLOCK = 1_000_000
_K, _CHUNK = 10, 1_000
_CONFIG = HybridConfig(
    titles={"encoder": "tfidf"}, cooccurrence={"epochs": 1}, ranking={"enabled": False}
)


class Clock(Progress):
    """Seconds of each stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Advance]:
        """See `Progress.stage`."""
        started = time.perf_counter()
        yield lambda _: None
        self.seconds[name] = time.perf_counter() - started


def log(path: Path, n_rows: int, *, grouped: bool) -> None:
    """A log in order of time, or the same rows by user and then in no order at all."""
    rng = np.random.default_rng(0)
    n_users = max(1, n_rows // _PLAYS_A_USER)
    schema = pa.schema(
        {"playlist_id": pa.string(), "item_id": pa.string(), "played_at": pa.int64()}
    )
    blocks = []
    with pq.ParquetWriter(path, schema) as writer:
        for start in range(0, n_rows, _BLOCK):
            size = min(_BLOCK, n_rows - start)
            users = rng.integers(n_users, size=size)
            rank = FLAT * ((_N_ITEMS + FLAT) / FLAT) ** rng.random(size) - FLAT
            frame = pd.DataFrame(
                {
                    "playlist_id": pd.Series(users).astype(str).str.zfill(9),
                    "item_id": np.minimum(rank.astype(np.int64), _N_ITEMS - 1).astype(str),
                    "played_at": 1_600_000_000 + _SECONDS_APART * np.arange(start, start + size),
                }
            )
            if not grouped:
                writer.write_table(pa.Table.from_pandas(frame, schema, preserve_index=False))
                continue
            blocks.append(frame)
        if grouped:
            whole = pd.concat(blocks, ignore_index=True)
            mixed = whole.sample(frac=1, random_state=0).sort_values("playlist_id", kind="stable")
            writer.write_table(pa.Table.from_pandas(mixed, schema, preserve_index=False))


def run(n_rows: int, *, grouped: bool) -> dict[str, Any]:
    """One log, in this process."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "temp").mkdir()
        command = ["--model", str(folder / "model"), "--log", str(folder / "log.parquet")]
        made = ["--rows", str(n_rows), *(["--grouped"] if grouped else [])]
        # What is made must not count as memory of what is measured.
        measure.in_own_process("score_log", "--make", *made, *command)
        clock, most, over = Clock(), [0.0], threading.Event()

        def watch() -> None:
            while not over.wait(0.5):
                try:
                    most[0] = max(most[0], measure.folder_mb(folder / "temp"))
                except FileNotFoundError:
                    continue  # a file that went away meanwhile

        watcher = threading.Thread(target=watch)
        watcher.start()
        before = measure.peak_memory_gb()
        started = time.perf_counter()
        result = score_playlists(
            folder / "model", folder / "log.parquet", folder / "out", _K,
            chunk_size=_CHUNK, temp=folder / "temp", progress=clock,
        )  # fmt: skip
        seconds = time.perf_counter() - started
        over.set()
        watcher.join()
        counts = result.manifest["counts"]
        digest = hashlib.sha256(json.dumps(result.manifest["parts"]).encode()).hexdigest()
        return {
            "rows": f"{n_rows:,}",
            "users": f"{counts['queries']:,}",
            "order of rows": "by user" if grouped else "by time",
            "file MB": f"{(folder / 'log.parquet').stat().st_size / 1e6:,.0f}",
            "rows used": f"{counts['used_rows']:,}",
            "survey s": f"{clock.seconds['input rows surveyed']:.0f}",
            "until sorted s": f"{clock.seconds.get('input rows sorted', 0):.0f}",
            "scoring s": f"{result.manifest['timings']['scoring_seconds']:.0f}",
            "all s": f"{seconds:.0f}",
            "rows a second": f"{n_rows / seconds:,.0f}",
            "peak memory GB": f"{measure.peak_memory_gb():.2f}",
            "before it GB": f"{before:.2f}",
            "temporary files MB": f"{most[0]:,.0f}",
            "parts": digest[:8],
        }


def make(model: Path, path: Path, n_rows: int, *, grouped: bool) -> None:
    """A small model, and the log."""
    rng = np.random.default_rng(1)
    playlists = playlists_of(rng.integers(5, 35, 5_000), _N_ITEMS, rng)
    frame = pd.DataFrame({"item_id": np.arange(_N_ITEMS).astype(str)})
    frame["title"] = "song " + frame["item_id"]
    HybridRecommender(_CONFIG).fit(playlists, Catalog.from_frame(frame)).save(model)
    log(path, n_rows, grouped=grouped)


def main() -> None:
    """Every log in a process of its own, then one page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, action="append", help=f"default: {SIZES}")
    parser.add_argument("--grouped", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--run", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--make", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--model", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--log", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.make:
        make(options.model, options.log, options.rows[0], grouped=options.grouped)
        return
    if options.run:
        print(json.dumps(run(options.rows[0], grouped=options.grouped)))
        return
    rows = []
    for size in options.rows or SIZES:
        for grouped in (True, False) if size <= _MOST_GROUPED else (False,):
            extra = ["--grouped"] if grouped else []
            found = measure.in_own_process("score_log", "--run", "--rows", str(size), *extra)
            rows.append(json.loads(found))
            sys.stderr.write(f"{rows[-1]}\n")
    table = pd.DataFrame(rows).set_index("rows").T.reset_index(names="rows")
    measure.report(
        "SCORE_LOG",
        "Scoring a log",
        f"`score_playlists` of a generated log: a play every {_SECONDS_APART} seconds by a user "
        f"drawn at random, {_PLAYS_A_USER} plays a user, {_N_ITEMS:,} items, `played_at` in "
        f"seconds, in Parquet; k = {_K}, one worker, a small model without ranking. By time the "
        "rows of a user stand apart and are sorted on disk; by user they stand together, in no "
        "order of time, and are read as they come. *survey* reads ids and times once, to tell "
        "whether a sort is needed; *until sorted* is from there to the last row handed to "
        "the sort. Equal *parts* are equal bytes of all recommendations.\n\n"
        + measure.markdown(table),
    )


if __name__ == "__main__":
    main()
