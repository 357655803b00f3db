"""What a recommender returns: ids, scores and where each came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from hybrid_rec.core.arrays import Floats, Objects, Rows
from hybrid_rec.core.words import how_many
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.short_html import short_html
from hybrid_rec.data.telling import titles_told_apart

NO_SOURCE = ""


@dataclass(frozen=True, eq=False)
class Recommendations:
    """The best items of each query, best first; equal scores stand in catalogue order.

    A list never repeats an item. Where fewer than k items were allowed, the rest of a line holds
    None, -inf and "".
    """

    item_ids: Objects
    """Item ids, `(n_queries, k)` strings; None where there is none."""
    scores: Floats
    """Similarities, higher is better, `(n_queries, k)` float32; -inf where there is none."""
    sources: Objects
    """How each item was placed, `(n_queries, k)`: "hybrid" (it has history), "artist", "text" or
    "metadata" (see `cold_start.SOURCES`); "popularity" for a query that said nothing; ""
    where there is none."""
    query_ids: Objects
    """What was asked, `(n_queries,)` strings: playlist ids, item ids or "0", "1", ..."""
    catalog: Catalog
    """The items that the ids refer to."""
    query_sources: Objects | None = None
    """How each new item was placed, `(n_queries,)` strings: "context" or a source of the
    cold-start fallback; None where the queries are playlists or catalogue items."""
    explanations: Objects | None = None
    """Why each item was recommended, `(n_queries, k)` of `Explanation`, None where there is no
    item; None altogether unless `explain=True` was asked."""

    @classmethod
    def from_rows(
        cls,
        rows: Rows,
        scores: Floats,
        sources: Objects,
        query_ids: Sequence[str] | Objects,
        catalog: Catalog,
        query_sources: Objects | None = None,
        explanations: Objects | None = None,
    ) -> Self:
        """Recommendations of catalogue rows `(n_queries, k)`; a negative row is an empty place."""
        held = rows >= 0
        item_ids = np.full(rows.shape, None, dtype=object)
        item_ids[held] = catalog.item_ids[rows[held]]
        return cls(
            item_ids=item_ids,
            scores=np.where(held, scores, np.float32(-np.inf)),
            sources=np.where(held, sources, NO_SOURCE).astype(object),
            query_ids=np.array(query_ids, dtype=object),
            catalog=catalog,
            query_sources=query_sources,
            explanations=explanations,
        )

    def __len__(self) -> int:
        return len(self.item_ids)

    def __repr__(self) -> str:
        n_queries, k = self.item_ids.shape
        return f"Recommendations({how_many(n_queries, 'queries')}, k={k:,})"

    def _repr_html_(self) -> str:
        return short_html(repr(self), titles_told_apart(self.to_frame(), self.catalog))

    def to_frame(self) -> pd.DataFrame:
        """One row a recommendation: query_id, rank (from 1), item_id, title, artist, score, source.

        Empty places have no row. A missing title or artist is None. With explanations there is a
        last column `explanation`, the text of each.
        """
        line, place = np.nonzero(self.item_ids != None)  # noqa: E711  # element by element
        rows = self.catalog.rows(self.item_ids[line, place])
        frame = pd.DataFrame(
            {
                "query_id": self.query_ids[line],
                "rank": place + 1,
                "item_id": self.item_ids[line, place],
                "title": self.catalog.titles[rows],
                "artist": self.catalog.artists[rows],
                "score": self.scores[line, place],
                "source": self.sources[line, place],
            }
        ).astype({"title": object, "artist": object})
        if self.explanations is None:
            return frame
        texts = [explanation.text for explanation in self.explanations[line, place]]
        return frame.assign(explanation=pd.Series(texts, dtype=object))


@dataclass(frozen=True, eq=False)
class PlaylistMatches:
    """The training playlists nearest to each query, best first."""

    playlist_ids: Objects
    """Playlist ids, `(n_queries, k)` strings; None where there are fewer than k playlists."""
    scores: Floats
    """Cosines in co-occurrence space, in [-1, 1], or of a query with a name their means with how
    alike the names are, `(n_queries, k)`; -inf where there is none."""
    query_ids: Objects
    """What was asked, `(n_queries,)` strings."""
    names: Objects | None = None
    """What the playlists are called, `(n_queries, k)`; "" for no name, None where the training
    playlists have none."""

    def __len__(self) -> int:
        return len(self.playlist_ids)

    def __repr__(self) -> str:
        n_queries, k = self.playlist_ids.shape
        return f"PlaylistMatches({how_many(n_queries, 'queries')}, k={k:,})"

    def _repr_html_(self) -> str:
        return short_html(repr(self), self.to_frame())

    def to_frame(self) -> pd.DataFrame:
        """One row a match: query_id, rank (from 1), playlist_id, name, score.

        The name is "" for none.
        """
        line, place = np.nonzero(self.playlist_ids != None)  # noqa: E711  # element by element
        return pd.DataFrame(
            {
                "query_id": self.query_ids[line],
                "rank": place + 1,
                "playlist_id": self.playlist_ids[line, place],
                "name": "" if self.names is None else self.names[line, place],
                "score": self.scores[line, place],
            }
        )
