"""One search: what a call asks of a fitted model, and the best rows of each query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np

from hybrid_rec.blocks.cold_start import SOURCES
from hybrid_rec.blocks.pooling import away_from, says_nothing, take
from hybrid_rec.core.arrays import Floats, Mask, Objects, Rows
from hybrid_rec.core.checks import check_choice
from hybrid_rec.core.choices import Distinct
from hybrid_rec.core.config import POPULARITY, DiversityConfig
from hybrid_rec.core.errors import ConfigError
from hybrid_rec.core.quoting import quoted
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.data.recommendations import Recommendations
from hybrid_rec.model.explainer import Explainer
from hybrid_rec.model.explanations import Stage
from hybrid_rec.model.fitted import Model
from hybrid_rec.model.new_items import NewItems
from hybrid_rec.ranking.candidates import left_out_of
from hybrid_rec.ranking.diversity import OFF, Diversifier
from hybrid_rec.ranking.ranked import rank_candidates
from hybrid_rec.ranking.taste_shares import shared_among_tastes
from indexes.base import NO_ROW, NO_SCORE
from indexes.hybrid import HybridQueries

POPULARITY_SOURCE = "popularity"
_LARGEST_K = 10_000_000
# Growth of what is looked at for a list that the artist cap leaves too short.
_WIDER = 4
# Other releases of what stands in a list that are expected at most.
_TWINS = 30
# The least weight of popularity where nothing else says what is wanted.
_PRIOR = 0.1


@dataclass(frozen=True, eq=False)
class SearchRequest:
    """What one call asks, every id turned into a row."""

    queries: HybridQueries
    """One query a line of the answer."""
    query_ids: Objects
    """What the lines are called, `(n_queries,)` strings."""
    k: int
    """Items wanted for each."""
    weights: Mapping[str, float]
    """Block weights of the linear score."""
    seeds: Playlists | None = None
    """The items that each query is made of, in play order; None where it is made of none."""
    exclude_seeds: bool = True
    """Whether the seeds of a query are kept out of its own list."""
    allow: Rows | None = None
    """The only rows that may come back; None for all."""
    block: Rows | None = None
    """Rows that may not come back."""
    rank: bool = False
    """Whether the second stage orders, where there is one; it needs the seeds."""
    by_likeness: bool = False
    """Whether its order is fused with that of likeness; see `ranking.likeness`."""
    by_taste: bool = False
    """Whether several tastes in a query share the first places; see `ranking.taste_shares`."""
    new: NewItems | None = None
    """The items that the queries are, if the catalogue lacks them."""
    diversity: DiversityConfig | None = None
    """How the lists are reordered; None for not at all."""
    distinct: Distinct | None = None
    """Whether items are kept out that are one song with a seed or with an item above."""
    query_sources: Objects | None = None
    """How each query was placed; see `Recommendations`."""
    disliked: Playlists | None = None
    """Items that each query dislikes; None where none does."""
    away: HybridQueries | None = None
    """The same as queries."""


@dataclass(frozen=True, eq=False)
class _Found:
    """The best rows of some queries, and what gave their scores."""

    rows: Rows
    scores: Floats
    stage: Stage
    weights: Mapping[str, float]
    features: list[Floats] | None = None
    reserved: list[Mask] | None = None


def answer(
    model: Model, request: SearchRequest, explainer: Explainer | None = None
) -> Recommendations:
    """The best items of each query.

    Args:
        model: What is asked.
        request: What it is asked.
        explainer: Explains every row, if given; the request must have seeds then.

    Raises:
        ConfigError: If k is out of range.
        DataError: If `distinct` is no word that it may be.
    """
    check_k(request.k)
    if request.distinct is not None:
        check_choice(request.distinct, get_args(Distinct), "distinct")
    if len(model.removed):
        gone = [model.removed] if request.block is None else [model.removed, request.block]
        request = replace(request, block=np.concatenate(gone))
    silent = says_nothing(request.queries)
    width = min(request.k, len(model.catalog))
    rows = np.full((len(silent), request.k), NO_ROW, np.int64)
    scores = np.full((len(silent), request.k), NO_SCORE, np.float32)
    keep = explainer is not None
    explanations = None if explainer is None else np.full(rows.shape, None, dtype=object)
    for part, is_silent in ((~silent, False), (silent, True)):
        numbers = np.flatnonzero(part)
        if not len(numbers):
            continue
        is_plain = request.distinct is None and not (request.diversity or OFF).active
        find = _find if is_plain else _reordered
        found = find(model, request, numbers, width, silent=is_silent, keep=keep)
        rows[numbers, :width], scores[numbers, :width] = found.rows, found.scores
        if explainer is not None and explanations is not None and request.seeds is not None:
            explanations[numbers, :width] = explainer.explain(
                request.seeds.select(numbers),
                found.rows,
                found.scores,
                found.stage,
                found.weights,
                found.features,
                found.reserved,
                None if request.disliked is None else request.disliked.lengths[numbers] > 0,
                near_items=request.by_likeness,
            )
    sources = np.array(SOURCES, dtype=object)[model.sources[np.maximum(rows, 0)]]
    sources[silent] = POPULARITY_SOURCE
    query_sources = request.query_sources
    if request.seeds is not None and request.seeds.names is not None:
        query_sources = said_by(request.seeds, silent)
    return Recommendations.from_rows(
        rows,
        scores,
        sources,
        request.query_ids,
        model.catalog,
        query_sources,
        explanations,
    )


def said_by(seeds: Playlists, silent: Mask) -> Objects:
    """What places each query: "items", "name", "items and name"; "popularity" for nothing.

    Args:
        seeds: The queries, which have names.
        silent: Which of them say nothing.
    """
    has_items = seeds.lengths > 0
    has_name = np.zeros(len(seeds), dtype=bool) if seeds.names is None else seeds.names != ""
    told: Objects = np.full(len(seeds), "items", dtype=object)
    told[has_name] = "items and name"
    told[~has_items] = "name"
    told[silent] = POPULARITY_SOURCE
    return told


def _find(
    model: Model, request: SearchRequest, numbers: Rows, width: int, *, silent: bool, keep: bool
) -> _Found:
    """The best `width` rows of some queries; the silent ones get the prior."""
    queries = take(request.queries, numbers)
    seeds = None if request.seeds is None else request.seeds.select(numbers)
    disliked = None if request.disliked is None else request.disliked.select(numbers)
    away = None if request.away is None else take(request.away, numbers)
    if away is not None:
        queries = away_from(queries, away)
    weights = request.weights
    source = model.candidates
    if request.rank and not silent and seeds is not None and source and model.ranking:
        ranked = rank_candidates(
            source, model.ranking.ranker_of(near_items=request.by_likeness),
            seeds, queries, width,
            exclude_seeds=request.exclude_seeds, allow=request.allow, block=request.block,
            new_groups=None if request.new is None else request.new.groups[numbers],
            by_likeness=request.by_likeness, keep_features=keep, disliked=disliked, away=away,
        )  # fmt: skip
        if request.by_taste:
            ranked = shared_among_tastes(
                ranked, source, model.ranking.ranker, seeds,
                exclude_seeds=request.exclude_seeds, allow=request.allow, block=request.block,
                disliked=disliked,
            )  # fmt: skip
        if not keep:
            return _Found(ranked.rows, ranked.scores, "ranking", weights)
        return _Found(
            ranked.rows, ranked.scores, "ranking", weights, ranked.features, ranked.reserved
        )
    if silent:
        weights = _silent_weights(weights, dislikes=disliked is not None and disliked.n_plays > 0)
    found = model.index.search(
        queries,
        width,
        weights,
        allow=request.allow,
        block=request.block,
        exclude=left_out_of(seeds if request.exclude_seeds else None, disliked),
    )
    return _Found(found.rows, found.scores, "popularity" if silent else "linear", weights)


def _silent_weights(weights: Mapping[str, float], *, dislikes: bool) -> Mapping[str, float]:
    """Block weights of queries that name nothing, at most what they dislike."""
    if dislikes:
        return {**weights, POPULARITY: max(weights[POPULARITY], _PRIOR)}
    return {POPULARITY: weights[POPULARITY] or 1.0}


def _reordered(
    model: Model, request: SearchRequest, numbers: Rows, width: int, *, silent: bool, keep: bool
) -> _Found:
    """The same, each song once and diversified, as far as that is asked.

    More and more rows of a query are looked at until its list is full without breaking the cap of
    its groups, or there are no more.
    """
    diversity = request.diversity or OFF
    diversifier = Diversifier(model.index, model.group_of, request.weights, diversity)
    rows = np.full((len(numbers), width), NO_ROW, np.int64)
    scores = np.full((len(numbers), width), NO_SCORE, np.float32)
    features: list[Floats] = [np.empty((0, 0), np.float32)] * len(numbers)
    reserved: list[Mask] = [np.empty(0, bool)] * len(numbers)
    enough = min(width, diversifier.most_within)
    todo = np.arange(len(numbers))
    pool = diversity.pool if diversity.active else width + _TWINS
    depth = min(max(width, pool), len(model.catalog))
    while True:
        found = _find(model, request, numbers[todo], depth, silent=silent, keep=keep)
        short = np.zeros(len(todo), dtype=bool)
        for place, number in enumerate(todo.tolist()):
            n_found = int((found.rows[place] != NO_ROW).sum())
            line, values = found.rows[place, :n_found], found.scores[place, :n_found]
            once = _once(model, request, int(numbers[number]), line)
            new = diversifier.order(line[once], values[once], width)
            order = once[new.order]
            rows[number, : len(order)] = line[order]
            scores[number, : len(order)] = values[order]
            if found.features is not None and found.reserved is not None:
                features[number] = found.features[place][order]
                reserved[number] = found.reserved[place][order]
            short[place] = new.n_within < enough and n_found == depth < len(model.catalog)
        todo, depth = todo[short], min(depth * _WIDER, len(model.catalog))
        if not len(todo):
            if found.features is None:
                return _Found(rows, scores, found.stage, found.weights)
            return _Found(rows, scores, found.stage, found.weights, features, reserved)


def _once(model: Model, request: SearchRequest, number: int, line: Rows) -> Rows:
    """The places of a list whose songs are none that is asked for or stands above."""
    if request.distinct is None:
        return np.arange(len(line))
    keys = model.songs.keys
    asked = [] if request.seeds is None else keys[request.seeds[number]].tolist()
    if request.disliked is not None:
        asked += keys[request.disliked[number]].tolist()
    if request.new is not None:
        found = model.songs.find([request.new.titles[number]], request.new.groups[[number]])
        asked.append(int(found[0]))
    # The first place of each of these, and of each that follows.
    given = np.concatenate([np.array(asked, np.int64), keys[line]])
    first = np.sort(np.unique(given, return_index=True)[1])
    return first[first >= len(asked)] - len(asked)


def check_k(k: Any) -> None:
    """Raise a ConfigError unless k is an integer from 1 to 10,000,000."""
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1:
        raise ConfigError(
            f"The 'k' parameter must be an integer of at least 1, got {quoted(k)} instead."
        )
    if k > _LARGEST_K:
        raise ConfigError(
            f"The 'k' parameter must be at most {_LARGEST_K:,}, got {quoted(k)} instead."
        )
