"""What is nearest: to items, to new items, to playlists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from hybrid_rec.core.checks import check_block
from hybrid_rec.core.choices import Distinct
from hybrid_rec.core.config import COOCCURRENCE, POPULARITY
from hybrid_rec.core.errors import DataError
from hybrid_rec.data.playlists import OnUnknown
from hybrid_rec.data.queries import Queries, as_singles, parse_queries
from hybrid_rec.data.recommendations import PlaylistMatches, Recommendations
from hybrid_rec.model.dislikes import parted
from hybrid_rec.model.filters import allowed_rows, filter_rows
from hybrid_rec.model.lookup import ItemLookup
from hybrid_rec.model.new_items import NewItemsTable, new_items_frame, place_new_items
from hybrid_rec.model.playlist_search import similar_playlists
from hybrid_rec.model.search import SearchRequest, answer
from hybrid_rec.model.weights import Weights, block_alone, similar_weights
from indexes.hybrid import HybridQueries


class NearestItems(ItemLookup):
    """A fitted recommender that is asked for what is near."""

    def similar_items(
        self,
        item_ids: Sequence[Any],
        k: int = 10,
        *,
        allow: Iterable[Any] | None = None,
        block: Iterable[Any] | None = None,
        where: str | None = None,
        on_unknown: OnUnknown = "raise",
        weights: Weights | None = None,
        distinct: Distinct | None = None,
        dislike: Queries | None = None,
        explain: bool = False,
    ) -> Recommendations:
        """The items nearest to each of `item_ids`, never the item itself, and never diversified.

        Args:
            item_ids: One query an id; the `query_ids` of the result.
            k: Neighbours wanted of each, from 1 to 10,000,000.
            allow: See `recommend`.
            block: See `recommend`.
            where: See `recommend`.
            on_unknown: See `recommend`; a skipped item has no line.
            weights: With any given, the linear score orders, not learned ranking and likeness;
                unless `popularity` is named here, it is the config's `similar_popularity`.
            distinct: See `recommend`.
            dislike: See `recommend`.
            explain: See `recommend`.

        Raises:
            UnknownItemError: For an unknown id, if `on_unknown` is "raise".
            DataError: For ids that are neither strings nor integers.
            ConfigError: If k or a weight is out of range, or a weight is unknown.
            NotFittedError: Before `fit` or `load`.
        """
        model = self.model_
        singles = as_singles(item_ids, model.catalog, on_unknown)
        parts = parted(model, singles, dislike, on_unknown)
        request = SearchRequest(
            model.queries(singles),
            singles.playlist_ids,
            k,
            similar_weights(model, weights),
            seeds=singles,
            allow=allowed_rows(model.catalog, allow, where, on_unknown),
            block=filter_rows(model.catalog, block, on_unknown, "block"),
            rank=weights is None,
            by_likeness=True,
            distinct=distinct,
            **parts.options,
        )
        return answer(model, request, self._explains() if explain else None)

    def recommend_for_new_items(
        self,
        frame: NewItemsTable,
        k: int = 10,
        *,
        weights: Weights | None = None,
        distinct: Distinct | None = None,
        allow: Iterable[Any] | None = None,
        block: Iterable[Any] | None = None,
        where: str | None = None,
    ) -> Recommendations:
        """The catalogue items nearest to items that the catalogue lacks.

        Args:
            frame: A DataFrame or another table, a dict of one item or a list of dicts, with any of
                the columns that the model's blocks are made from, such as `title` and `artist`,
                each of which may be missing in a row; optionally `item_id` (becomes the query id)
                and `context` (lists of ids of catalogue items that it was seen with: the mean of
                its company is the best guess of its place).
            k: Neighbours wanted of each, from 1 to 10,000,000.
            weights: See `similar_items`.
            distinct: See `recommend`; the same song as the new item is kept out, too.
            allow: See `recommend`.
            block: See `recommend`.
            where: See `recommend`.

        Returns:
            One line a new item; `query_sources` says how each was placed. Context items are not
            among the neighbours.

        Raises:
            DataError: If no column tells anything, or an entry is of the wrong kind.
            UnknownItemError: If a context or a filter names an item that the catalogue lacks.
            NotFittedError: Before `fit` or `load`.
        """
        model = self.model_
        new = place_new_items(model, new_items_frame(frame))
        request = SearchRequest(
            new.queries,
            new.query_ids,
            k,
            similar_weights(model, weights),
            seeds=new.context,
            allow=allowed_rows(model.catalog, allow, where, "raise"),
            block=filter_rows(model.catalog, block, "raise", "block"),
            rank=weights is None,
            by_likeness=True,
            distinct=distinct,
            new=new,
            query_sources=new.sources,
        )
        return answer(model, request)

    def similar_to_vector(
        self,
        vector: Any,
        block: str = COOCCURRENCE,
        k: int = 10,
        *,
        allow: Iterable[Any] | None = None,
        where: str | None = None,
    ) -> Recommendations:
        """The items nearest to points of one dense block's space, by cosine alone.

        Args:
            vector: `(dim,)`, or `(n, dim)` for several, of any length but 0.
            block: A block whose rows are dense, see `item_vectors`.
            k: Neighbours wanted of each, from 1 to 10,000,000.
            allow: See `recommend`.
            where: See `recommend`.

        Returns:
            One line a vector; `query_ids` are "0", "1", ... An item whose own vector is asked for
            finds itself.

        Raises:
            DataError: If a vector is of another length, not finite, or zero.
            ConfigError: If k is out of range, the model has no such dense block, or `where` is no
                such expression.
            UnknownItemError: If `allow` names an item that the catalogue lacks.
            NotFittedError: Before `fit` or `load`.
        """
        model = self.model_
        known = [name for name in model.index.layout if name != POPULARITY]
        check_block(block, known)
        dim = model.index.layout[block]
        try:
            points = np.atleast_2d(np.array(vector, dtype=np.float64))
        except (TypeError, ValueError):
            points = np.empty((0, 0))
        if points.ndim != 2 or points.shape[1] != dim or not len(points):
            raise DataError(
                f"vector must be {dim} numbers, or an array (n, {dim}), for the block {block}, got "
                f"the shape {np.shape(points)}."
            )
        lengths = np.linalg.norm(points, axis=1, keepdims=True)
        if not np.isfinite(lengths).all() or not lengths.all():
            row = int(np.flatnonzero(~np.isfinite(lengths) | (lengths == 0))[0])
            raise DataError(f"vector must be finite numbers, not all 0, but row {row} is not.")
        unit = np.ascontiguousarray(points / lengths, dtype=np.float32)
        prior = np.ones((len(unit), 1), np.float32)
        request = SearchRequest(
            HybridQueries({block: unit, POPULARITY: prior}),
            np.arange(len(unit)).astype(str).astype(object),
            k,
            block_alone(model, block),
            allow=allowed_rows(model.catalog, allow, where, "raise"),
        )
        return answer(model, request)

    def similar_playlists(
        self,
        queries: Queries,
        k: int = 10,
        *,
        names: Sequence[Any] | None = None,
        on_unknown: OnUnknown = "raise",
    ) -> PlaylistMatches:
        """The training playlists nearest to each query, by what they hold and by their names.

        A training playlist that is asked for finds itself. A query that says nothing, such as an
        empty one without a name, finds none.

        Args:
            queries: See `recommend`.
            k: Playlists wanted for each, from 1 to 10,000,000.
            names: See `recommend`. The score of a query with a name is the mean of the cosine in
                co-occurrence space and of how alike the names are.
            on_unknown: "raise" or "skip" for ids that the catalogue lacks.

        Raises:
            UnknownItemError: For an unknown id, if `on_unknown` is "raise".
            ConfigError: If k is out of range.
            NotFittedError: Before `fit` or `load`.
        """
        playlists, _ = parse_queries(queries, self.model_.catalog, on_unknown, names)
        return similar_playlists(self.model_, playlists.liked(), k)
