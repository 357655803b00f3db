"""Data sets: the readers of every format, the synthetic world, and `read_dataset` over them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hybrid_rec.core.errors import ConfigError, DataError
from hybrid_rec.core.progress import Progress, as_progress
from hybrid_rec.core.quoting import quoted
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.readers.movielens import read_movielens
from hybrid_rec.data.readers.mpd import read_mpd
from hybrid_rec.data.readers.registry import READERS
from hybrid_rec.data.readers.tidy import read_plays, read_tidy
from hybrid_rec.data.readers.tidy_frames import Table
from hybrid_rec.data.readers.yes import read_yes, read_yes_catalog
from hybrid_rec.data.remote import fetched, is_url, name_in, named_by_url
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
    "read_plays",
    "read_tidy",
    "read_yes",
    "read_yes_catalog",
    "synthetic_radio",
]

SYNTHETIC = "synthetic"


def data_set_names() -> tuple[str, ...]:
    """The forms that a data set may be named in."""
    registered = [f"{name}:{reader.place}" for name, reader in READERS.items()]
    return (*registered, *(f"FILE{suffix}" for suffix in TABLE_SUFFIXES), SYNTHETIC)


@named_by_url()
def read_dataset(
    spec: str | Path,
    *,
    items: Table | Catalog | None = None,
    columns: Mapping[str, str] | None = None,
    encoding: str | None = None,
    date_format: str | None = None,
    progress: bool | Progress = False,
) -> Dataset:
    """The data set that `spec` names, as on the command line.

    Args:
        spec: "yes:FOLDER", "movielens:FOLDER", "mpd:FOLDER" (or a glob of slices) or another
            registered reader; "FILE.parquet", "FILE.csv", "FILE.tsv" or "synthetic". Files and
            folders are paths or URLs that fsspec knows, whose content is kept in the cache.
        items: Items of tidy plays, see `read_tidy`.
        columns: See `read_tidy`; for plays in a file alone, as the next two.
        encoding: See `read_tidy`.
        date_format: See `read_tidy`.
        progress: True for progress bars, or a `Progress`.

    Raises:
        DataError: For a spec of no known form, or data that cannot be read.
    """
    if not isinstance(spec, str | Path):
        raise DataError(
            f"a data set must be one of {', '.join(data_set_names())}; got {quoted(spec)}."
        )
    spec, told = str(spec), as_progress(progress)
    kind, _, place = spec.partition(":")
    reader = READERS.get(kind) if place and not place.startswith("//") else None
    if reader is not None or spec == SYNTHETIC:
        written = {"columns": columns, "encoding": encoding, "date_format": date_format}
        given = [name for name, value in written.items() if value is not None]
        if given:
            raise ConfigError(
                f"{given[0]} can only be given for plays in a file ({', '.join(TABLE_SUFFIXES)}), "
                f"but {quoted(spec)} has a form of its own; leave it out."
            )
        if items is not None:
            raise DataError(
                f"items can only be given for plays in a file ({', '.join(TABLE_SUFFIXES)}), but "
                f"{quoted(spec)} brings its own; leave them out."
            )
        if is_url(place):
            place = str(fetched(place, f"what the data set {kind} is read from", told))
        with told.stage("reading"):
            return synthetic_radio() if reader is None else reader.read(place, told)
    named = name_in(spec) if is_url(spec) else spec
    if not named.lower().endswith(TABLE_SUFFIXES):
        raise DataError(
            f"a data set must be one of {', '.join(data_set_names())}; got {quoted(spec)}."
        )
    if is_url(spec):
        spec = str(fetched(spec, "a file of plays", told))
    if isinstance(items, str) and is_url(items):
        items = fetched(items, "a file of items", told)
    with told.stage("reading"):
        return read_tidy(spec, items, columns=columns, encoding=encoding, date_format=date_format)
