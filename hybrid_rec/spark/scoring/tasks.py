"""What a task does with its rows: cut chunks, score them, and write them or hand them on."""

from __future__ import annotations

import json
import socket
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pyarrow as pa

from hybrid_rec.batch.chunks import Chunk, chunks
from hybrid_rec.batch.journal import Journal
from hybrid_rec.batch.layout import Layout
from hybrid_rec.batch.order import Order
from hybrid_rec.batch.output import OutFolder
from hybrid_rec.batch.queries import refused
from hybrid_rec.batch.scoring import BatchRequest, ItemChunk, answered, score
from hybrid_rec.core.errors import RunError
from hybrid_rec.spark.scoring.model import ClusterModel
from hybrid_rec.spark.scoring.queries import Batches, received

PART, RECORD = "<part>", "record"
CHUNK = 1_000
"""Queries that are scored at once."""


@dataclass(frozen=True)
class Asked:
    """What every task of a job knows."""

    model: ClusterModel
    request: BatchRequest
    layout: Layout | None = None
    """What the columns mean; None where the catalogue is asked."""
    types: pa.Schema | None = None
    """Their types in a chunk."""
    order: Order | None = None
    size: int = CHUNK
    """Queries a part."""
    n_items: int = 0
    """Items of the catalogue."""


def score_rows(batches: Batches, asked: Asked, what: str) -> Batches:
    """The recommendations of all chunks of a partition, or what is rejected of them.

    Args:
        batches: Rows of queries, sorted.
        asked: What is asked for.
        what: "scores" or "rejected".
    """
    _, model = asked.model.load()
    for chunk in chunks_of(batches, asked):
        found = answered(model, asked.request, chunk)
        table = found.table if what == "scores" else found.rejected
        if table is not None:
            yield from table.to_batches()


def score_items(batches: Batches, asked: Asked) -> Batches:
    """The similar items of ranges of the catalogue.

    Args:
        batches: The numbers of the ranges.
        asked: What is asked for.
    """
    _, model = asked.model.load()
    for number in _numbers(batches):
        yield from answered(model, asked.request, _range(number, asked)).table.to_batches()


def write_parts(
    batches: Batches, asked: Asked, out: str, finished: frozenset[int], strict: bool
) -> Batches:
    """Write all parts of a partition that are not finished; the notes of all that are, now.

    Args:
        batches: Rows of queries with the number of their part, sorted; or numbers of parts where
            the catalogue is asked.
        asked: What is asked for.
        out: The folder of the output.
        finished: Parts that earlier runs have finished.
        strict: Raise at the first rejected row.
    """
    folder = OutFolder(out, f".{uuid.uuid4().hex}")
    if folder.working_folder is not None and not folder.working_folder.is_dir():
        raise RunError(
            f"{out} must be one folder for all hosts, but {socket.gethostname()} does not see what "
            "the driver has begun there; choose one on a shared file system, or a URL."
        )
    journal = Journal(folder, {})
    # Whatever is wrong with the model is told also where nothing is left to do.
    saved, model = asked.model.load()
    parts: Iterator[tuple[int, Callable[[], Chunk | ItemChunk]]] = (
        ((number, partial(_range, number, asked)) for number in _numbers(batches))
        if asked.layout is None
        else _parts(batches, asked)
    )
    for number, chunk in parts:
        if number in finished:
            continue
        # A task that is run again goes on where it was cut off.
        record = journal.note(number)
        if record is None:
            scored = score(model, asked.request, chunk())
            if strict and scored.complaint is not None:
                raise refused(scored.complaint)
            saved.check_unchanged()
            journal.commit(scored)
            record = journal.finished[number]
        yield pa.RecordBatch.from_pydict({PART: [number], RECORD: [json.dumps(record)]})


def _numbers(batches: Batches) -> Iterator[int]:
    for batch in batches:
        yield from batch.column(0).to_pylist()


def _range(number: int, asked: Asked) -> ItemChunk:
    start = number * asked.size
    return ItemChunk(number, start, min(start + asked.size, asked.n_items))


def _parts(batches: Batches, asked: Asked) -> Iterator[tuple[int, Callable[[], Chunk]]]:
    """The parts of a partition, each with a function that gives its chunk."""
    held: list[pa.RecordBatch] = []
    last: int | None = None
    for batch in batches:
        numbers = np.asarray(batch.column(PART))
        starts = np.concatenate([[0], np.flatnonzero(np.diff(numbers)) + 1])
        for start, end in zip(starts, [*starts[1:], len(numbers)], strict=True):
            if start == end:
                continue
            number = int(numbers[start])
            if last is not None and number != last:
                yield last, partial(_whole, held, last, asked)
                held = []
            last = number
            held.append(batch.slice(start, end - start))
    if last is not None:
        yield last, partial(_whole, held, last, asked)


def _whole(held: list[pa.RecordBatch], number: int, asked: Asked) -> Chunk:
    # A playlist has at least one row.
    size = sum(batch.num_rows for batch in held)
    return replace(next(chunks_of(iter(held), replace(asked, size=size))), number=number)


def chunks_of(batches: Batches, asked: Asked) -> Iterator[Chunk]:
    """The chunks of a partition, of `asked.size` queries each."""
    assert asked.layout is not None
    tables = (received(batch, asked.types) for batch in batches)
    return chunks(tables, asked.layout, asked.size, asked.order)
