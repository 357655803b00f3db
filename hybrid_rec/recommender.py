"""HybridRecommender: the façade over everything else."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import Any, Self

from hybrid_rec.blocks.given_vectors import GivenVectors
from hybrid_rec.core.arrays import Objects
from hybrid_rec.core.checks import check_flag
from hybrid_rec.core.choices import Distinct
from hybrid_rec.core.progress import Progress, as_progress
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.frames import Frame
from hybrid_rec.data.playlists import OnUnknown
from hybrid_rec.data.queries import Queries, parse_queries
from hybrid_rec.data.recommendations import Recommendations
from hybrid_rec.data.training import TrainingItems, TrainingPlays, training_data
from hybrid_rec.explore.explorer import ExploringRecommender
from hybrid_rec.model.changes import NewPlaylists, OnKnown, read_changes
from hybrid_rec.model.dislikes import parted
from hybrid_rec.model.filters import allowed_rows, filter_rows
from hybrid_rec.model.fit import fit_model
from hybrid_rec.model.search import SearchRequest, answer
from hybrid_rec.model.update import update_model
from hybrid_rec.model.weights import Weights, call_weights
from hybrid_rec.ranking.diversity import Diversity, call_diversity


class HybridRecommender(ExploringRecommender):
    """Recommends for an item, for a playlist never seen, and for items nobody has played.

    It combines co-occurrence vectors of playlists, blocks that describe items (titles, artists and
    tags unless the configuration says otherwise) and a popularity prior in one index. An item
    without history gets its place by the cold-start fallback; the `sources` of what comes back say
    where each item's place comes from.

    Args:
        config: All parameters; None for the defaults.

    Examples:
        >>> from hybrid_rec import HybridConfig, synthetic_radio
        >>> playlists, catalog, _ = synthetic_radio(seed=0, n_items=200, n_playlists=300)
        >>> config = HybridConfig(titles={"encoder": "tfidf"}, cooccurrence={"epochs": 2})
        >>> model = HybridRecommender(config).fit(playlists, catalog)
        >>> model.recommend(catalog.item_ids[:3].tolist(), k=5).item_ids.shape
        (1, 5)
    """

    def fit(
        self,
        playlists: TrainingPlays,
        catalog: TrainingItems | None = None,
        *,
        cooccurrence_vectors: GivenVectors = None,
        progress: bool | Progress = False,
    ) -> Self:
        """Learn from playlists; a second fit starts anew.

        `model_.held_out` says how well it completes playlists that it did not see. Where that is no
        better than chance, a `UserWarning` says that nothing was learned of which items go
        together.

        Args:
            playlists: What was played together: `Playlists` of `catalog`, or a table of plays or a
                data set by its name as `read_tidy` and `read_dataset` read them, or lists of item
                ids, or a sparse matrix of scipy (see `Playlists.from_csr`).
            catalog: All items, those that nobody has played included: a `Catalog`, or a table of
                items, see `Catalog.from_frame`. Without it, the items that a table of plays names.
            cooccurrence_vectors: Vectors made elsewhere, in place of those that would be learned
                of all playlists: an array in the order of the catalogue, a DataFrame with `item_id`
                and `vector`, gensim's `KeyedVectors`, or a file of these (Parquet or word2vec's
                text or binary format). Items without one are placed as if nobody had played them.
            progress: True for progress bars on standard error.

        Raises:
            DataError: If the playlists are empty or refer to a catalogue of another size, or the
                vectors have another shape, hold NaN or name no item of the catalogue.
            ConfigError: If the index factory does not suit the data.
            ModelUnavailableError: If the title model cannot be found.
        """
        told = as_progress(progress)
        playlists, catalog = training_data(playlists, catalog, told)
        model = fit_model(playlists, catalog, self.config, told, cooccurrence_vectors)
        if model.held_out is not None and not model.held_out.learned:
            warnings.warn(str(model.held_out), stacklevel=2)
        self._set(model)
        return self

    def update(
        self,
        new_playlists: NewPlaylists | None = None,
        new_items: Catalog | Frame | None = None,
        *,
        remove: Iterable[Any] | None = None,
        on_known: OnKnown = "raise",
        on_unknown: OnUnknown = "raise",
        progress: bool | Progress = False,
    ) -> Self:
        """Learn from more playlists, take new items in and others out, without a new fit.

        Known items keep their rows, new ones follow. What gained no history stays where it is; an
        item that did moves the further the larger the share of its plays that is new. If anything
        fails, the model is as it was before. An update takes a fraction of a fit, and does not
        learn the map from titles or the order of candidates anew: fit again once in a while.

        Args:
            new_playlists: A table as for `Playlists.from_frame`; a list of lists of item ids,
                whose playlists are given the next free numbers as ids; or `Playlists` of the
                model's catalogue, or of `model_.catalog.extended(...)` with the new items. They may
                hold new items. Of plays without a time among others that have one the time is the
                latest known; times that a model without any is given are dropped.
            new_items: The catalogue's columns, see `Catalog.from_frame`. Known items may stand
                there if their title and artist are the same; one that was removed comes back.
            remove: Ids of items that are never recommended from now on, whatever `allow` says.
                They stay in the catalogue: playlists may hold them and queries name them.
            on_known: What to do with playlists whose id is known: "raise", or "extend" them by the
                new plays.
            on_unknown: "raise" or "skip" for ids that the catalogue lacks even with the new items.
            progress: True for progress bars on standard error.

        Raises:
            DataError: If nothing is given, a playlist id is known and `on_known` is "raise", an
                item would get another title or artist, or an entry is of the wrong kind.
            UnknownItemError: For an unknown id, if `on_unknown` is "raise".
            ConfigError: If the index must be built anew and its factory does not suit the data.
            ModelUnavailableError: If the title model cannot be found.
            NotFittedError: Before `fit` or `load`.
        """
        changes = read_changes(
            self.model_,
            new_playlists,
            new_items,
            remove,
            on_known=on_known,
            on_unknown=on_unknown,
        )
        self._set(update_model(self.model_, changes, as_progress(progress)))
        return self

    def recommend(
        self,
        queries: Queries,
        k: int = 10,
        *,
        exclude_seeds: bool = True,
        allow: Iterable[Any] | None = None,
        block: Iterable[Any] | None = None,
        where: str | None = None,
        on_unknown: OnUnknown = "raise",
        weights: Weights | None = None,
        diversity: Diversity | None = None,
        distinct: Distinct | None = None,
        names: Sequence[Any] | Objects | None = None,
        dislike: Queries | None = None,
        explain: bool = False,
        learn: bool = False,
    ) -> Recommendations:
        """Items that go with each playlist or user.

        Args:
            queries: `["a", "b"]` is one playlist, `[["a"], ["b", "c"]]` are two, `[]` is one empty
                playlist; or `Playlists` of the model's catalogue, or what they can be made of: a
                table of plays (`playlist_id`, `item_id`) or a sparse matrix of the catalogue's
                items. Columns of pandas, pyarrow and polars are like lists.
            k: Items wanted for each, from 1 to 10,000,000.
            exclude_seeds: Whether the items of a query are kept out of its own list.
            allow: Ids of the only items that may come back; None for all.
            block: Ids of items that may not come back.
            where: Only items whose columns pass, such as "year >= 1990 and 'jazz' in tags":
                comparisons, in, and, or, not; a missing value passes none.
            on_unknown: "raise" or "skip" for ids that the catalogue lacks, in queries and filters.
            weights: Block weights for this call; those not named are the model's. With any given,
                the linear score orders, not the learned ranking.
            diversity: Diversity of the lists for this call; what is not named is the config's.
                Every item keeps its score, so a diversified list is not sorted by it.
            names: What each query is called, such as "rainy sunday"; "" or None says nothing.
            distinct: "song" keeps out what is the same song as an item of the query or one above:
                the same title, but for what a release adds to it, of the same group (artist).
            dislike: Ids of items that are not wanted, nor what is like them: for all queries, or
                one list for each. They never come back, and their vectors are taken from the query.
                Items of a query with weights below 0 are disliked, too.
            explain: Whether to say what carried each row, see `Explanation`; it takes some time.
            learn: Whether to learn from all the queries before they are answered; see `learned`.

        Returns:
            Lists of k. With fewer items allowed, the rest of a list is None, -inf and "". A query
            without anything known gets the most played items, with the source "popularity".

        Raises:
            UnknownItemError: For an unknown id, if `on_unknown` is "raise".
            DataError: For ids that are neither strings nor integers.
            ConfigError: If k, a weight or a diversity is out of range or unknown, or `where` is no
                such expression.
            NotFittedError: Before `fit` or `load`.
        """
        check_flag(learn, "learn")
        asked = self.learned(queries, on_unknown=on_unknown) if learn else self
        model = asked.model_
        check_flag(exclude_seeds, "exclude_seeds")
        check_flag(explain, "explain")
        playlists, _ = parse_queries(queries, model.catalog, on_unknown, names)
        parts = parted(model, playlists, dislike, on_unknown)
        playlists = parts.liked
        request = SearchRequest(
            model.named_queries(playlists),
            playlists.playlist_ids,
            k,
            call_weights(model, weights),
            seeds=playlists,
            exclude_seeds=exclude_seeds,
            allow=allowed_rows(model.catalog, allow, where, on_unknown),
            block=filter_rows(model.catalog, block, on_unknown, "block"),
            rank=weights is None,
            by_taste=model.config.ranking.tastes,
            diversity=call_diversity(self.config, diversity),
            distinct=distinct,
            **parts.options,
        )
        return answer(model, request, asked._explains() if explain else None)
