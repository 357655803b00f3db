"""Run all benchmarks, or those named: `python -m tests.benchmarks [NAME ...]`.

What follows a name and is no name itself is for that benchmark: `accuracy classic_rock`.

Each benchmark runs in a process of its own, so that its peak memory is its own. Results are
printed and written as Markdown beside this file.
"""

from __future__ import annotations

import subprocess
import sys

BENCHMARKS = (
    "fit", "index_memory", "index_speed", "plan", "accuracy", "ablation", "credits", "speed",
    "update", "titles", "headline", "million", "growth", "longest_list", "tuned", "trees",
    "startup", "small", "score_log", "robust", "find", "radio", "playlists", "map",
    "two_tastes", "spark",
)  # fmt: skip


def main() -> int:
    """Run the benchmarks that are named, or all, one after another."""
    runs: list[list[str]] = []
    for word in sys.argv[1:] or BENCHMARKS:
        if word in BENCHMARKS:
            runs.append([word])
        elif runs:
            runs[-1].append(word)
        else:
            sys.stderr.write(f"benchmarks must be among {', '.join(BENCHMARKS)}, got {word}\n")
            return 2
    for name, *arguments in runs:
        command = [sys.executable, "-m", f"tests.benchmarks.{name}", *arguments]
        subprocess.run(command, check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
