"""Learning from the queries themselves before they are answered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hybrid_rec.core.progress import Progress
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.model.changes import Changes
from hybrid_rec.model.fitted import Model
from hybrid_rec.model.update import update_model
from hybrid_rec.ranking.learned_queries import with_queries
from hybrid_rec.ranking.ranker import Ranker


def learned_model(model: Model, queries: Playlists, progress: Progress) -> Model:
    """The model after it has learned from what it is going to be asked.

    The one given stays as it is. In what order the queries come changes nothing, and those that
    the model was fitted on are not learned again.

    Args:
        model: What will be asked.
        queries: What it will be asked, of its catalogue.
        progress: Told of every stage.
    """
    changes = changes_by_queries(model, queries)
    if not len(changes.touched):
        return model
    first = len(model.playlists) if model.learned_from is None else model.learned_from
    learned = update_model(model, changes, progress)
    ranking = learned.ranking
    if ranking is not None and ranking.learned is not None:
        usual = ranking.ranker
        ranker = Ranker(usual.names, ranking.learned, usual.new, usual.new_share, usual.of_names)
        ranking = replace(ranking, ranker=ranker)
    return replace(learned, ranking=ranking, learned_from=first)


def changes_by_queries(model: Model, queries: Playlists) -> Changes:
    """The queries as new playlists of the model.

    Args:
        model: What will be asked.
        queries: What it will be asked, of its catalogue.
    """
    before = model.playlists
    joined = with_queries(before, queries)
    return Changes(
        model.catalog,
        joined,
        np.arange(len(before), len(joined)),
        joined.play_counts - before.play_counts,
        model.removed,
    )
