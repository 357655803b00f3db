"""A query of several tastes gets answers to each of them among its first ten."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

import numpy as np

from hybrid_rec.core.arrays import Rows
from hybrid_rec.core.config import COOCCURRENCE
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.ranking.candidates import CandidateFeatures
from hybrid_rec.ranking.ranked import Ranked, rank_candidates
from hybrid_rec.ranking.ranker import Ranker
from hybrid_rec.ranking.tastes import tastes_of
from indexes.base import NO_ROW

SHARED = 10
"""Places from the top that the tastes of a query share."""


def shared_among_tastes(
    ranked: Ranked,
    source: CandidateFeatures,
    ranker: Ranker,
    playlists: Playlists,
    *,
    exclude_seeds: bool,
    allow: Rows | None,
    block: Rows | None,
    disliked: Playlists | None = None,
) -> Ranked:
    """The same lists, but those of several tastes begin with the best of each of them.

    Each taste is asked alone, and the first ten places are dealt out by how many seeds it has.
    Behind them stands what is left, in its old order. The scores stay at their places: a list is
    sorted by them, and a shorter list is the beginning of a longer one.

    A model that has learned from the queries is left alone: to it, what stands in one query
    belongs together.

    Args:
        ranked: What `rank_candidates` gave for the other arguments.
        source: See `rank_candidates`.
        ranker: See there.
        playlists: What is asked.
        exclude_seeds: Whether a seed of the query may not come back.
        allow: Rows of the only items that may come back; None for all.
        block: Rows that may not come back.
        disliked: What each query dislikes. One that dislikes anything is left alone: it says itself
            what it does not want more of. None where none does.
    """
    if source.learned_from is not None:
        return ranked
    found = {
        number: seeds_by_taste(source, seeds)
        for number, seeds in enumerate(playlists)
        if disliked is None or not disliked.lengths[number]
    }
    split = {number: tastes for number, tastes in found.items() if len(tastes) > 1}
    if not split:
        return ranked
    parts = _alone(playlists, split)
    # Seeds of the other tastes may be among the answers to one.
    most = max(sum(map(len, tastes)) for tastes in split.values())
    alone = rank_candidates(
        source, ranker, parts, source.queries(parts), SHARED + most,
        exclude_seeds=exclude_seeds, allow=allow, block=block, keep_features=bool(ranked.features),
    )  # fmt: skip
    rows, features, reserved = ranked.rows.copy(), [*ranked.features], [*ranked.reserved]
    first = 0
    for number, tastes in split.items():
        own = range(first, first + len(tastes))
        first += len(tastes)
        known = {NO_ROW, *(playlists[number].tolist() if exclude_seeds else ())}
        dealt = list(dealt_out([alone.rows[part].tolist() for part in own], tastes, known))
        old = ranked.rows[number][ranked.rows[number] != NO_ROW].tolist()
        order = list(dict.fromkeys([*(row for row, _ in dealt), *old]))[: len(old)]
        rows[number, : len(old)] = order
        if ranked.features:
            told = dict(zip(old, ranked.features[number], strict=True))
            for row, taste in dealt:
                place = int(np.flatnonzero(alone.rows[own[taste]] == row)[0])
                told[row] = alone.features[own[taste]][place]
            features[number] = np.stack([told[row] for row in order])
            # Whatever place they have, it is not one that is kept for new items.
            reserved[number] = np.zeros(len(order), dtype=bool)
    return Ranked(rows, ranked.scores, features, reserved)


def seeds_by_taste(source: CandidateFeatures, seeds: Rows) -> list[Rows]:
    """The different seeds of a query by taste, see `tastes_of`.

    Args:
        source: Where their vectors and plays are.
        seeds: Rows in play order.
    """
    distinct = seeds[np.sort(np.unique(seeds, return_index=True)[1])]
    if len(distinct) < 2:
        return [distinct]
    vectors = source.index.blocks(distinct)[COOCCURRENCE]
    is_known = source.statistics.plays[distinct] > 0
    return [distinct[taste] for taste in tastes_of(vectors, is_known, source.least_likeness)]


def dealt_out(
    lists: Sequence[Sequence[int]], tastes: Sequence[Rows], known: set[int]
) -> Iterator[tuple[int, int]]:
    """Rows for the shared places from the top, and the taste that each is an answer to.

    A place goes to the taste with the most seeds for each place that it would then have, to the
    first of equals, as long as its list goes on.

    Args:
        lists: The best rows of each taste, best first.
        tastes: The seeds of each.
        known: Rows that are no answers.

    References:
        D'Hondt, "Système pratique et raisonné de représentation proportionnelle", 1882.
    """
    taken = set(known)
    ahead = [iter(rows) for rows in lists]
    places = [0] * len(lists)
    able = set(range(len(lists)))
    while able and sum(places) < SHARED:
        taste = min(able, key=lambda one: (-len(tastes[one]) / (places[one] + 1), one))
        row = next((row for row in ahead[taste] if row not in taken), None)
        if row is None:
            able.remove(taste)
            continue
        taken.add(row)
        places[taste] += 1
        yield row, taste


def _alone(playlists: Playlists, split: Mapping[int, Sequence[Rows]]) -> Playlists:
    """Each taste of some queries as a query of its own, with the name of the whole."""
    numbers = [number for number, tastes in split.items() for _ in tastes]
    kept = [
        playlists[number][np.isin(playlists[number], taste)]
        for number, taste in zip(numbers, chain(*split.values()), strict=True)
    ]
    names = None if playlists.names is None else playlists.names[numbers]
    lengths = [len(rows) for rows in kept]
    return Playlists.from_rows(lengths, np.concatenate(kept), playlists.n_items, names=names)
