"""What a Spark cluster costs beside one machine, and what a sample costs beside the whole.

`--part` measures one part again (`sample SET`, `vectors SET`, `growth SHARE`); each is kept as JSON
in `results/spark`, and SPARK.md is written of what is there.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

import pandas as pd

from tests.benchmarks import measure
from tests.benchmarks.spark_growth import grown
from tests.benchmarks.spark_paper import paper
from tests.benchmarks.spark_sample import sampled
from tests.benchmarks.spark_score import scored
from tests.benchmarks.spark_vectors import compared

PARTS = {"sample": sampled, "vectors": compared, "growth": grown, "score": scored}
DEFAULT = {
    "sample": ("yes_big", "classic_rock"),
    "vectors": ("triplej", "classic_rock", "yes_big"),
    "growth": ("0.01", "0.03", "0.1"),
    "score": ("triplej",),
}
RESULTS = measure.HERE / "results" / "spark"
_TEXTS = {
    "growth": (
        "Growth",
        "Generated playlists as in HEADLINE (66 plays each), as tidy Parquet in eight files; share "
        "1 is a million. CPU seconds of all processes that compute, after a first job that starts "
        "them: the cluster is a master and two workers of one core and 2 GB on one machine. "
        "`prepare` is read_tidy on one machine; `statistics` are the 200 nearest items of each.",
    ),
    "score": (
        "Scores",
        "All playlists by the linear score, and up to 500 by the learned ranking, the same rows on "
        "both sides. CPU seconds of all processes that compute; the cluster has its sessions and "
        "its Python workers, and reads, sorts and shuffles; workers that Spark replaces load the "
        "model again.",
    ),
    "sample": (
        "Fit a sample, score everything",
        "A part of the training playlists is fitted, drawn by the rule of `spark sample`, and all "
        "held-out cases are asked (validation part). With exact counts, popularity and shrinkage "
        "know the plays of all training playlists. CPU seconds are those of the fit.",
    ),
    "vectors": (
        "Vectors of MLlib beside gensim",
        "Vectors of all training playlists, 64 numbers an item, each taken by a fit in which the "
        "co-occurrence block alone counts (validation part). `gensim` is what fit learns by "
        "itself, on one thread. CPU seconds of all processes that compute.",
    ),
}


def page() -> str:
    """The text of the report, of what was measured."""
    sections = []
    for part, (heading, text) in _TEXTS.items():
        rows: list[dict[str, Any]] = []
        files = [RESULTS / f"{part}-{name}.json" for name in DEFAULT[part]]
        for file in dict.fromkeys([*files, *sorted(RESULTS.glob(f"{part}-*.json"))]):
            rows += json.loads(file.read_text()) if file.exists() else []
        if part == "growth":
            rows.sort(key=lambda row: row["plays"])
        if rows:
            frame = pd.DataFrame(rows).fillna("")
            sections.append(f"## {heading}\n\n{text}\n\n{measure.markdown(frame)}")
    kept = [json.loads(file.read_text())[0] for file in sorted(RESULTS.glob("growth-*.json"))]
    if kept:
        sections.append(paper(sorted(kept, key=lambda row: row["plays"])))
    return "\n\n".join(sections)


def main() -> None:
    """Measure what is asked for, each part in a process of its own, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", nargs=2, action="append", metavar=("PART", "NAME"))
    parser.add_argument("--page", action="store_true", help="write the page of what is there")
    parser.add_argument("--run", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        part, name = options.run
        print(json.dumps(PARTS[part](name)))
        return
    everything = [(part, name) for part, names in DEFAULT.items() for name in names]
    RESULTS.mkdir(parents=True, exist_ok=True)
    for part, name in [] if options.page else options.part or everything:
        found = measure.in_own_process("spark", "--run", part, name)
        (RESULTS / f"{part}-{name}.json").write_text(found.splitlines()[-1] + "\n")
        sys.stderr.write(f"{found}\n")
    measure.report("SPARK", "On a Spark cluster", page())


if __name__ == "__main__":
    main()
