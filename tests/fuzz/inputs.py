"""Mutated files of plays, items and queries, and configurations: read, or refused in one line."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hybrid_rec.cli import app
from tests.fuzz.models import world_frames
from tests.fuzz.mutations import mutated_table
from tests.fuzz.trial import BAD, FOREIGN, fast_folder, tried
from tests.fuzz.values import Rng, mutated_bytes, mutated_text, pick

REFUSED, DONE = "refused in one line", "done"
_RESULTS = (REFUSED, DONE, *BAD)
_CONFIG = """
[titles]
encoder = "tfidf"
tfidf_size = 4
[cooccurrence]
vector_size = 4
epochs = 1
[ranking]
enabled = false
[weights]
title = 0.1
[blocks.genre]
kind = "categories"
columns = ["genre"]
[blocks.tempo]
kind = "numbers"
columns = ["tempo"]
"""
# Door: the files that it reads, of which one is mutated, and its command.
_FIT = ["--config", "hybrid.toml", "--quiet", "--out", "new"]
_DOORS = {
    "fit": (("plays.csv", "items.csv", "hybrid.toml"), ["fit", "plays.csv", "--items",
            "items.csv", *_FIT]),
    "fit TSV": (("plays.tsv",), ["fit", "plays.tsv", "--items", "items.csv", *_FIT]),
    "fit Parquet": (("plays.parquet", "items.parquet"), ["fit", "plays.parquet", "--items",
                    "items.parquet", *_FIT]),
    "score": (("queries.csv",), ["score", "model", "queries.csv", "out", "--quiet", "-k", "5"]),
    "score Parquet": (("queries.parquet",), ["score", "model", "queries.parquet", "out",
                      "--quiet", "-k", "5"]),
    "score new": (("items.csv",), ["score", "model", "out", "--new-items", "items.csv",
                  "--quiet", "-k", "5"]),
    "update": (("more.csv", "items.csv"), ["update", "model", "--playlists", "more.csv",
               "--items", "items.csv", "--extend", "--quiet"]),
}  # fmt: skip
_CELLS = (
    b"", b" ", b"nan", b"NULL", b"-1", b"1e308", b"1e999", b"0x10", b"2147483648", b"\x00", b"\xff",
    b'"', b'""', b'"a,b"', b"a\nb", b"\r", "\u200b".encode(), "\ufeff".encode(), b"a" * 100_000,
    b"2021-02-30", b"9999-12-31", b"[1,2]", b"song-001", b"=1+1", b"True",
)  # fmt: skip


@dataclass
class Tally:
    """What came out, counted."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By door, and what came out."""
    failures: list[str] = field(default_factory=list)
    """What must never come out."""


def write_world(folder: Path) -> None:
    """Write the files of a small world and a model of it."""
    items, plays = world_frames()
    items = items[["item_id", "title", "artist", "genre", "tempo"]]
    more = plays.head(12).assign(playlist_id="more")
    queries = plays[["playlist_id", "item_id"]].head(120)
    for name, frame in (("plays", plays), ("items", items), ("more", more), ("queries", queries)):
        frame.to_csv(folder / f"{name}.csv", index=False)
        frame.to_csv(folder / f"{name}.tsv", index=False, sep="\t")
        frame.to_parquet(folder / f"{name}.parquet", index=False)
    (folder / "hybrid.toml").write_text(_CONFIG, encoding="utf-8")


