"""Block agreement: are items that are alike by one block alike by another, and played together?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from evaluation.rank_correlation import Correlation, chance_above, spearman
from evaluation.report.density import density_chart
from evaluation.report.section import Section
from evaluation.splits.split import Split
from evaluation.studies.pairs import Pairs, draw_pairs
from evaluation.studies.registry import Studied, register_study
from hybrid_rec.blocks.cold_start import HYBRID
from hybrid_rec.core.arrays import Doubles
from hybrid_rec.core.config import COOCCURRENCE
from hybrid_rec.core.errors import ConfigError, DataError
from hybrid_rec.core.linalg import unit_sparse_rows
from hybrid_rec.model.fitted import Model
from hybrid_rec.recommender import HybridRecommender

N_PAIRS = 10_000
TOGETHER = "played together"
# With fewer pairs the normal interval means nothing.
_FEWEST = 30
# A correlation below this is there, but hardly seen.
_LITTLE = 0.1


@register_study("block-agreement", "Do blocks agree?", n_fits=0)
def _of_hybrid(studied: Studied) -> Section:
    return block_agreement(studied.hybrid, studied.split, np.random.default_rng(studied.seed))


def block_agreement(
    recommender: HybridRecommender,
    split: Split,
    rng: np.random.Generator,
    n_pairs: int = N_PAIRS,
) -> Section:
    """Whether items that are close by one block are close by others, and played together.

    Half of the pairs are drawn from training playlists, half are the same items put together at
    random. The distance of two items by a block is 1 minus the cosine of their rows. A pair counts
    where both items are known to what is compared; to the block of co-occurrence these are items
    with a history of their own.

    Args:
        recommender: A fitted one.
        split: What it was fitted on.
        rng: Draws the pairs.
        n_pairs: Pairs of each of the two kinds.

    Returns:
        One row for each block and "played together", and for each two blocks: block, against,
        pairs, spearman (of closeness and the number of playlists with both items, or of the two
        distances, so that they agree where it is above 0), low and high (its 95 % interval,
        clustered by items) and answer. Sentences say the same, and each has a picture of where the
        pairs lie.

    Raises:
        ConfigError: If n_pairs is below 1.
        DataError: If no playlist holds two items, or nothing can be compared.
        NotFittedError: If the recommender is not fitted.
    """
    if n_pairs < 1:
        raise ConfigError(f"n_pairs must be at least 1, got {n_pairs}.")
    pairs = draw_pairs(split.train, n_pairs, rng)
    distances = _distances(recommender.model_, pairs)
    found = [
        *(_with_plays(name, distance, pairs) for name, distance in distances.items()),
        *(_of_two(one, other, distances, pairs) for one, other in combinations(distances, 2)),
    ]
    told = [one for one in found if one is not None]
    if not told:
        raise DataError(
            f"block agreement must have {_FEWEST} pairs of items that are known to a block and not "
            "all equally far apart; take more playlists, or a block that knows more items."
        )
    return Section(
        pd.DataFrame([one.row for one in told]),
        tuple(one.sentence for one in told),
        {one.caption: one.chart for one in told},
    )


@dataclass(frozen=True)
class _Agreement:
    """What one comparison found."""

    row: Mapping[str, Any]
    sentence: str
    caption: str
    chart: str


def _distances(model: Model, pairs: Pairs) -> dict[str, Doubles]:
    """1 minus the cosine of each pair by each block; nan where an item is not known to it."""
    index, sides = model.index, np.ascontiguousarray(pairs.ends.T)
    dense = [index.blocks(side) for side in sides]
    found = {}
    for name in (*model.blocks.names, COOCCURRENCE):
        rows = (
            [index.one_hot[name][side] for side in sides]
            if name in index.one_hot
            else [sparse.csr_array(part[name]) for part in dense]
        )
        first, second = (unit_sparse_rows(part) for part in rows)
        cosines = np.asarray(first.multiply(second).sum(axis=1), dtype=np.float64).ravel()
        known = (np.diff(first.indptr) > 0) & (np.diff(second.indptr) > 0)
        if name == COOCCURRENCE:
            # What was placed by its other blocks agrees with them by that alone.
            known &= (model.sources[pairs.ends] == HYBRID).all(axis=1)
        found[name] = np.where(known, 1 - cosines, np.nan)
    return found


def _with_plays(name: str, distance: Doubles, pairs: Pairs) -> _Agreement | None:
    known = ~np.isnan(distance)
    distance, playlists = distance[known], pairs.playlists[known]
    found = _measured(-distance, playlists, pairs.ends[known])
    if found is None:
        return None
    answer = _answer(found, "no more alike", "a little more alike", "more alike", "less alike")
    sentence = f"Items that are {TOGETHER} are {answer} by {name} than others"
    together = pairs.drawn_together[known].astype(np.float64)
    if found.low > 0 and 0 < together.sum() < len(together):
        closer = round(100 * chance_above(-distance, together))
        # Of few labels nearly all pairs are equally far apart.
        if closer > 50:
            sentence += (
                f": a pair from one playlist is closer than a pair at random {closer} times in 100"
            )
    title = f"{name}, and how often items are {TOGETHER}"
    labels = (f"distance by {name}", "playlists with both")
    chart = density_chart(title, distance, playlists, labels, counts=True, salt=f"plays {name}")
    return _told((name, TOGETHER), found, len(distance), answer, sentence, title, chart)


def _of_two(
    one: str, other: str, distances: Mapping[str, Doubles], pairs: Pairs
) -> _Agreement | None:
    known = ~np.isnan(distances[one]) & ~np.isnan(distances[other])
    first, second = distances[one][known], distances[other][known]
    found = _measured(first, second, pairs.ends[known])
    if found is None:
        return None
    answer = _answer(found, "do not agree", "agree a little", "agree", "contradict each other")
    title = f"{one} and {other}"
    labels = (f"distance by {one}", f"distance by {other}")
    chart = density_chart(title, first, second, labels, salt=f"{one} {other}")
    return _told((one, other), found, len(first), answer, f"{title} {answer}", title, chart)


def _measured(x: Doubles, y: Doubles, ends: Any) -> Correlation | None:
    if len(x) < _FEWEST:
        return None
    found = spearman(x, y, ends)
    return None if np.isnan(found.rho) else found


def _answer(found: Correlation, none: str, little: str, clear: str, contrary: str) -> str:
    """Words for a correlation; `none` where its interval holds 0."""
    if found.low <= 0 <= found.high:
        return none
    if found.rho < 0:
        return contrary
    return clear if found.rho >= _LITTLE else little


def _told(
    compared: tuple[str, str],
    found: Correlation,
    n_pairs: int,
    answer: str,
    sentence: str,
    title: str,
    chart: str,
) -> _Agreement:
    row = {
        "block": compared[0], "against": compared[1], "pairs": n_pairs, "spearman": found.rho,
        "low": found.low, "high": found.high, "answer": answer,
    }  # fmt: skip
    numbers = f"Spearman {found.rho:+.2f}, {found.low:+.2f} to {found.high:+.2f}"
    numbers = numbers.replace("-", "\u2212")
    return _Agreement(row, f"{sentence} ({numbers}).", title, chart)
