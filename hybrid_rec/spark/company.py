"""Which items share playlists, counted by every task for its files and added up on the cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from scipy import sparse

from hybrid_rec.blocks.excerpts import most_plays
from hybrid_rec.core.arrays import Rows
from hybrid_rec.data.prepared import ITEM, PLAYLIST
from hybrid_rec.ranking.hashes import shortened
from hybrid_rec.ranking.knn import Company
from hybrid_rec.spark.prepared import PreparedData

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_Batches = Iterator[pa.RecordBatch]
_PAIR_ROWS = 1 << 18


@dataclass(frozen=True)
class CountedPlaylists:
    """As much of each playlist as counts, see `StatisticsConfig.longest_playlist`."""

    data: PreparedData
    """What is counted."""
    most: int
    """Different items of a playlist that count at most."""

    @classmethod
    def of(cls, data: PreparedData, longest_playlist: int) -> CountedPlaylists:
        """The playlists of a data set.

        Args:
            data: A prepared data set.
            longest_playlist: Items of a playlist that count at most; 0 for all.
        """
        found = (
            data.map_plays(_sizes, "size long, n long").groupBy("size").sum("n").sort("size")
        ).collect()
        sizes, n = (np.array([row[at] for row in found], dtype=np.int64) for at in (0, 1))
        return cls(data, most_plays(sizes, longest_playlist, n))

    def sizes(self) -> DataFrame:
        """Counted playlists of each item: ITEM, size."""
        from pyspark.sql import functions as F  # noqa: N812

        counts = self.data.map_plays(_holders(self.most), f"{ITEM} long, size long")
        return counts.groupBy(ITEM).agg(F.sum("size").alias("size"))

    def pairs(self) -> DataFrame:
        """Playlists that two items share, each pair once: one, other, shared; one < other."""
        from pyspark.sql import functions as F  # noqa: N812

        counts = self.data.map_plays(_pairs(self.most), "one long, other long, shared long")
        return counts.groupBy("one", "other").agg(F.sum("shared").alias("shared"))


def _holds(plays: pa.Table) -> tuple[sparse.csr_array, Rows, Rows]:
    """Which items stand in which playlist, and the numbers of the playlists and items."""
    numbers, lines = np.unique(plays[PLAYLIST].to_numpy(), return_inverse=True)
    items, columns = np.unique(plays[ITEM].to_numpy(), return_inverse=True)
    holds = sparse.csr_array(
        (np.ones(len(lines), np.float32), (lines, columns)), shape=(len(numbers), len(items))
    )
    holds.sum_duplicates()
    return holds, numbers, items


def _sizes(plays: pa.Table) -> _Batches:
    sizes, n = np.unique(np.diff(_holds(plays)[0].indptr), return_counts=True)
    yield pa.RecordBatch.from_pydict({"size": sizes.astype(np.int64), "n": n.astype(np.int64)})


def _holders(most: int) -> Callable[[pa.Table], _Batches]:
    def count(plays: pa.Table) -> _Batches:
        holds, numbers, items = _holds(plays)
        kept = shortened(holds, most, numbers, items)
        size = np.bincount(kept.indices, minlength=len(items)).astype(np.int64)
        yield pa.RecordBatch.from_pydict({ITEM: items, "size": size})

    return count


def _pairs(most: int) -> Callable[[pa.Table], _Batches]:
    def count(plays: pa.Table) -> _Batches:
        holds, numbers, items = _holds(plays)
        company = Company.of(shortened(holds, most, numbers, items))
        for lot in company.lots(np.arange(len(items))):
            together = company.beside(lot).tocoo()
            one, other = lot[together.coords[0]], together.coords[1]
            kept = one < other
            table = pa.table(
                {
                    "one": items[one[kept]],
                    "other": items[other[kept]],
                    "shared": together.data[kept].astype(np.int64),
                }
            )
            yield from table.to_batches(_PAIR_ROWS)

    return count