def run(n: int, seed: int = 0) -> Tally:
    """Try so many mutated files.

    Args:
        n: Number of mutations.
        seed: Every trial depends on it and its own number alone.
    """
    tally = Tally()
    with tempfile.TemporaryDirectory(dir=fast_folder()) as place:
        whole, work = Path(place) / "whole", Path(place) / "work"
        whole.mkdir()
        outcome = tried(lambda: _made(whole))
        if outcome.kind != DONE:
            raise RuntimeError(f"the model could not be made: {outcome}")
        for number in range(n):
            rng = np.random.default_rng((seed, number))
            door = pick(rng, list(_DOORS))
            names, command = _DOORS[door]
            name = pick(rng, names)
            shutil.rmtree(work, ignore_errors=True)
            shutil.copytree(whole, work)
            how = _mutate(work / name, rng)
            outcome = tried(lambda command=command: _ran(work, command))  # type: ignore[misc]
            tally.counts[door, outcome.kind] += 1
            if outcome.kind in BAD:
                tally.failures.append(
                    f"({seed}, {number}) {door}, {name}, {how}: {outcome.kind}: {outcome.text}"
                )
                sys.stderr.write(f"{tally.failures[-1]}\n")
    return tally


def _made(whole: Path) -> tuple[str, str]:
    write_world(whole)
    command = ["fit", "plays.csv", "--items", "items.csv", "--config", "hybrid.toml", "--quiet"]
    return _ran(whole, [*command, "--out", "model"])


def _ran(work: Path, command: list[str]) -> tuple[str, str]:
    """Run a command in a folder; an error must be one line and no traceback."""
    os.chdir(work)
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        code = app.run(command)
    text = said.getvalue()
    if code == 0:
        return DONE, text
    # Warnings may stand before the error, which is the last line.
    last = text.rstrip("\n").split("\n")[-1]
    if code != 2 or "Traceback" in text or not last.startswith("hybrid-rec: "):
        return FOREIGN, f"exit code {code}: {text[-1_000:]}"
    return REFUSED, last


def _mutate(path: Path, rng: Rng) -> str:
    """Change one thing in a file; what was done."""
    kind = int(rng.integers(10))
    if kind == 0:
        path.unlink()
        if rng.random() < 0.5:
            path.touch()
            return "empty"
        if rng.random() < 0.5:
            path.mkdir()
            return "a folder"
        return "gone"
    content = path.read_bytes()
    if kind == 1:
        path.write_bytes(mutated_bytes(content, rng))
        return "bytes"
    if path.suffix == ".parquet":
        path.write_bytes(mutated_table(content, rng))
        return "table"
    if kind < 5 or path.suffix == ".toml":
        path.write_bytes(mutated_text(content, rng))
        return "text"
    if kind == 5:
        text = content.decode(errors="replace")
        encoding = pick(rng, ("utf-16", "utf-8-sig", "latin-1", "utf-32"))
        path.write_bytes(text.encode(encoding, errors="replace"))
        return f"encoding {encoding}"
    lines = content.split(b"\n")
    if kind == 6:
        other = {
            b"item_id": b"item",
            b"playlist_id": b"item_id",
            b"title": b"",
            b"artist": b"title",
        }
        old = pick(rng, list(other))
        lines[0] = lines[0].replace(old, other[old])
        path.write_bytes(b"\n".join(lines))
        return "header"
    separator = b"\t" if path.suffix == ".tsv" else b","
    for _ in range(int(pick(rng, (1, 1, 20)))):
        at = int(rng.integers(1, len(lines)))
        cells = lines[at].split(separator)
        cells[int(rng.integers(len(cells)))] = pick(rng, _CELLS)
        lines[at] = separator.join(cells[: int(pick(rng, (len(cells), len(cells), 1)))])
    path.write_bytes(b"\n".join(lines))
    return "cells"


def written(tally: Tally) -> str:
    """The tally as Markdown."""
    lines = ["| door | " + " | ".join(_RESULTS) + " |", "|" + " --- |" * (len(_RESULTS) + 1)]
    for door in _DOORS:
        row = [tally.counts[door, result] for result in _RESULTS]
        lines.append(f"| {door} | " + " | ".join(map(str, row)) + " |")
    total = [sum(tally.counts[door, result] for door in _DOORS) for result in _RESULTS]
    lines.append("| all | " + " | ".join(map(str, total)) + " |")
    return "\n".join(lines)
