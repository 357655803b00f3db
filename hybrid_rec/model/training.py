"""The part of a fit that takes longest: vectors of all playlists, and of the folds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from hybrid_rec.blocks.cooccurrence import fit_cooccurrence
from hybrid_rec.blocks.training_length import epochs_of
from hybrid_rec.core.arrays import Floats
from hybrid_rec.core.config import HybridConfig
from hybrid_rec.core.progress import Advance, Progress, Within
from hybrid_rec.core.threads import in_turn, two_at_a_time
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.model.held_out import HeldOut, folds_to_check, measure_held_out
from hybrid_rec.ranking.cross_fitting import Fold, make_folds

# What is drawn for the ranking does not change what is drawn for anything else.
_RANKING_STREAM = 1
_CHECK_STREAM = 3


@dataclass(frozen=True, eq=False)
class Learned:
    """What Word2Vec learned: the part of a fit that takes longest."""

    own: Floats
    """Co-occurrence vectors of the items, `(n_items, dim)`; zero rows for items without one."""
    folds: list[Fold]
    """Folds that the ranking learns from; none where there is no ranking."""
    of_folds: list[Floats]
    """The vectors that each fold's playlists give."""
    rng: np.random.Generator
    """Draws what the ranking needs beyond the folds."""
    held_out: HeldOut | None = None
    """How well such vectors complete playlists that they were not learned from, if measured."""


def learn_vectors(
    playlists: Playlists,
    config: HybridConfig,
    progress: Progress,
    check: bool = False,
    given: Floats | None = None,
) -> Learned:
    """What Word2Vec learns from the playlists, and from each fold that the ranking needs.

    Only `cooccurrence`, `ranking` and `seed` of the configuration matter.

    Args:
        playlists: What is learned from.
        config: Its settings.
        progress: Told of the training.
        check: Whether to learn vectors of folds only to tell how well they complete playlists,
            where the ranking needs none.
        given: Vectors of all playlists that were made elsewhere; None to learn them.
    """
    rng = np.random.default_rng([config.seed, _RANKING_STREAM])
    folds = make_folds(playlists, config.ranking, rng) if config.ranking.enabled else []
    asked = folds
    if check and not folds and given is None:
        asked = folds_to_check(playlists, np.random.default_rng([config.seed, _CHECK_STREAM]))
    parts = [fold.train for fold in asked]
    if given is None:
        own, *others = _vectors([playlists, *parts], config, progress)
    else:
        # Vectors that have seen what a fold asks for would be trusted too much by the ranking.
        own, others = given, _vectors(parts, config, progress) if parts else []
    return Learned(own, folds, others if folds else [], rng, measure_held_out(asked, others))


def _vectors(parts: Sequence[Playlists], config: HybridConfig, progress: Progress) -> list[Floats]:
    """Co-occurrence vectors of each, and one bar for all.

    Each is trained on one thread, so as to be reproducible, but two at a time.
    """
    n_epochs = sum(epochs_of(config.cooccurrence, part.play_counts) for part in parts)
    with progress.stage("co-occurrence, epochs", n_epochs) as advance:
        return _trained(parts, config, advance)


def _trained(parts: Sequence[Playlists], config: HybridConfig, advance: Advance) -> list[Floats]:
    progress = Within(in_turn(advance))
    return two_at_a_time(
        [
            partial(fit_cooccurrence, part, config.cooccurrence, config.seed, progress)
            for part in parts
        ]
    )
