"""The file of what names mean: the names themselves stand beside the ids of the playlists."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np

from hybrid_rec.blocks.block_set import BlockSet
from hybrid_rec.core.stored import read_array, write_array
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.ranking.name_meaning import NameMeaning, name_encoder, name_neighbours
from hybrid_rec.ranking.names import NameNeighbours, distinct_names

_VECTORS = "vectors.npy"


def write_names(names: NameNeighbours | None, folder: Path) -> None:
    """Write vectors of the different names into a folder that is made for it, where there are any.

    Args:
        names: What the training playlists are called.
        folder: Where to.
    """
    vectors = None if names is None else names.vectors
    if vectors is not None:
        folder.mkdir()
        write_array(folder / _VECTORS, vectors)


def read_names(
    home: Path, name: str, files: Collection[str], playlists: Playlists, blocks: BlockSet
) -> NameNeighbours | None:
    """What playlists are called, and what that means; None where none has a name.

    Args:
        home: The folder of the model.
        name: That of the names in it.
        files: The files of the model, relative to its folder.
        playlists: The training playlists.
        blocks: What items are described by.

    Raises:
        ArtifactError: If the file is damaged, or holds other than one vector for each name.
    """
    encoder = name_encoder(blocks)
    if not playlists.n_named or encoder is None or f"{name}/{_VECTORS}" not in files:
        return name_neighbours(playlists, None)
    texts = distinct_names(playlists)
    vectors = read_array(home / name / _VECTORS, np.float32, (len(texts), encoder.dim))
    return name_neighbours(playlists, NameMeaning(encoder, texts, vectors))
