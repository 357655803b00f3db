"""Cross-fitting: training cases from playlists that stage one has not seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace

import numpy as np

from hybrid_rec.core.arrays import Mask, Rows
from hybrid_rec.core.config import RankingConfig
from hybrid_rec.core.progress import Advance, silent
from hybrid_rec.data.playlist_growth import forgetting
from hybrid_rec.data.playlist_names import names_for
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.ranking.candidates import CandidateFeatures
from hybrid_rec.ranking.cases import Case
from hybrid_rec.ranking.named_cases import named_cases, names_of

# A playlist must leave two items to give and two to find.
_SHORTEST = 4
# With so many more held-out plays of cold items by time than at random, time is what matters.
_DRIFT = 0.1
NEGATIVES = 0.25
"""Share of the candidates without a hit that a case is trained on."""
_MOST_FOLDS = 2
# Items that are hidden, and those where so large a share of what is held out is new anyway.
_HIDDEN, _FEW_HIDDEN, _NEW_ANYWAY = 0.1, 0.05, 0.1


@dataclass(frozen=True, eq=False)
class Fold:
    """What one stage one is fitted on, and what it is asked."""

    train: Playlists
    """Playlists to fit on."""
    seeds: Playlists
    """What is asked."""
    targets: Playlists
    """What should be found; as many as `seeds`."""
    n_held: int = 0
    """Playlists that are held out whole. The first `2 * n_held` cases are theirs, two of each, the
    half and fewer items; then come those with few items or none beside a name, those of a single
    item, and those of training playlists."""
    is_latest: bool = False
    """Whether those are the latest playlists, not random ones."""
    at_any_time: bool = False
    """Whether those are random ones, where another fold has the latest."""


def make_folds(
    playlists: Playlists,
    config: RankingConfig,
    rng: np.random.Generator,
    shortest: int = _SHORTEST,
    most: int = _MOST_FOLDS,
) -> list[Fold]:
    """Folds whose cases look like the queries to come; none if there are too few playlists.

    A case gives the first half of a held-out playlist, or its first 1 to half items, and asks for
    the rest; see `named_cases` for those that have names. Some playlists give a single item of
    theirs, too. A share of the items is hidden from each fold, so that items without history are
    among the targets as they will be among the new ones. Some of the playlists that stay in
    training are asked for what is hidden of them.

    Where the latest playlists are held out, a second fold holds out random ones: what stands near
    an item, or goes with a playlist of years ago, is not what comes next.

    Args:
        playlists: Training playlists.
        config: Number and kind of the cases.
        rng: Draws everything.
        shortest: Different items of a playlist that may be held out, at least 2.
        most: Folds at most.
    """
    usable = np.flatnonzero(playlists.distinct().lengths >= shortest)
    if len(usable) < config.min_playlists:
        return []
    # More than are wanted would only cost time and memory, and playlists to train on.
    n_held = min(max(1, round(config.held_out * len(usable))), config.cases)
    n_folds = int(np.clip(np.ceil(config.cases / n_held), 1, most))
    if _by_time(playlists, usable, n_held, config, rng):
        latest = _fold(playlists, _latest(playlists, usable)[:n_held], config, rng)
        drawn = np.sort(rng.permutation(usable)[:n_held])
        # Asked for the order of new items the latest tell more.
        alone = config.model_copy(update={"known_share": 0.0})
        settled = _fold(playlists, drawn, alone, rng)
        return [replace(latest, is_latest=True), replace(settled, at_any_time=True)][:most]
    order = rng.permutation(usable)
    parts = [order[n * n_held : (n + 1) * n_held] for n in range(n_folds)]
    return [_fold(playlists, np.sort(part), config, rng) for part in parts if len(part)]


def cases_of(
    fold: Fold, source: CandidateFeatures, rng: np.random.Generator, advance: Advance = silent
) -> Iterator[Case]:
    """The fold's cases; those without a hit among the candidates are left out.

    Of a training playlist only items without history are candidates.

    Args:
        fold: What to ask.
        source: Where candidates come from, fitted on `fold.train`.
        rng: Draws the candidates without a hit that are kept.
        advance: Told after every query, whether it becomes a case or not.
    """
    wanted = np.zeros(fold.train.n_items, dtype=bool)
    queries = source.queries(fold.seeds)
    described = source.describe(fold.seeds, queries)
    for targets, found in zip(fold.targets, described, strict=True):
        wanted[targets] = True
        hits = wanted[found.rows]
        wanted[targets] = False
        case = Case(found.features, hits, found.is_cold, found.is_known, fold.at_any_time)
        if case.is_known:
            case = case.take(case.is_cold)
        advance(1)
        kept = case.hits | (rng.random(len(case.hits)) < NEGATIVES)
        if case.hits.any():
            yield case.take(kept)


def learning_fold(fold: Fold) -> Fold:
    """The fold's held-out playlists, one case of each, whose seeds may be learned before.

    Every other one gives its half, the rest the fewer items: of two cases of one playlist, what one
    of them gives would tell the other what to find.
    """
    numbers = np.arange(fold.n_held)
    chosen = 2 * numbers + numbers % 2
    return Fold(fold.train, fold.seeds.select(chosen), fold.targets.select(chosen), fold.n_held)


def _by_time(
    playlists: Playlists,
    usable: Rows,
    n_held: int,
    config: RankingConfig,
    rng: np.random.Generator,
) -> bool:
    """Whether the latest playlists are held out rather than random ones."""
    if config.holdout != "auto":
        return config.holdout == "latest"
    if playlists.times is None:
        # A look at their order draws nothing of what is drawn for the folds.
        rng = deepcopy(rng)
    latest = _cold_share(playlists, _latest(playlists, usable)[:n_held])
    return latest - _cold_share(playlists, rng.permutation(usable)[:n_held]) >= _DRIFT


def _latest(playlists: Playlists, usable: Rows) -> Rows:
    """The usable playlists, the one that began last first; without times the last one."""
    if playlists.times is None:
        return usable[::-1]
    began = playlists.times[playlists.offsets[usable]]
    return usable[np.argsort(began, kind="stable")[::-1]]


def _cold_share(playlists: Playlists, held: Rows) -> float:
    """Share of the plays of held-out playlists whose items no other playlist holds."""
    part = playlists.select(held)
    rest = playlists.play_counts - part.play_counts
    return float((rest[part.rows] == 0).mean())


def _fold(
    playlists: Playlists, held: Rows, config: RankingConfig, rng: np.random.Generator
) -> Fold:
    out = np.zeros(len(playlists), dtype=bool)
    out[held] = True
    rest = playlists.select(np.flatnonzero(~out))
    hidden = np.zeros(playlists.n_items, dtype=bool)
    played = np.flatnonzero(rest.play_counts)
    part = playlists.select(held)
    n_hidden = round(_hidden_share(config, rest, part) * len(played))
    hidden[rng.choice(played, n_hidden, replace=False)] = True
    lost = hidden[rest.rows]
    known = _known_cases(rest, lost, round(config.known_share * len(held)), rng)
    train = forgetting(rest, hidden)
    usual, others = [], []
    for rows, called in zip(part, names_of(part), strict=True):
        items = rows[np.sort(np.unique(rows, return_index=True)[1])]
        half = len(items) // 2
        sizes = (half, int(rng.integers(1, half + 1)))
        asked = [(items[:n], items[n:], name) for n, name in named_cases(called, half, sizes, rng)]
        usual += asked[: len(sizes)]
        others += asked[len(sizes) :]
    # Drawn apart, so that they do not change what else is drawn.
    singles = _single_cases(part, train.play_counts == 0, config.single_share, rng.spawn(1)[0])
    others += [(item, missing, "") for item, missing in singles]
    others += [(np.unique(train[number]), missing, "") for number, missing in known]
    fitted = train.select(np.flatnonzero(train.lengths > 0))
    given, wanted, names = zip(*usual, *others, strict=True)
    seeds = _joined(given, playlists.n_items, names)
    targets = _joined(wanted, playlists.n_items)
    return Fold(fitted, seeds, targets, len(held))


def _hidden_share(config: RankingConfig, rest: Playlists, held: Playlists) -> float:
    """Share of the items that are hidden from the training playlists of a fold."""
    if config.hidden_share is not None:
        return config.hidden_share
    new = float((rest.play_counts[held.rows] == 0).mean())
    return _FEW_HIDDEN if new >= _NEW_ANYWAY else _HIDDEN


def _known_cases(
    rest: Playlists, lost: Mask, n_cases: int, rng: np.random.Generator
) -> list[tuple[int, Rows]]:
    """Training playlists and what is hidden of them, marked in `lost`."""
    owners = rest.owners
    able = np.flatnonzero(
        (np.bincount(owners[lost], minlength=len(rest)) > 0)
        & (np.bincount(owners[~lost], minlength=len(rest)) >= _SHORTEST)
    )
    chosen = np.sort(rng.permutation(able)[:n_cases]).tolist()
    hidden = rest.select_plays(lost)
    return [(number, np.unique(hidden[number])) for number in chosen]


def _single_cases(
    held: Playlists, cold: Mask, share: float, rng: np.random.Generator
) -> list[tuple[Rows, Rows]]:
    """One item of a held-out playlist, and its others: what a single item is asked.

    A share of the playlists gives an item with history, and such a share of those that have one an
    item without.

    Args:
        held: Held-out playlists.
        cold: Which items have no history, `(n_items,)`.
        share: Which share.
        rng: Draws playlists and items.
    """
    cases = []
    for rows in held:
        items = np.unique(rows)
        for able in (items[~cold[items]], items[cold[items]]):
            is_drawn = rng.random() < share
            if is_drawn and len(able) and len(items) > 1:
                item = rng.choice(able, 1)
                cases.append((item, np.setdiff1d(items, item)))
    return cases


def _joined(lists: Sequence[Rows], n_items: int, names: Sequence[str] | None = None) -> Playlists:
    rows = np.concatenate(lists) if lists else np.empty(0, np.int64)
    lengths = [len(part) for part in lists]
    return Playlists.from_rows(lengths, rows, n_items, names=names_for(names, len(lists)))


def fit_cases(
    folds: list[Fold],
    source_of: Callable[[int], CandidateFeatures],
    rng: np.random.Generator,
    advance: Advance,
) -> list[Case]:
    """The cases of all folds, one fold's stage one at a time in memory.

    Args:
        folds: What to ask.
        source_of: Makes what the candidates of a fold come from.
        rng: Draws candidates.
        advance: Told after every query of every fold.
    """
    cases: list[Case] = []
    for number, fold in enumerate(folds):
        cases.extend(cases_of(fold, source_of(number), rng, advance))
    return cases
