"""Co-occurrence vectors that were made elsewhere, by whatever made them."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from hybrid_rec.core.arrays import Floats
from hybrid_rec.core.checks import as_path, is_listing
from hybrid_rec.core.errors import DataError
from hybrid_rec.core.linalg import unit_rows
from hybrid_rec.core.quoting import joined, quoted
from hybrid_rec.core.words import how_many
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.columns import id_column, require_columns
from hybrid_rec.data.paths import A_FOLDER, NOTHING, located, one_line, what_is_at

GivenVectors = Any
"""An array, a DataFrame, gensim's KeyedVectors, or a file; see `given_vectors`."""

_COLUMNS = ("vector", "cooccurrence_vector")
_TEXT, _BINARY = (".txt", ".vec"), (".bin",)
_WHAT = "cooccurrence_vectors"


def given_vectors(given: GivenVectors, catalog: Catalog, size: int) -> Floats:
    """Unit vectors of all items, `(n_items, size)` float32; zero rows for items without one.

    Args:
        given: An array `(n_items, size)` in the order of the catalogue; a DataFrame with the
            columns `item_id` and `vector`; gensim's `KeyedVectors`; or a file of these: Parquet (or
            a folder of it, as `hybrid-rec spark vectors` and `hybrid-rec export` write it), or the
            text or binary format of word2vec, `.txt` or `.bin`.
        catalog: The items. Vectors of others are left out, with a warning that counts them.
        size: `cooccurrence.vector_size`.

    Raises:
        DataError: If the shape is another one, a number is not finite, an id is missing or stands
            twice, no item of the catalogue has a vector, or a file cannot be read.
    """
    if isinstance(given, str | Path):
        path = as_path(given, _WHAT)
        with located(path):
            return _of_ids(*_read(path), catalog, size)
    if isinstance(given, pd.DataFrame):
        return _of_ids(*_of_frame(given), catalog, size)
    if hasattr(given, "index_to_key") and hasattr(given, "vectors"):
        ids = pd.Series(list(given.index_to_key), dtype=object)
        return _of_ids(ids, given.vectors, catalog, size)
    vectors = _matrix(given, size)
    if len(vectors) != len(catalog):
        raise DataError(
            f"{_WHAT} must have one row for each of {len(catalog)} items, got {len(vectors)}; give "
            "a DataFrame with item_id and vector where some items have none."
        )
    return _unit(vectors)


def _of_ids(column: pd.Series[Any], vectors: Any, catalog: Catalog, size: int) -> Floats:
    ids = id_column(column, "item_id")
    matrix = _matrix(vectors, size)
    twice = np.flatnonzero(pd.Index(ids).duplicated())
    if len(twice):
        raise DataError(
            f"{_WHAT} must have one vector an item, but {quoted(ids.iloc[twice[0]])} stands there "
            "twice; leave one out."
        )
    rows = catalog.rows(ids, "negative")
    known = rows >= 0
    if not known.any():
        raise DataError(
            f"{_WHAT} must be of items of the catalogue, but none of {len(ids)} ids is in it, such "
            f"as {quoted(ids.iloc[0]) if len(ids) else 'none at all'}; give the ids as the "
            "catalogue has them."
        )
    if not known.all():
        left = how_many(int((~known).sum()), "vectors of items that the catalogue lacks")
        warnings.warn(f"left out {left}.", stacklevel=4)
    found = np.zeros((len(catalog), size), np.float32)
    found[rows[known]] = matrix[known]
    return _unit(found)


def _matrix(given: Any, size: int) -> Floats:
    """A matrix of so many columns.

    Raises:
        DataError: If it is none, or a number in it is not finite.
    """
    try:
        if not is_listing(given):
            raise ValueError
        with np.errstate(over="ignore"):
            matrix = np.ascontiguousarray(given, dtype=np.float32)
    except (TypeError, ValueError):
        raise DataError(
            f"{_WHAT} must be a matrix of numbers, {size} an item; got {quoted(given)}."
        ) from None
    if matrix.ndim != 2 or matrix.shape[1] != size:
        width = matrix.shape[1] if matrix.ndim == 2 else None
        remedy = f"; set vector_size = {width} in [cooccurrence]" if width else ""
        raise DataError(
            f"{_WHAT} must have cooccurrence.vector_size = {size} numbers an item, got an array of "
            f"shape {matrix.shape}{remedy}."
        )
    odd = np.flatnonzero(~np.isfinite(matrix).all(axis=1))
    if len(odd):
        raise DataError(
            f"{_WHAT} must be finite numbers, but row {int(odd[0])} holds NaN, infinity or one "
            "that float32 cannot hold; leave the row out."
        )
    return matrix


def _unit(vectors: Floats) -> Floats:
    if not vectors.any():
        raise DataError(f"{_WHAT} must not be zero for all items; give those of some items.")
    unit: Floats = np.ascontiguousarray(unit_rows(vectors), dtype=np.float32)
    return unit


def _of_frame(frame: pd.DataFrame) -> tuple[pd.Series[Any], list[Any]]:
    require_columns(frame, ("item_id",), _WHAT, _COLUMNS)
    name = next((name for name in _COLUMNS if name in frame.columns), None)
    if name is None:
        raise DataError(
            f"{_WHAT} must have the columns item_id and vector; vector missing, found "
            f"{joined([str(name) for name in frame.columns])}."
        )
    rows = frame[name].tolist()
    for row, cell in enumerate(rows):
        if not is_listing(cell) or len(cell) != len(rows[0]):
            raise DataError(
                f"{_WHAT} must be lists of numbers, all of one length, but row {row} is another; "
                "mend it."
            )
    return frame["item_id"], rows


def _read(path: Path) -> tuple[pd.Series[Any], Any]:
    found, suffix = what_is_at(path), path.suffix.lower()
    if found == NOTHING:
        raise DataError(f"{_WHAT} must be a file that is there; check the path.")
    if found == A_FOLDER:
        files = sorted(path.rglob("*.parquet"))
        if not files:
            raise DataError(f"{_WHAT} must be a folder of Parquet files, found none.")
        return _of_parquet(files)
    if suffix == ".parquet":
        return _of_parquet([path])
    if suffix in (*_TEXT, *_BINARY):
        return _of_word2vec(path, is_binary=suffix in _BINARY)
    raise DataError(
        f"{_WHAT} must be a file that ends in .parquet, {', '.join((*_TEXT, *_BINARY))}, found "
        f"{suffix or 'no ending'!r}; save KeyedVectors by save_word2vec_format."
    )


def _of_parquet(files: list[Path]) -> tuple[pd.Series[Any], list[Any]]:
    try:
        frames = []
        for file in files:
            parquet = pq.ParquetFile(file)
            wanted = [n for n in ("item_id", *_COLUMNS) if n in parquet.schema_arrow.names]
            frames.append(parquet.read(wanted).to_pandas())
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"it must be Parquet ({one_line(error)}); write it again.") from None
    return _of_frame(pd.concat(frames, ignore_index=True))


def _of_word2vec(path: Path, *, is_binary: bool) -> tuple[pd.Series[Any], Any]:
    from gensim.models import KeyedVectors

    try:
        known = KeyedVectors.load_word2vec_format(str(path), binary=is_binary)
    except Exception as error:
        # Whatever is wrong with a file, gensim finds it in its own way.
        raise DataError(
            f"it must be in the format of word2vec ({one_line(error)}); write it again."
        ) from None
    return pd.Series(known.index_to_key, dtype=object), known.vectors
