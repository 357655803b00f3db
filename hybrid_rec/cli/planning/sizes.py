"""What a fit and a scoring run will take, before they start: memory, disk and time."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy import sparse

from hybrid_rec.core.config import HybridConfig
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.model.fit import artist_labels, tag_labels
from hybrid_rec.model.item_index import choose_index
from hybrid_rec.ranking.cross_fitting import Fold, make_folds
from hybrid_rec.ranking.ease import MOST_ITEMS, MOST_PLAYLISTS
from hybrid_rec.ranking.features import FEATURES
from hybrid_rec.ranking.statistics import FACTORS, of_artists
from indexes.choice import Choice, index_bytes
from indexes.fast_scan.bfloat16 import processor_has_bfloat16

FLOAT = 4
# Of Python with the libraries of a fit, and what a sentence model adds, as measured.
_LIBRARIES, _SENTENCE_MODEL = 300e6, 650e6
# Of torch alone, for scans in bfloat16.
_TORCH = 250e6
# Of a token in gensim's vocabulary, beside its two vectors.
_TOKEN = 600
# Of a row and column number in a saved sparse matrix, with its float64.
_ENTRY = 12
_TREE_TEXT = 125
_SAMPLED = 400
# Candidates of a case, about, as a multiple of `ranking.candidates`, and the share that is kept.
_CANDIDATES, _KEPT = 2.2, 0.3


@dataclass(frozen=True, eq=False)
class Shape:
    """All that a plan needs to know of a data set: sizes, and what is drawn from them."""

    playlists: Playlists
    catalog: Catalog
    config: HybridConfig
    title_dim: int
    n_new_titles: int
    """Distinct titles that must be encoded."""
    title_cache_bytes: int
    """Size of the cache of titles, which is mapped into memory whole."""
    folds: list[Fold]
    artist_of: NDArray[np.int64]
    n_artists: int
    n_tags: int
    n_tag_entries: int

    @classmethod
    def of(
        cls,
        playlists: Playlists,
        catalog: Catalog,
        config: HybridConfig,
        title_dim: int,
        n_new_titles: int,
        title_cache_bytes: int = 0,
    ) -> Shape:
        """The shape of a data set.

        Args:
            playlists: What would be learned from.
            catalog: Its items.
            config: What would be fitted with.
            title_dim: Dimensions of a title vector.
            n_new_titles: Distinct titles that must be encoded.
            title_cache_bytes: Size of the cache of titles.
        """
        ranking = config.ranking
        rng = np.random.default_rng(config.seed)
        artists, artist_of = artist_labels(catalog)
        tags, tag_block = tag_labels(catalog)
        return cls(
            playlists,
            catalog,
            config,
            title_dim,
            n_new_titles,
            title_cache_bytes,
            make_folds(playlists, ranking, rng) if ranking.enabled else [],
            artist_of,
            len(artists),
            len(tags),
            tag_block.nnz,
        )

    @property
    def dim(self) -> int:
        """Dimensions of the dense blocks together."""
        return self.config.cooccurrence.vector_size + self.title_dim + 1

    @cached_property
    def choice(self) -> Choice:
        """Kind of the index."""
        return choose_index(len(self.catalog), self.dim, self.config, self.config.index.factory)

    @cached_property
    def neighbour_counts(self) -> tuple[float, float]:
        """Stored neighbours of all items and of all artists, estimated from a sample of each."""
        evidence = self.config.ranking.evidence
        holds = self.playlists.matrix()
        artists = of_artists(holds, self.artist_of, self.n_artists)
        return (
            _neighbours(holds, evidence.item_neighbours),
            _neighbours(artists, evidence.artist_neighbours),
        )

    @property
    def n_played(self) -> int:
        """Items with history."""
        return int(np.count_nonzero(self.playlists.play_counts))

    @property
    def n_cases(self) -> int:
        """Cases that the ranking learns from."""
        return sum(len(fold.seeds) for fold in self.folds)

    @property
    def with_ease(self) -> bool:
        """Whether there will be weights of EASE."""
        return self.n_played <= MOST_ITEMS and len(self.playlists) <= MOST_PLAYLISTS


def disk_bytes(shape: Shape) -> float:
    """Size of the saved model, in bytes."""
    n_items, playlists, config = len(shape.catalog), shape.playlists, shape.config
    vectors = config.cooccurrence.vector_size
    total = float(index_bytes(shape.choice.factory, n_items, shape.dim))
    total += _parquet(shape.catalog.table)
    names = pa.array(playlists.playlist_ids, pa.large_string())
    total += _parquet(pa.table({"playlist_id": names}))
    total += 8 * (len(playlists) + playlists.n_plays) + n_items
    total += FLOAT * vectors * (shape.title_dim + shape.n_tags)
    total += n_items * 20 + (shape.n_tag_entries * _ENTRY + n_items * 8 if shape.n_tags else 0)
    if shape.folds:
        evidence = config.ranking.evidence
        # Trees for all candidates, and for new items.
        total += 2 * config.ranking.trees * config.ranking.leaves * _TREE_TEXT
        sizes = sum(getattr(evidence, name).size for name in FACTORS)
        total += FLOAT * (n_items * (sizes + 3) + len(playlists) * evidence.factors.size)
        items, artists = shape.neighbour_counts
        total += 16 * (items + artists) + 8 * (n_items + shape.n_artists)
        weights = min(evidence.item_neighbours, shape.n_played) * shape.n_played
        total += 8 * n_items + (16 * weights if shape.with_ease else 0)
    return total


def _neighbours(holds: sparse.csr_array, most: int) -> float:
    held_by = holds.T.tocsr()
    used = np.flatnonzero(np.diff(held_by.indptr))
    if not len(used):
        return 0.0
    drawn = np.random.default_rng(0).choice(used, min(_SAMPLED, len(used)), replace=False)
    near = np.diff(sparse.csr_array(held_by[drawn] @ holds).indptr) - 1
    return float(np.minimum(near, most).mean() * len(used))


def fit_memory_bytes(shape: Shape) -> float:
    """Peak resident memory of the whole process of a fit, in bytes."""
    n_items, n_plays, config = len(shape.catalog), shape.playlists.n_plays, shape.config
    own = FLOAT * config.cooccurrence.vector_size * n_items
    titles = FLOAT * shape.title_dim * n_items
    dense = FLOAT * shape.dim * n_items
    # Ids, titles and artists as Python strings, and the plays with what is made of them.
    data = 300.0 * n_items + 60.0 * n_plays
    at_once = 2 if shape.folds else 1
    training = at_once * shape.n_played * (2 * FLOAT * config.cooccurrence.vector_size + _TOKEN)
    held = own * (1 + len(shape.folds))
    sentence = config.titles.encoder == "sentence-transformers" and shape.n_new_titles > 0
    stages: list[float] = [training + held, held + titles]
    # The blocks, joined, and in the index.
    stages.append(held + titles + own + 2 * dense)
    if shape.folds:
        items, artists = shape.neighbour_counts
        ranking = config.ranking
        cases = shape.n_cases * ranking.candidates * _CANDIDATES * _KEPT * len(FEATURES) * FLOAT
        found = 16 * (items + artists) + 8 * n_plays
        ease = 0.0
        if shape.with_ease:
            weights = 16.0 * ranking.evidence.item_neighbours * shape.n_played
            n_playlists = len(shape.playlists)
            ease = weights + max(weights, 16.0 * n_playlists**2 + 256 * 48.0 * shape.n_played)
        stages.append(held + titles + dense + cases + found + max(ease, 400e6))
        stages.append(held + titles + found + 2 * cases)
    encoder = (_SENTENCE_MODEL if sentence else 0.0) + shape.title_cache_bytes
    return _LIBRARIES + encoder + data + max(stages)


def score_memory_bytes(shape: Shape, disk: float, workers: int) -> float:
    """Peak resident memory of a scoring run, all processes together, in bytes.

    Args:
        shape: The data set of the model.
        disk: Size of the saved model.
        workers: Processes that share it.
    """
    data = 300.0 * len(shape.catalog) + 60.0 * shape.playlists.n_plays
    halves = 0.0
    if not shape.folds and shape.choice.factory == "Flat" and processor_has_bfloat16():
        # The ranking leaves titles out of the search, and what remains is too narrow for this.
        heavy = shape.config.cooccurrence.vector_size
        halves = _TORCH + 2.0 * len(shape.catalog) * (shape.dim + heavy)
    # The model is mapped or read once; each process has its candidates and its own buffers.
    return _LIBRARIES + data + 1.3 * disk + halves + 120e6 * workers


def score_disk_bytes(n_queries: int, k: int) -> float:
    """Size of the parts that a scoring run writes, in bytes: about 10 a row, compressed."""
    return 10.0 * n_queries * k


def _parquet(table: pa.Table) -> int:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.tell()
