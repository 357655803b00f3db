"""Evidence: what playlists say of items, ready to be looked up for a query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from hybrid_rec.blocks.labels import one_hot
from hybrid_rec.core.config import EvidenceConfig
from hybrid_rec.core.linalg import unit_rows
from hybrid_rec.data.catalog import RowArray
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.ranking.als import Factors
from hybrid_rec.ranking.ease import ease_weights
from hybrid_rec.ranking.knn import SHRINKAGE, PlaylistNeighbours, item_similarities
from indexes.faiss_index import FaissIndex

_DAY = np.timedelta64(1, "D") / np.timedelta64(1, "us")
MATRICES = ("item_neighbours", "item_weights", "artist_neighbours")
FACTORS = ("factors", "factors_few", "factors_many")
ARRAYS = (*FACTORS, "playlist_factors", "ages")


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the training playlists say of items and artists, beside their vectors."""

    holds: sparse.csr_array
    """Which items stand in which playlist, `(n_playlists, n_items)` float64."""
    artist_of: RowArray
    """Code of each item's artist, `(n_items,)`; -1 for none."""
    n_artists: int
    """Number of codes."""
    item_neighbours: sparse.csr_array
    """Shrunk cosines of items, `(n_items, n_items)`."""
    item_weights: sparse.csr_array
    """Weights of EASE, `(n_items, n_items)`; empty for a catalogue that is too large."""
    artist_neighbours: sparse.csr_array
    """Shrunk cosines of artists, `(n_artists, n_artists)`."""
    factors: Mapping[str, Factors]
    """Factors of the items, of several sizes, by their names in `FACTORS`."""
    playlist_factors: NDArray[np.float32]
    """Unit vectors of the training playlists among `factors`, `(n_playlists, size)`."""
    ages: NDArray[np.float32]
    """Days since an item's last play, its mean play and its first, counted back from the last
    play of all, `(3, n_items)` float32; -1 for items without history, or without times."""

    @classmethod
    def fit(
        cls,
        playlists: Playlists,
        artist_of: RowArray,
        n_artists: int,
        config: EvidenceConfig,
        seed: int,
    ) -> Evidence:
        """Count what the playlists hold.

        Args:
            playlists: Training playlists.
            artist_of: Code of each item's artist, `(n_items,)`; -1 for none.
            n_artists: Number of codes.
            config: How much to keep.
            seed: Seed of the factors.
        """
        holds = playlists.matrix().astype(np.float64)
        artists = of_artists(holds, artist_of, n_artists)
        factors = {name: Factors.fit(holds, getattr(config, name), seed) for name in FACTORS}
        return cls(
            holds,
            artist_of,
            n_artists,
            item_similarities(holds, config.item_neighbours, SHRINKAGE),
            ease_weights(holds, config.ease_l2, config.item_neighbours),
            item_similarities(artists, config.artist_neighbours, SHRINKAGE),
            factors,
            unit_rows(factors["factors"].place_all(holds)),
            _ages(playlists),
        )

    def extended(
        self, playlists: Playlists, artist_of: RowArray, n_artists: int, config: EvidenceConfig
    ) -> Evidence:
        """The same evidence over a catalogue with more items, in none of the playlists.

        Args:
            playlists: The same playlists, of that catalogue.
            artist_of: Code of each of its items' artist; codes stay what they were.
            n_artists: Number of codes.
            config: What this evidence was counted with.
        """
        matrices, arrays = self.state()
        wider = {}
        for name, matrix in matrices.items():
            n = n_artists if name == "artist_neighbours" else playlists.n_items
            wider[name] = sparse.csr_array(matrix, copy=True)
            wider[name].resize(n, n)
        n_more = playlists.n_items - len(self.artist_of)
        more = {name: np.pad(arrays[name], ((0, n_more), (0, 0))) for name in FACTORS}
        more["ages"] = np.pad(arrays["ages"], ((0, 0), (0, n_more)), constant_values=-1)
        return Evidence.from_state(
            playlists, artist_of, n_artists, config, wider, {**arrays, **more}
        )

    @cached_property
    def artists(self) -> sparse.csr_array:
        """How many items of each artist stand in each playlist, `(n_playlists, n_artists)`."""
        return of_artists(self.holds, self.artist_of, self.n_artists)

    @cached_property
    def by_items(self) -> PlaylistNeighbours:
        """Playlists that share items."""
        return PlaylistNeighbours(self.holds)

    @cached_property
    def by_factors(self) -> FaissIndex:
        """Playlists whose factors point the same way."""
        return FaissIndex.build(self.playlist_factors)

    @cached_property
    def by_artists(self) -> PlaylistNeighbours:
        """Playlists that share artists."""
        return PlaylistNeighbours(self.artists)

    @cached_property
    def plays(self) -> NDArray[np.float32]:
        """ln(1 + playlists that hold it) of each item, `(n_items,)`."""
        counts = np.bincount(self.holds.indices, minlength=self.holds.shape[1])
        logs: NDArray[np.float32] = np.log1p(counts).astype(np.float32)
        return logs

    @cached_property
    def artist_plays(self) -> NDArray[np.float32]:
        """ln(1 + plays of its items) of each artist, `(n_artists,)`."""
        counts = np.asarray(self.artists.sum(axis=0)).ravel()
        logs: NDArray[np.float32] = np.log1p(counts).astype(np.float32)
        return logs

    @cached_property
    def artist_sizes(self) -> NDArray[np.float32]:
        """ln(1 + items in the catalogue) of each artist, `(n_artists,)`."""
        sizes: NDArray[np.float32] = np.log1p(np.diff(self.artist_items.indptr)).astype(np.float32)
        return sizes

    @cached_property
    def artist_items(self) -> sparse.csr_array:
        """The items of each artist, `(n_artists, n_items)`."""
        return one_hot(self.artist_of, self.n_artists).T.tocsr()

    @cached_property
    def cold(self) -> RowArray:
        """Rows of the items without history."""
        return np.flatnonzero(self.plays == 0)

    @cached_property
    def by_popularity(self) -> RowArray:
        """Rows by plays, most first; the earlier row of equals."""
        return np.argsort(-self.plays, kind="stable")

    def state(self) -> tuple[Mapping[str, sparse.csr_array], Mapping[str, NDArray[np.float32]]]:
        """What cannot be counted again quickly: sparse matrices and arrays by name."""
        matrices = {name: getattr(self, name) for name in MATRICES}
        arrays = {name: factors.vectors for name, factors in self.factors.items()}
        return matrices, arrays | {"playlist_factors": self.playlist_factors, "ages": self.ages}

    @classmethod
    def from_state(
        cls,
        playlists: Playlists,
        artist_of: RowArray,
        n_artists: int,
        config: EvidenceConfig,
        matrices: Mapping[str, Any],
        arrays: Mapping[str, Any],
    ) -> Evidence:
        """The evidence whose `state` is given."""
        kept = {name: sparse.csr_array(matrices[name]) for name in MATRICES}
        factors = {
            name: Factors.from_vectors(arrays[name], getattr(config, name)) for name in FACTORS
        }
        return cls(
            playlists.matrix().astype(np.float64),
            artist_of,
            n_artists,
            **kept,
            factors=factors,
            playlist_factors=arrays["playlist_factors"],
            ages=arrays["ages"],
        )


