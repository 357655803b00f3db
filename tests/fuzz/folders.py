"""Mutated model folders: each is refused by an ArtifactError, or answers as a model does."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import tempfile
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from hybrid_rec import ArtifactError
from hybrid_rec.cli import app
from hybrid_rec.model import storage
from tests.fuzz.asked import ANSWERED, REFUSED, asked
from tests.fuzz.models import FORMAT_1, NAMES, write_models
from tests.fuzz.mutations import MANIFEST, list_anew, mutate
from tests.fuzz.trial import BAD, FOREIGN, Outcome, fast_folder, tried
from tests.fuzz.values import pick

SILENT = "silent change"
_SAME, _OTHER = "answers the same", "answers otherwise, by legal values"


@dataclass
class Tally:
    """What came out, counted."""

    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """By kind of mutation, whether checksums were made anew, and what came out."""
    failures: list[str] = field(default_factory=list)
    """What must never come out: number of the trial, what was done, and what was seen."""


def run(n: int, seed: int = 0) -> Tally:
    """Try so many mutations.

    Args:
        n: Number of mutated folders.
        seed: Every trial depends on it and its own number alone.
    """
    with tempfile.TemporaryDirectory(dir=fast_folder()) as place:
        whole = Path(place) / "whole"
        _made(whole)
        truth = {name: _truth(whole / name) for name in NAMES}
        tally = Tally()
        for number in range(n):
            _try_one(Path(place) / "mutated", whole, truth, (seed, number), tally)
        return tally


def _made(whole: Path) -> None:
    """Fit the models in a process of their own: fitting starts threads, which no fork survives."""
    whole.mkdir()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            write_models(whole)
            code = 0
        except Exception:
            traceback.print_exc()
        finally:
            os._exit(code)
    if os.waitpid(child, 0)[1] != 0:
        raise RuntimeError("the models could not be made")


def _truth(folder: Path) -> str:
    outcome = tried(lambda: asked(folder, mmap=False))
    if outcome.kind != ANSWERED:
        raise RuntimeError(f"{folder.name} must answer, got {outcome}")
    return outcome.text


def _try_one(
    folder: Path, whole: Path, truth: dict[str, str], key: tuple[int, int], tally: Tally
) -> None:
    rng = np.random.default_rng(key)
    name = pick(rng, NAMES)
    kind, changed = _mutated(folder, whole / name, rng)
    # The manifest of format 1 carries no digest of itself.
    anew = bool(rng.random() < 0.5) or (name == FORMAT_1 and changed == MANIFEST)
    if anew:
        list_anew(folder)
    mmap = bool(rng.random() < 0.3)
    outcome = tried(lambda: _asked_and_told(folder, mmap=mmap))
    result = outcome.kind
    if result == ANSWERED:
        result = _SAME if outcome.text == truth[name] else _OTHER
        if not anew:
            result = SILENT
    tally.counts[kind, "anew" if anew else "as they were", result] += 1
    if result in (*BAD, SILENT) or _no_name(outcome):
        about = f"{key} {name}/{changed}, {kind}, checksums {'anew' if anew else 'as they were'}"
        tally.failures.append(f"{about}: {result}: {outcome.text}")
        sys.stderr.write(f"{tally.failures[-1]}\n")


def _mutated(folder: Path, whole: Path, rng: np.random.Generator) -> tuple[str, str]:
    """A copy of a model with one mutation that changed something; its kind, and the file."""
    while True:
        for old in folder.parent.glob(f"{folder.name}*"):
            shutil.rmtree(old) if old.is_dir() and not old.is_symlink() else old.unlink()
        shutil.copytree(whole, folder)
        kind, changed = mutate(folder, rng)
        now, before = folder / changed, whole / changed
        plain = now.is_file() and not now.is_symlink()
        if not plain or now.stat().st_size > 1 << 30:
            return kind, changed
        if _content(now) != _content(before):
            return kind, changed


def _content(path: Path) -> Any:
    """What a file says; to a manifest white space and the order of its keys do not matter."""
    content = path.read_bytes()
    if path.name != MANIFEST:
        return content
    try:
        return json.dumps(json.loads(content), sort_keys=True)
    except (ValueError, RecursionError):
        return content


def _asked_and_told(folder: Path, *, mmap: bool) -> tuple[str, str]:
    """What the model answers; before that, what its manifest tells, and whether a save may go."""
    with contextlib.suppress(ArtifactError):
        storage.check_target(folder)
    try:
        manifest = storage.read_manifest(folder)
    except ArtifactError as error:
        return REFUSED, str(error)
    storage.described_by(manifest)
    storage.fingerprint(manifest)
    code = app.run(["info", str(folder)])
    if code != 0:
        return FOREIGN, f"info ended with exit code {code}"
    return asked(folder, mmap=mmap)


def _no_name(outcome: Outcome) -> bool:
    """Whether a refusal says nothing of where it was, or takes more than a line."""
    return outcome.kind == REFUSED and ("mutated" not in outcome.text or "\n" in outcome.text)


def written(tally: Tally) -> str:
    """The tally as Markdown."""
    kinds = sorted({kind for kind, _, _ in tally.counts})
    results = [REFUSED, _SAME, _OTHER, SILENT, *BAD]
    lines = [
        "| mutation | checksums | " + " | ".join(results) + " |",
        "|" + " --- |" * (len(results) + 2),
    ]
    for kind in kinds:
        for how in ("as they were", "anew"):
            row = [tally.counts[kind, how, result] for result in results]
            if any(row):
                lines.append(f"| {kind} | {how} | " + " | ".join(map(str, row)) + " |")
    total = [sum(c for (_, _, r), c in tally.counts.items() if r == result) for result in results]
    lines.append("| all | | " + " | ".join(map(str, total)) + " |")
    return "\n".join(lines)
