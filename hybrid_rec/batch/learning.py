"""Learning from all playlists of a run before the first of them is scored."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from hybrid_rec.batch.chunks import Chunk
from hybrid_rec.batch.journal import Journal, withdrawn_if_refused
from hybrid_rec.batch.queries import Rejections, playlists_of
from hybrid_rec.batch.saved_model import SavedModel
from hybrid_rec.batch.scoring import warm_up
from hybrid_rec.batch.scratch import scratch_folder
from hybrid_rec.batch.source import Source
from hybrid_rec.batch.workers import Chunks
from hybrid_rec.core.progress import Progress
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists


@contextmanager
def model_that_learns(
    model: SavedModel,
    source: Source,
    journal: Journal,
    scratch: Path | None,
    progress: Progress,
    *,
    strict: bool,
) -> Iterator[SavedModel]:
    """A context that gives the model after it learned from a whole input, saved while a run lasts.

    The same input gives the same model, so a run that was stopped goes on with it.

    Args:
        model: The model, which stays as it is.
        source: The input.
        journal: Of a run that has not begun, so that nothing is left out.
        scratch: Where temporary files are kept; None for the working folder of the output.
        progress: Told of every stage.
        strict: Raise at the first row without a playlist_id.

    Raises:
        ArtifactError: If the model cannot be loaded.
        DataError: If the input cannot be read.
        RunError: If there is no room for the copy.
    """
    recommender = model.load()
    # Whatever is wrong with the request is told before the long work.
    warm_up(recommender, source.request)
    opened = source.chunks(journal, scratch, progress, strict=strict)
    with withdrawn_if_refused(opened, journal) as chunks:
        queries = queries_of(chunks, recommender.model_.catalog)
    learned = recommender.learned(queries, progress=progress)
    parent = scratch or journal.folder.working_folder or Path(tempfile.gettempdir())
    with scratch_folder(parent) as folder:
        learned.save(folder / "model")
        yield SavedModel.of(folder / "model")


def queries_of(chunks: Chunks, catalog: Catalog) -> Playlists:
    """The playlists of all chunks, without what will be rejected.

    Args:
        chunks: All of a run.
        catalog: The items that they refer to.
    """
    parts = [
        playlists_of(chunk, catalog, Rejections())[0].liked()
        for chunk in chunks
        if isinstance(chunk, Chunk)
    ]
    if not parts:
        return Playlists.from_rows(np.empty(0, np.int64), np.empty(0, np.int64), len(catalog))
    given = [part.weights for part in parts if part.weights is not None]
    weights = np.concatenate(given) if given else None
    return Playlists.from_rows(
        np.concatenate([part.lengths for part in parts]),
        np.concatenate([part.rows for part in parts]),
        len(catalog),
        weights=weights,
    )
