"""What the hybrid is measured beside: baselines, from popularity to EASE, and other libraries.

To add a baseline, write a class decorated with `register_baseline` in a file of its own in this
folder. `hybrid-rec evaluate` and its help text take its name from there, and the tests of every
baseline include it. Import a library that not everybody has when the baseline is fitted, not when
the file is.
"""

from evaluation.recommenders.base import Baseline
from evaluation.recommenders.registry import BASELINES, default_baselines, make_baseline

__all__ = ["BASELINES", "Baseline", "default_baselines", "make_baseline"]