def of_artists(holds: sparse.csr_array, artist_of: RowArray, n_artists: int) -> sparse.csr_array:
    """How many items of each artist stand in each playlist, `(n_playlists, n_artists)`.

    Args:
        holds: Which items do, `(n_playlists, n_items)`.
        artist_of: Code of each item's artist, `(n_items,)`; -1 for none.
        n_artists: Number of codes.
    """
    counts = sparse.csr_array(holds @ one_hot(artist_of, n_artists))
    counts.sort_indices()
    return counts


def _ages(playlists: Playlists) -> NDArray[np.float32]:
    ages = np.full((3, playlists.n_items), -1, np.float32)
    if playlists.times is None or not playlists.n_plays:
        return ages
    times = playlists.times.astype("datetime64[us]").astype(np.float64) / _DAY
    days = times.max() - times
    order = np.argsort(playlists.rows, kind="stable")
    rows, days = playlists.rows[order], days[order]
    starts = np.flatnonzero(np.concatenate([[True], rows[1:] != rows[:-1]]))
    sizes = np.diff(np.append(starts, len(rows)))
    played = rows[starts]
    ages[0, played] = np.minimum.reduceat(days, starts)
    ages[1, played] = np.add.reduceat(days, starts) / sizes
    ages[2, played] = np.maximum.reduceat(days, starts)
    return ages
