"""What a fit and a scoring run will take, before they start: memory, disk and time."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy import sparse

from hybrid_rec.blocks.base import BlockPlan
from hybrid_rec.blocks.block_set import BlockSet, columns_of
from hybrid_rec.core.config import HybridConfig
from hybrid_rec.data.arrow_types import TEXT
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.model.item_index import choose_index
from hybrid_rec.ranking.cross_fitting import Fold, make_folds
from hybrid_rec.ranking.ease import MOST_ITEMS, MOST_PLAYLISTS
from hybrid_rec.ranking.feature_set import fitted_features
from hybrid_rec.ranking.network import n_numbers
from hybrid_rec.ranking.statistics import als_models, of_groups
from indexes.choice import Choice, index_bytes

FLOAT = 4
# Of Python with the libraries of a fit, and what a sentence model adds, as measured.
_LIBRARIES, _SENTENCE_MODEL = 300e6, 650e6
# Of a token in gensim's vocabulary, beside its two vectors.
_TOKEN = 600
# Of a row and column number in a saved sparse matrix, with its float64.
_ENTRY = 12
# Columns of a sparse block that the cold-start map looks at.
_MOST_COLUMNS = 512
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
    blocks: BlockSet
    """What items will be described by; those that take long to fit are not fitted."""
    plans: dict[str, BlockPlan]
    """What each of them will take."""
    folds: list[Fold]

    @classmethod
    def of(cls, playlists: Playlists, catalog: Catalog, config: HybridConfig) -> Shape:
        """The shape of a data set.

        Args:
            playlists: What would be learned from.
            catalog: Its items.
            config: What would be fitted with.

        Raises:
            DataError: If a block cannot be made from the catalogue.
            ModelUnavailableError: If a text model cannot be found.
        """
        ranking = config.ranking
        rng = np.random.default_rng(config.seed)
        blocks = BlockSet.of(config, columns_of(catalog.table))
        return cls(
            playlists,
            catalog,
            config,
            blocks,
            {block.name: block.plan(catalog.table) for block in blocks},
            make_folds(playlists, ranking, rng) if ranking.enabled else [],
        )

    @property
    def dim(self) -> int:
        """Dimensions of the dense blocks together."""
        described = sum(self.plans[b.name].width for b in self.blocks if not b.is_sparse)
        return self.config.cooccurrence.vector_size + described + 1

    @property
    def described_bytes(self) -> float:
        """Size of the rows of all describing blocks, in memory and on disk."""
        n_items = len(self.catalog)
        return float(
            sum(
                self.plans[block.name].entries * _ENTRY / 2 + 8 * n_items
                if block.is_sparse
                else FLOAT * self.plans[block.name].width * n_items
                for block in self.blocks
            )
        )

    @cached_property
    def choice(self) -> Choice:
        """Kind of the index."""
        return choose_index(len(self.catalog), self.dim, self.config, self.config.index.factory)

    @cached_property
    def neighbour_counts(self) -> tuple[float, float]:
        """Stored neighbours of all items and of all groups, estimated from a sample of each."""
        settings = self.config.ranking.statistics
        holds = self.playlists.matrix()
        groups = of_groups(holds, self.blocks.groups(self.catalog.table), self.blocks.n_groups)
        return (
            _neighbours(holds, settings.item_neighbours),
            _neighbours(groups, settings.group_neighbours),
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
    names = pa.array(playlists.playlist_ids, TEXT)
    total += _parquet(pa.table({"playlist_id": names}))
    total += 8 * (len(playlists) + playlists.n_plays) + n_items
    predicting = sum(min(plan.width, _MOST_COLUMNS) for plan in shape.plans.values())
    total += FLOAT * vectors * predicting
    total += sum(plan.state_bytes for plan in shape.plans.values()) + 8 * n_items
    total += sum(
        shape.plans[block.name].entries * _ENTRY * 2 / 3 + 8 * n_items
        for block in shape.blocks
        if block.is_sparse
    )
    if shape.folds:
        kept = config.ranking.statistics
        # Orders of all candidates, and of new items.
        total += 2 * config.ranking.trees * config.ranking.leaves * _TREE_TEXT
        if config.ranking.network.weight:
            n_features = len(fitted_features(shape.blocks, config.ranking))
            total += 2 * FLOAT * n_numbers(n_features, config.ranking.network.units)
        sizes = sum(getattr(kept, name).size for name in als_models(config.ranking.extra))
        total += FLOAT * n_items * (sizes + 3)
        items, groups = shape.neighbour_counts
        total += 16 * (items + groups) + 8 * (n_items + shape.blocks.n_groups)
        weights = min(kept.item_neighbours, shape.n_played) * shape.n_played
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
    described = shape.described_bytes
    dense = FLOAT * shape.dim * n_items
    # Ids, titles and artists as Python strings, and the plays with what is made of them.
    data = 300.0 * n_items + 60.0 * n_plays
    at_once = 2 if shape.folds else 1
    training = at_once * shape.n_played * (2 * FLOAT * config.cooccurrence.vector_size + _TOKEN)
    held = own * (1 + len(shape.folds))
    sentence = any(plan.loads_model for plan in shape.plans.values())
    stages: list[float] = [training + held, held + described]
    # The blocks, joined, and in the index.
    stages.append(held + described + own + 2 * dense)
    if shape.folds:
        items, groups = shape.neighbour_counts
        ranking = config.ranking
        cases = (
            shape.n_cases
            * ranking.candidates
            * _CANDIDATES
            * _KEPT
            * len(fitted_features(shape.blocks, ranking))
            * FLOAT
        )
        found = 16 * (items + groups) + 8 * n_plays
        ease = 0.0
        if shape.with_ease:
            weights = 16.0 * ranking.statistics.item_neighbours * shape.n_played
            n_playlists = len(shape.playlists)
            ease = weights + max(weights, 16.0 * n_playlists**2 + 256 * 48.0 * shape.n_played)
        stages.append(held + described + dense + cases + found + max(ease, 400e6))
        stages.append(held + described + found + 2 * cases)
    encoder = (_SENTENCE_MODEL if sentence else 0.0) + sum(
        plan.mapped_bytes for plan in shape.plans.values()
    )
    return _LIBRARIES + encoder + data + max(stages)


def score_memory_bytes(shape: Shape, disk: float, workers: int) -> float:
    """Peak resident memory of a scoring run, all processes together, in bytes.

    Args:
        shape: The data set of the model.
        disk: Size of the saved model.
        workers: Processes that share it.
    """
    data = 300.0 * len(shape.catalog) + 60.0 * shape.playlists.n_plays
    # The model is mapped or read once; each process has its candidates and its own buffers.
    return _LIBRARIES + data + 1.3 * disk + 120e6 * workers


def score_disk_bytes(n_queries: int, k: int) -> float:
    """Size of the parts that a scoring run writes, in bytes: about 10 a row, compressed."""
    return 10.0 * n_queries * k


def _parquet(table: pa.Table) -> int:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.tell()
