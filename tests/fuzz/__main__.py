"""Run a campaign: `python -m tests.fuzz folders|inputs|kills [--n N] [--seed SEED]`."""

from __future__ import annotations

import argparse
import os
import resource
import sys
from importlib import import_module

# Before anything starts threads, which no fork survives.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

_MOST_MEMORY = 8 << 30


def main() -> int:
    """Run one campaign; exit code 1 if anything came out that must not."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("campaign", choices=("folders", "inputs", "kills"))
    parser.add_argument("--n", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    # What is meant to mislead a model may mislead the campaign.
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, resource.RLIM_INFINITY))

    import_module("tests.fuzz.trial").load_libraries()
    campaign = import_module(f"tests.fuzz.{given.campaign}")
    result = campaign.run(given.n, given.seed)
    sys.stdout.write(campaign.written(result) + "\n")
    for failure in result.failures:
        sys.stdout.write(f"\n{failure}\n")
    return 1 if result.failures else 0


if __name__ == "__main__":
    sys.exit(main())
