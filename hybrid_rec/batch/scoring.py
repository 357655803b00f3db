"""One chunk scored: its part and what was rejected, both as the bytes of a Parquet file."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hybrid_rec.batch.chunks import Chunk
from hybrid_rec.batch.queries import Rejections, complaint_of, new_items_of, playlists_of
from hybrid_rec.core.choices import Distinct

if TYPE_CHECKING:
    from hybrid_rec.data.recommendations import Recommendations
    from hybrid_rec.recommender import HybridRecommender

PLAYLISTS, ITEMS, NEW_ITEMS = "playlists", "items", "new-items"

SCORES = pa.schema(
    {
        "query_id": pa.string(),
        "rank": pa.int32(),
        "item_id": pa.string(),
        "score": pa.float32(),
        "source": pa.string(),
    }
)
NEW_ITEM_SCORES = SCORES.append(pa.field("query_source", pa.string()))
"""With how each new item was placed."""


@dataclass(frozen=True)
class ItemChunk:
    """A range of rows of the catalogue, each of which asks for its similar items."""

    number: int
    start: int
    stop: int

    @property
    def n_rows(self) -> int:
        """Rows of the catalogue."""
        return self.stop - self.start


@dataclass(frozen=True)
class BatchRequest:
    """What is asked of the model for every chunk."""

    kind: str
    """PLAYLISTS, ITEMS or NEW_ITEMS."""
    k: int
    """Items wanted for each query."""
    distinct: Distinct | None = None
    """See `HybridRecommender.recommend`."""
    where: str | None = None
    """See `HybridRecommender.recommend`."""
    files: tuple[str, ...] = ()
    """The names of the input files."""

    @property
    def options(self) -> dict[str, Any]:
        """What keeps items out of the answers, as every call of a model takes it."""
        return {"distinct": self.distinct, "where": self.where}


@dataclass(frozen=True)
class Answered:
    """What is answered to one chunk."""

    table: pa.Table
    """Columns of SCORES, or of NEW_ITEM_SCORES."""
    rejected: pa.Table | None
    """Columns of REJECTED; None for none."""
    n_queries: int
    n_rows: int
    """Rows of the input."""
    n_used: int
    """Those of them that were not rejected."""


@dataclass(frozen=True)
class Scored:
    """What became of one chunk."""

    number: int
    """The number of the part."""
    part: bytes
    """The part, a Parquet file."""
    rejected: bytes
    """The rejected rows, a Parquet file; empty for none."""
    record: Mapping[str, Any]
    """Counts, checksums and seconds."""
    complaint: str | None
    """The first rejected row, for a message; None for none."""


def warm_up(model: HybridRecommender, request: BatchRequest) -> None:
    """Ask once, so that all that a model makes on first use is there before it is shared.

    Args:
        model: What will be asked.
        request: How.

    Raises:
        ConfigError: If k is out of range, or `where` is no expression over the columns.
        DataError: If `where` lets nothing through.
    """
    first = model.model_.catalog.item_ids[:1].tolist()
    if request.kind == ITEMS:
        model.similar_items(first, request.k, **request.options)
    elif request.kind == PLAYLISTS:
        model.recommend(first, request.k, **request.options)
    else:
        import pandas as pd

        described = pd.DataFrame({"context": [first]})
        model.recommend_for_new_items(described, request.k, **request.options)


def answered(model: HybridRecommender, request: BatchRequest, chunk: Chunk | ItemChunk) -> Answered:
    """The recommendations of one chunk, and what of it is rejected, as tables."""
    rejections = Rejections()
    if isinstance(chunk, ItemChunk):
        # Nobody asks what is like an item that was removed.
        rows = np.setdiff1d(np.arange(chunk.start, chunk.stop), model.model_.removed)
        n_used, n_cut = len(rows), 0
        ids = model.model_.catalog.item_ids[rows].tolist()
        found = model.similar_items(ids, request.k, **request.options)
    elif request.kind == PLAYLISTS:
        playlists, n_used = playlists_of(chunk, model.model_.catalog, rejections)
        n_cut = chunk.n_cut
        found = model.recommend(playlists, request.k, **request.options, names=playlists.names)
    else:
        frame = new_items_of(chunk, model.model_.catalog, rejections)
        n_used, n_cut = len(frame), 0
        found = model.recommend_for_new_items(frame, request.k, **request.options)
    rejected = rejections.table(chunk, request.files) if isinstance(chunk, Chunk) else None
    return Answered(_part(found), rejected, len(found), chunk.n_rows + n_cut, n_used)


def score(model: HybridRecommender, request: BatchRequest, chunk: Chunk | ItemChunk) -> Scored:
    """Score one chunk; the same chunk gives the same bytes, apart from the seconds."""
    began = time.perf_counter()
    found = answered(model, request, chunk)
    table, rejected = found.table, found.rejected
    part = as_parquet(table)
    listed = as_parquet(rejected) if rejected is not None else b""
    record = {
        "queries": found.n_queries,
        "rows": table.num_rows,
        "sha256": hashlib.sha256(part).hexdigest(),
        "sources": _counts(table["source"]),
        "input_rows": found.n_rows,
        "used_rows": found.n_used,
        "rejected": 0 if rejected is None else rejected.num_rows,
        "rejected_sha256": hashlib.sha256(listed).hexdigest() if listed else None,
        "reasons": {} if rejected is None else _counts(rejected["reason"]),
        "seconds": time.perf_counter() - began,
    }
    complaint = None if rejected is None else complaint_of(rejected)
    return Scored(chunk.number, part, listed, record, complaint)


def as_parquet(table: pa.Table) -> bytes:
    """A table as the bytes of a Parquet file, compressed with zstd."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return bytes(sink.getvalue())


def _part(found: Recommendations) -> pa.Table:
    """One row a recommendation; empty places have none."""
    line, place = np.nonzero(found.item_ids != None)  # noqa: E711  # element by element
    columns = [
        found.query_ids[line],
        place + 1,
        found.item_ids[line, place],
        found.scores[line, place],
        found.sources[line, place],
    ]
    schema = SCORES
    if found.query_sources is not None:
        columns.append(found.query_sources[line])
        schema = NEW_ITEM_SCORES
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)],
        schema=schema,
    )


def _counts(column: pa.ChunkedArray) -> dict[str, int]:
    return dict(sorted(Counter(column.to_pylist()).items()))
