"""Data sets: the readers of every format, the synthetic world, and `read_dataset` over them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from hybrid_rec.core.errors import DataError
from hybrid_rec.core.progress import Progress
from hybrid_rec.data.readers.movielens import read_movielens
from hybrid_rec.data.readers.mpd import read_mpd
from hybrid_rec.data.readers.tidy import read_tidy
from hybrid_rec.data.readers.yes import read_yes, read_yes_catalog
from hybrid_rec.data.report import Dataset, DatasetReport
from hybrid_rec.data.synthetic import SyntheticDataset, SyntheticTruth, synthetic_radio
from hybrid_rec.data.tables import TABLE_SUFFIXES

__all__ = [
    "Dataset",
    "DatasetReport",
    "SyntheticDataset",
    "SyntheticTruth",
    "read_dataset",
    "read_movielens",
    "read_mpd",
    "read_tidy",
    "read_yes",
    "read_yes_catalog",
    "synthetic_radio",
]

SPECS = (
    "yes:FOLDER",
    "movielens:FOLDER",
    "mpd:FOLDER",
    "FILE.parquet",
    "FILE.csv",
    "FILE.tsv",
    "synthetic",
)


def read_dataset(
    spec: str | Path,
    *,
    items: str | Path | pd.DataFrame | None = None,
    progress: bool | Progress = False,
) -> Dataset:
    """The data set that `spec` names, as on the command line.

    Args:
        spec: "yes:FOLDER", "movielens:FOLDER", "mpd:FOLDER" (or a glob of slices),
            "FILE.parquet", "FILE.csv", "FILE.tsv" or "synthetic".
        items: Items of tidy plays, see `read_tidy`.
        progress: True for progress bars, or a `Progress`.

    Raises:
        DataError: For a spec of no known form, or data that cannot be read.
    """
    if not isinstance(spec, str | Path):
        raise DataError(f"a data set must be one of {', '.join(SPECS)}; got {spec!r}.")
    spec = str(spec)
    kind, _, place = spec.partition(":")
    if (kind in ("yes", "movielens", "mpd") and place) or spec == "synthetic":
        if items is not None:
            raise DataError(
                f"items can only be given for plays in a file ({', '.join(TABLE_SUFFIXES)}), but "
                f"{spec!r} brings its own; leave them out."
            )
        if kind == "yes":
            return read_yes(place)
        if kind == "movielens":
            return read_movielens(place)
        return read_mpd(place, progress=progress) if kind == "mpd" else synthetic_radio()
    if not spec.lower().endswith(TABLE_SUFFIXES):
        raise DataError(f"a data set must be one of {', '.join(SPECS)}; got {spec!r}.")
    return read_tidy(spec, items)
