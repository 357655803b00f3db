"""Splits of playlists into training, seeds and targets; their samples and their leaks.

To add a split, write a function decorated with `register_split` in a file of its own in this
folder. `hybrid-rec evaluate`, `hybrid-rec tune` and their help texts take its name from there.
"""

from evaluation.splits.registry import SPLITS, make_split, make_validation_split
from evaluation.splits.split import Split

__all__ = ["SPLITS", "Split", "make_split", "make_validation_split"]
