"""Hostile folders, hostile files and killed commands: what was tried, and what came out.

`python -m tests.benchmarks.robust NAME` runs one campaign and keeps what ROBUST.md says of the
others.
"""

from __future__ import annotations

import re
import subprocess
import sys

from tests.benchmarks.measure import HERE, report

CAMPAIGNS = {
    "folders": (
        5_000,
        "Mutated model folders",
        "One thing is changed in a small saved model: bits, lengths, numbers, headers of arrays, "
        "entries of archives, JSON, columns of tables, or what a file is (a link, a FIFO, a "
        "folder, 2 GB of nothing). Nine models are of format 2 (with and without ranking; Flat, "
        "HNSW, IVF, PQ, SQ and PCA; updated ones; all kinds of block) and one of format 1. In half "
        "of the trials the checksums are made anew, as somebody would who means harm. Each model "
        "is then told by `info`, loaded, some of them mapped, and asked for recommendations, "
        "explanations, similar items and new items, in a process that may take 1.5 GB and 20 s. "
        "Where checksums are as they were, a model that loads is a silent change. The manifest of "
        "format 1 has no digest, so its changes count as made anew.",
    ),
    "inputs": (
        5_000,
        "Mutated inputs",
        "One thing is changed in a file of plays, items or queries, as CSV, TSV or Parquet, or in "
        "a configuration, and the command that reads it is run.",
    ),
    "kills": (
        100,
        "Killed commands",
        "A command is killed at a random moment, sometimes twice. The model must then be the old "
        "or the new one to the last bit, the same command must succeed and give what it gives "
        "without a kill, and a fit into the same folder must succeed.",
    ),
}


def main() -> None:
    """Run the campaigns that are named, or all, and write ROBUST.md."""
    sections = _kept()
    failed = []
    for name in sys.argv[1:] or CAMPAIGNS:
        n, heading, text = CAMPAIGNS[name]
        command = [sys.executable, "-m", "tests.fuzz", name, "--n", str(n)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        sections[heading] = (
            f"{text}\n\n`python -m tests.fuzz {name} --n {n}`\n\n{done.stdout.strip()}"
        )
        if done.returncode:
            failed.append(name)
    ordered = [heading for _, heading, _ in CAMPAIGNS.values() if heading in sections]
    told = "\n\n".join(f"## {heading}\n\n{sections[heading]}" for heading in ordered)
    report("ROBUST", "What hostile input does", told)
    if failed:
        sys.exit(f"something came out that must not: {', '.join(failed)}")


def _kept() -> dict[str, str]:
    """The sections of ROBUST.md as it is."""
    path = HERE / "ROBUST.md"
    content = path.read_text(encoding="utf-8") if path.exists() else ""
    parts = re.split("^## (.*)\n", content, flags=re.MULTILINE)[1:]
    return {heading: text.strip() for heading, text in zip(parts[::2], parts[1::2], strict=True)}


if __name__ == "__main__":
    main()
