"""Candidates of the second stage, and what speaks for each of them in numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from hybrid_rec.blocks.queries import (
    ARTIST_BLOCK,
    COOCCURRENCE,
    POPULARITY,
    TAG_BLOCK,
    TITLE,
    take,
)
from hybrid_rec.core.config import CandidateSource
from hybrid_rec.core.linalg import one_blas_thread, unit_rows
from hybrid_rec.data.catalog import RowArray
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.ranking.knn import first_of_each_line, strongest
from hybrid_rec.ranking.statistics import Evidence
from indexes.base import Mask
from indexes.checks import allowed_mask
from indexes.faiss_index import FaissIndex
from indexes.hybrid import HybridIndex, HybridQueries

Matrix = NDArray[np.float32]

FEATURES = (
    "cooccurrence", "cooccurrence_recent", "cooccurrence_best", "cooccurrence_times_plays",
    "title", "tags", "artist_match", "artist_share",
    "votes", "votes_few", "votes_wide", "votes_sharp", "votes_recent", "votes_by_factors",
    "nearest_playlist", "neighbours", "neighbours_recent", "weights", "weights_recent",
    "factors", "factors_few", "factors_many",
    "artist_votes", "artist_item_votes", "votes_for_artist", "artist_neighbours",
    "plays", "artist_plays", "artist_other_plays", "artist_size", "source",
    "n_seeds", "seed_artists", "seed_plays", "seed_cold",
    "linear", "linear_rank", "votes_rank", "weights_rank", "factors_rank",
    "age_last", "age_mean", "age_first", "age_gap",
)  # fmt: skip
"""What the ranker looks at, in the order of the columns."""

# Queries that are searched at once, and those whose sparse scores are held at once.
_SEARCHED, _CHUNK = 256, 64
_FEW, _NEAR, _WIDE = 30, 100, 300
_DECAY = 0.7
_MOST_SEEDS = 200
_VOTED_ARTISTS = 64
_LINES: Mapping[CandidateSource, tuple[str, float]] = {
    "playlists": ("votes_wide", 1.0),
    "items": ("neighbours", 1.0),
    "ease": ("weights", 1.0),
    "artist_playlists": ("artist_item_votes", 0.6),
}
"""Sources that are scores of items: which, and their share of the depth."""


def candidate_weights(weights: Mapping[str, float]) -> dict[str, float]:
    """Block weights that the linear score's candidates are searched with.

    Titles weigh little, are most of the dimensions, and are a feature anyway.
    """
    return {**weights, TITLE: 0.0}


@dataclass(frozen=True, eq=False)
class Scorer:
    """Everything that candidates are taken from and described by.

    Args:
        index: Item vectors of stage one.
        evidence: What the training playlists say.
        sources: Rung of each item, `(n_items,)`.
        weights: Block weights of the linear score.
        depth: Candidates that the widest sources bring.
        origins: Where they come from; see `RankingConfig.sources`.
    """

    index: HybridIndex
    evidence: Evidence
    sources: NDArray[np.uint8]
    weights: Mapping[str, float]
    depth: int
    origins: Sequence[CandidateSource]

    @cached_property
    def _cold_index(self) -> FaissIndex:
        return FaissIndex.build(self.index.blocks(self.evidence.cold)[COOCCURRENCE])

    def expect(self, n_queries: int) -> None:
        """Hear how many queries are to come in all, which changes no result; see `FaissIndex`."""
        self.index.prepare(n_queries)
        self.evidence.by_factors.prepare(n_queries)
        if "cold" in self.origins and len(self.evidence.cold):
            self._cold_index.prepare(n_queries)

    def describe(
        self,
        playlists: Playlists,
        queries: HybridQueries,
        k: int = 1,
        *,
        exclude_seeds: bool = True,
        allow: RowArray | None = None,
        block: RowArray | None = None,
    ) -> Iterator[tuple[RowArray, Matrix]]:
        """Candidates of each query, ascending, and their features `(n_candidates, n_features)`.

        There are at least k candidates wherever so many items may be found.

        Args:
            playlists: What is asked, in play order: later seeds tell more of what comes next.
            queries: The same as `playlist_queries` gives it.
            k: Items wanted.
            exclude_seeds: Whether a seed of the query is no candidate.
            allow: Rows of the only candidates; None for all.
            block: Rows that are no candidates.
        """
        mask = allowed_mask(len(self.sources), allow, block)
        scratch = np.zeros(max(len(self.sources), self.evidence.n_artists + 1))
        for start in range(0, len(playlists), _SEARCHED):
            many = np.arange(start, min(start + _SEARCHED, len(playlists)))
            asked, part = take(queries, many), playlists.select(many)
            nearest = list(
                self.index.candidates(
                    asked,
                    # Whatever the sources, as many as are wanted must be found.
                    max(k, self.depth) if "linear" in self.origins else k,
                    candidate_weights(self.weights),
                    allow=allow,
                    block=block,
                    exclude=list(part) if exclude_seeds else None,
                )
            )
            for at in range(0, len(part), _CHUNK):
                few = np.arange(at, min(at + _CHUNK, len(part)))
                # Many small products: threads would take longer to meet than to work.
                with one_blas_thread():
                    chunk = _Chunk(self, part.select(few), take(asked, few))
                    near = nearest[at : at + _CHUNK]
                    found = list(chunk.described(near, mask, exclude_seeds, scratch))
                yield from found


class _Chunk:
    """Some queries, and the sparse scores of all items for each of them."""

    def __init__(self, scorer: Scorer, part: Playlists, queries: HybridQueries) -> None:
        self.scorer, self.part, self.queries = scorer, part, queries
        evidence = scorer.evidence
        seeds = part.matrix().astype(np.float64)
        recent = _recent(part)
        near = evidence.by_items.near(seeds, _WIDE)
        close = first_of_each_line(near, _NEAR)
        artists = sparse.csr_array(seeds @ evidence.artist_items.T)
        fans = evidence.by_artists.near(artists, _WIDE)
        self.artists = artists
        self.n_seeds = np.maximum(np.diff(seeds.indptr), 1)
        self.nearest = np.array(
            [
                near.data[a] if b > a else 0.0
                for a, b in zip(near.indptr, near.indptr[1:], strict=False)
            ]
        )
        sharp = near.copy()
        sharp.data **= 2
        self.placed = {name: factors.place_all(seeds) for name, factors in evidence.factors.items()}
        self.lines = {
            "votes": close @ evidence.holds,
            "votes_few": first_of_each_line(near, _FEW) @ evidence.holds,
            "votes_sharp": sharp @ evidence.holds,
            "votes_by_factors": self._near_by_factors() @ evidence.holds,
            "votes_wide": near @ evidence.holds,
            "votes_recent": evidence.by_items.near(recent, _NEAR) @ evidence.holds,
            "neighbours": seeds @ evidence.item_neighbours,
            "neighbours_recent": recent @ evidence.item_neighbours,
            "weights": seeds @ evidence.item_weights,
            "weights_recent": recent @ evidence.item_weights,
            "artist_item_votes": fans @ evidence.holds,
        }
        one_each = artists.copy()
        one_each.data[:] = 1
        self.artist_lines = {
            "artist_share": artists,
            "artist_votes": fans @ evidence.artists,
            "votes_for_artist": near @ evidence.artists,
            "artist_neighbours": one_each @ evidence.artist_neighbours,
            "artist_match": self.queries.sparse[ARTIST_BLOCK],
        }
        used = np.unique(part.rows)
        vectors = scorer.index.blocks(used)[COOCCURRENCE]
        self._used, self._seed_vectors = used, vectors
        local = sparse.csr_array(
            (recent.data, np.searchsorted(used, recent.indices), recent.indptr),
            shape=(len(part), len(used)),
        )
        self.recent = unit_rows(np.ascontiguousarray(local @ vectors, dtype=np.float32))
        self._found = [self._from(origin) for origin in scorer.origins if origin != "linear"]

    def described(
        self,
        nearest: Sequence[RowArray],
        mask: Mask | None,
        exclude_seeds: bool,
        scratch: NDArray[np.float64],
    ) -> Iterator[tuple[RowArray, Matrix]]:
        """See `Scorer.describe`; `nearest` is what the linear score brings."""
        for number, near in enumerate(nearest):
            rows = self.candidates(number, near)
            if mask is not None:
                rows = rows[mask[rows]]
            if exclude_seeds:
                rows = rows[~np.isin(rows, self.part[number])]
            yield rows, self.features(number, rows, scratch)

    def _from(self, origin: CandidateSource) -> Sequence[RowArray]:
        """What one source brings for each query."""
        scorer, evidence, depth = self.scorer, self.scorer.evidence, self.scorer.depth
        numbers = range(len(self.part))
        if origin == "popular":
            return [evidence.by_popularity[: depth * 2 // 5]] * len(self.part)
        if origin == "cold":
            if not len(evidence.cold):
                return [evidence.cold] * len(self.part)
            n_cold = min(depth * 2 // 5, len(evidence.cold))
            near = scorer._cold_index.search(self.queries.dense[COOCCURRENCE], n_cold).rows
            return list(evidence.cold[near])
        if origin in _LINES:
            name, share = _LINES[origin]
            lines = strongest(sparse.csr_array(self.lines[name]), max(1, int(depth * share)))
            return [_line(lines, number)[0] for number in numbers]
        if origin == "artists":
            own = self.artist_lines["artist_match"]
            return [self._songs(*_line(own, number), depth * 4 // 5) for number in numbers]
        voted = strongest(sparse.csr_array(self.artist_lines["artist_votes"]), _VOTED_ARTISTS)
        return [self._songs(*_line(voted, number), depth) for number in numbers]

    def _near_by_factors(self) -> sparse.csr_array:
        """Cosines of the training playlists nearest to each query by their factors."""
        evidence = self.scorer.evidence
        n_playlists = len(evidence.playlist_factors)
        found = evidence.by_factors.search(
            unit_rows(self.placed["factors"]), min(_NEAR, n_playlists)
        )
        ends = np.arange(len(found.rows) + 1) * found.rows.shape[1]
        scores = np.maximum(found.scores, 0).astype(np.float64)
        return sparse.csr_array(
            (scores.ravel(), found.rows.ravel(), ends), shape=(len(ends) - 1, n_playlists)
        )

    def candidates(self, number: int, nearest: RowArray) -> RowArray:
        """Rows that some source speaks for, ascending."""
        rows = np.sort(np.concatenate([nearest, *(rows[number] for rows in self._found)]))
        # Four times as fast as np.unique, which hashes first.
        distinct: RowArray = rows[np.diff(rows, prepend=-1) > 0]
        return distinct

    def _songs(self, artists: RowArray, strength: NDArray[np.float64], n: int) -> RowArray:
        """The n items of these artists with the strongest artist and most plays."""
        evidence = self.scorer.evidence
        songs = evidence.artist_items
        starts, ends = songs.indptr[artists], songs.indptr[artists + 1]
        sizes = ends - starts
        places = np.repeat(ends - np.cumsum(sizes), sizes) + np.arange(sizes.sum())
        rows: RowArray = songs.indices[places].astype(np.int64)
        if len(rows) <= n:
            return rows
        value = np.repeat(strength, sizes) * (1 + 0.1 * evidence.plays[rows])
        # A third of the places are for items that nobody has played, for plays outweigh them.
        order = np.lexsort((rows, -value))
        cold = order[evidence.plays[rows[order]] == 0][: n // 3]
        return np.concatenate([rows[order[: n - len(cold)]], rows[cold]])

    def features(self, number: int, rows: RowArray, scratch: NDArray[np.float64]) -> Matrix:
        """The features of some rows, `(len(rows), n_features)`."""
        scorer, evidence = self.scorer, self.scorer.evidence
        n_seeds = self.n_seeds[number]
        seeds = np.unique(self.part[number])
        blocks = scorer.index.blocks(rows)
        artists = evidence.artist_of[rows]
        values: dict[str, NDArray[Any]] = {
            name: _at(matrix, number, rows, scratch) for name, matrix in self.lines.items()
        }
        for name, matrix in self.artist_lines.items():
            values[name] = _at(matrix, number, artists, scratch)
        for name in ("neighbours", "artist_neighbours", "artist_share"):
            values[name] = values[name] / n_seeds
        cosine = blocks[COOCCURRENCE] @ self._vector(COOCCURRENCE, number)
        values["cooccurrence"] = cosine
        values["cooccurrence_recent"] = blocks[COOCCURRENCE] @ self.recent[number]
        last = self.part[number][-_MOST_SEEDS:]
        if len(last):
            vectors = self._seed_vectors[np.searchsorted(self._used, last)]
            values["cooccurrence_best"] = (blocks[COOCCURRENCE] @ vectors.T).max(axis=1)
        values["title"] = blocks[TITLE] @ self._vector(TITLE, number)
        values["tags"] = np.zeros(len(rows))
        if TAG_BLOCK in self.queries.sparse:
            tags, strength = _line(self.queries.sparse[TAG_BLOCK], number)
            asked = np.zeros(scorer.index.one_hot[TAG_BLOCK].shape[1])
            asked[tags] = strength
            values["tags"] = scorer.index.one_hot[TAG_BLOCK][rows] @ asked
        for name, factors in evidence.factors.items():
            values[name] = factors.vectors.take(rows, axis=0) @ self.placed[name][number]
        plays = evidence.plays[rows]
        values["plays"], values["cooccurrence_times_plays"] = plays, cosine * plays
        named = artists >= 0
        known = np.maximum(artists, 0)
        if evidence.n_artists:
            values["artist_plays"] = np.where(named, evidence.artist_plays[known], 0)
            values["artist_size"] = np.where(named, evidence.artist_sizes[known], 0)
            values["artist_other_plays"] = values["artist_plays"] - plays
        values["source"] = scorer.sources[rows]
        values["linear"] = sum(
            (
                scorer.weights.get(block, 0.0) * values[name]
                for block, name in (
                    (COOCCURRENCE, "cooccurrence"), (TITLE, "title"), (TAG_BLOCK, "tags"),
                    (ARTIST_BLOCK, "artist_match"), (POPULARITY, "plays"),
                )
            ),
            start=np.zeros(len(rows)),
        )  # fmt: skip
        for name, by in (
            ("linear_rank", "linear"), ("votes_rank", "votes_wide"),
            ("weights_rank", "weights"), ("factors_rank", "factors"),
        ):  # fmt: skip
            values[name] = _ranks(values[by])
        ages = evidence.ages[:, rows]
        values["age_last"], values["age_mean"], values["age_first"] = ages
        known_ages = evidence.ages[1, seeds]
        known_ages = known_ages[known_ages >= 0]
        values["age_gap"] = ages[1] - (known_ages.mean() if len(known_ages) else 0.0)
        for name, value in (
            ("n_seeds", len(seeds)),
            ("seed_artists", np.diff(self.artists.indptr)[number] / n_seeds),
            ("seed_plays", evidence.plays[seeds].mean() if len(seeds) else 0.0),
            ("seed_cold", (evidence.plays[seeds] == 0).mean() if len(seeds) else 0.0),
            ("nearest_playlist", round(float(self.nearest[number]), 6)),
        ):
            values[name] = np.full(len(rows), value)
        columns = np.zeros((len(FEATURES), len(rows)), np.float32)
        for column, name in zip(columns, FEATURES, strict=True):
            if name in values:
                column[:] = values[name]
        return np.ascontiguousarray(columns.T)

    def _vector(self, block: str, number: int) -> Matrix:
        vector: Matrix = np.asarray(self.queries.dense[block])[number]
        return vector


def _recent(playlists: Playlists) -> sparse.csr_array:
    """Weights of the items of each playlist that fall from its end backwards."""
    from_end = playlists.offsets[1:][playlists.owners] - 1 - np.arange(playlists.n_plays)
    weights = sparse.csr_array(
        (_DECAY ** from_end.astype(np.float64), playlists.rows.copy(), playlists.offsets.copy()),
        shape=(len(playlists), playlists.n_items),
    )
    weights.sum_duplicates()
    return weights


def _line(matrix: sparse.csr_array, number: int) -> tuple[RowArray, NDArray[np.float64]]:
    span = slice(matrix.indptr[number], matrix.indptr[number + 1])
    return matrix.indices[span].astype(np.int64), matrix.data[span]


def _at(
    matrix: sparse.csr_array, number: int, columns: RowArray, scratch: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Entries of one line, 0 for a negative column; `scratch` is zero before and after.

    It must be as wide as the matrix, or wider if there are negative columns.
    """
    held, values = _line(matrix, number)
    scratch[held] = values
    found = scratch[columns]
    scratch[held] = 0
    return found


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Places from 0 by value, largest first; the earlier one of equals."""
    ranks = np.empty(len(values))
    ranks[np.argsort(-values, kind="stable")] = np.arange(len(values))
    return ranks
