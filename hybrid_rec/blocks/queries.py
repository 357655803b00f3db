"""Playlists, users and new items as queries: the mean of unit blocks, renormalised."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from hybrid_rec.core.config import WeightsConfig
from hybrid_rec.core.errors import DataError, UnknownItemError
from hybrid_rec.core.linalg import unit_rows, unit_sparse_rows
from hybrid_rec.data.catalog import Catalog, RowArray
from hybrid_rec.data.playlists import OnUnknown, Playlists
from indexes.hybrid import HybridIndex, HybridQueries

COOCCURRENCE, TITLE, POPULARITY = "cooccurrence", "title", "popularity"
ARTIST_BLOCK, TAG_BLOCK = "artist", "tags"


def parse_queries(
    queries: Playlists | Sequence[Any] | pd.Series[Any] | pd.Index[Any],
    catalog: Catalog,
    on_unknown: OnUnknown,
) -> tuple[Playlists, int]:
    """One list of item ids or many, as playlists of `catalog`, and how many ids were skipped.

    Args:
        queries: `["a", "b"]` is one query, `[["a"], ["b", "c"]]` are two, `[]` is one empty
            query; a Series or an Index is like a list; `Playlists` of the same catalogue pass
            through.
        catalog: The items that the ids refer to.
        on_unknown: "raise" or "skip" for ids that the catalogue lacks.

    Raises:
        DataError: If ids and lists are mixed, or an id is neither a string nor an integer.
        UnknownItemError: If an id is unknown and `on_unknown` is "raise".
    """
    if on_unknown not in ("raise", "skip"):
        raise DataError(f"on_unknown must be 'raise' or 'skip', got {on_unknown!r}.")
    if isinstance(queries, Playlists):
        if queries.n_items != len(catalog):
            raise DataError(
                f"playlists must refer to the model's catalogue of {len(catalog)} items, "
                f"got a catalogue of {queries.n_items}."
            )
        return queries, 0
    if isinstance(queries, pd.Series | pd.Index):
        queries = queries.tolist()
    if isinstance(queries, str | bytes) or not isinstance(queries, Sequence | np.ndarray):
        raise DataError(f"queries must be a list of item ids or a list of lists, got {queries!r}.")
    nested = [not isinstance(entry, str | int | float | np.generic | None) for entry in queries]
    if any(nested) and not all(nested):
        raise DataError("queries must be all item ids (one query) or all lists (many), not both.")
    lists = list(queries) if nested and all(nested) else [queries]
    lists = [list(entry) if isinstance(entry, Iterator) else entry for entry in lists]
    try:
        parsed = Playlists.from_lists(lists, catalog, on_unknown=on_unknown)
    except UnknownItemError as error:
        raise UnknownItemError(f"{error} Or pass on_unknown='skip'.") from None
    return parsed, sum(map(len, lists)) - parsed.n_plays


def playlist_queries(index: HybridIndex, playlists: Playlists) -> HybridQueries:
    """One query a playlist: what its items have in common, whatever their order.

    The dense blocks and the tags are means of the items' unit blocks, renormalised; the artist
    block is the square root of the artist counts, renormalised. An item that repeats counts as
    often as it stands there. An empty playlist gives zero blocks and the popularity prior alone.
    """
    counts = playlists.counts()
    used = np.unique(counts.indices)
    blocks = index.blocks(used.astype(np.int64))
    local = sparse.csr_array(
        (counts.data, np.searchsorted(used, counts.indices), counts.indptr),
        shape=(len(playlists), len(used)),
    )
    dense = {
        name: unit_rows(np.ascontiguousarray(local @ blocks[name], dtype=np.float32))
        for name in (COOCCURRENCE, TITLE)
    }
    artists = counts @ index.one_hot[ARTIST_BLOCK]
    artists.data = np.sqrt(artists.data)
    hot = {ARTIST_BLOCK: unit_sparse_rows(artists)}
    if TAG_BLOCK in index.one_hot:
        hot[TAG_BLOCK] = unit_sparse_rows(counts @ index.one_hot[TAG_BLOCK])
    return HybridQueries(with_prior(dense, len(playlists)), hot)


def with_prior(
    dense: dict[str, NDArray[np.float32]], n_queries: int
) -> dict[str, NDArray[np.float32]]:
    """Dense query blocks together with the popularity prior, which every query takes alike."""
    return {**dense, POPULARITY: np.ones((n_queries, 1), np.float32)}


def block_weights(index: HybridIndex, weights: WeightsConfig) -> dict[str, float]:
    """The weights of the blocks that the index has."""
    blocks = (*index.layout, *index.one_hot)
    return {name: weight for name, weight in weights.model_dump().items() if name in blocks}


def says_nothing(queries: HybridQueries) -> NDArray[np.bool_]:
    """Which queries carry no information but the prior, `(n_queries,)` bool."""
    silent = np.ones(len(np.asarray(queries.dense[POPULARITY])), dtype=bool)
    for name in (COOCCURRENCE, TITLE):
        silent &= ~np.asarray(queries.dense[name]).any(axis=1)
    for block in queries.sparse.values():
        silent &= np.diff(block.indptr) == 0
    return silent


def take(queries: HybridQueries, numbers: RowArray) -> HybridQueries:
    """The queries at `numbers`."""
    return HybridQueries(
        {name: np.asarray(block)[numbers] for name, block in queries.dense.items()},
        {name: block[numbers] for name, block in queries.sparse.items()},
    )
