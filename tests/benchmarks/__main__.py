"""Run all benchmarks, or those named: `python -m tests.benchmarks [NAME ...]`.

Each benchmark runs in a process of its own, so that its peak memory is its own. Results are
printed and written as Markdown beside this file.
"""

from __future__ import annotations

import subprocess
import sys

BENCHMARKS = (
    "fit", "index_memory", "index_speed", "plan", "accuracy", "ablation", "credits", "speed",
    "update", "titles", "headline", "growth", "longest_list", "tuned", "trees", "startup",
    "small", "score_log", "robust",
)  # fmt: skip


def main() -> int:
    """Run the benchmarks that are named, or all, one after another."""
    wanted = sys.argv[1:] or list(BENCHMARKS)
    unknown = set(wanted) - set(BENCHMARKS)
    if unknown:
        sys.stderr.write(f"benchmarks must be among {', '.join(BENCHMARKS)}, got {unknown}\n")
        return 2
    for name in wanted:
        subprocess.run([sys.executable, "-m", f"tests.benchmarks.{name}"], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
