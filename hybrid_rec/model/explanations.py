"""Explanations: what carried a recommendation, in parts that add up to its score."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Stage = Literal["linear", "ranking", "popularity"]

COOCCURRENCE_PART, TITLE_PART, ARTIST_PART = "cooccurrence", "title", "artist"
TAGS_PART, POPULARITY_PART = "tags", "popularity"
BASE_PART = "base"

PLACE_PART = "place"
_REASONS = 3
# The part that each feature of the ranker counts for.
_PARTS = {
    COOCCURRENCE_PART: (
        "cooccurrence", "cooccurrence_recent", "cooccurrence_best", "cooccurrence_times_plays",
    ),
    TITLE_PART: ("title",),
    TAGS_PART: ("tags",),
    ARTIST_PART: ("artist_match", "artist_share"),
    "artist neighbours": (
        "artist_votes", "artist_item_votes", "votes_for_artist", "artist_neighbours",
    ),
    "playlist neighbours": (
        "votes", "votes_few", "votes_wide", "votes_sharp", "votes_recent", "votes_by_factors",
        "votes_rank", "nearest_playlist",
    ),
    "item neighbours": (
        "neighbours", "neighbours_recent", "weights", "weights_recent", "weights_rank",
    ),
    "factors": ("factors", "factors_few", "factors_many", "factors_rank"),
    POPULARITY_PART: ("plays", "artist_plays", "artist_other_plays", "artist_size"),
    "history": ("source",),
    "query": ("n_seeds", "seed_artists", "seed_plays", "seed_cold"),
    "linear score": ("linear", "linear_rank"),
    "age": ("age_last", "age_mean", "age_first", "age_gap"),
}  # fmt: skip
PART_OF_FEATURE = {name: part for part, names in _PARTS.items() for name in names}
"""Part that a feature of the ranker is told under."""


@dataclass(frozen=True)
class Part:
    """One summand of a score."""

    name: str
    """In the linear stage a block: "cooccurrence", "title", "artist", "tags" or "popularity". In
    the ranking also "playlist neighbours", "item neighbours", "artist neighbours", "factors",
    "linear score", "age", "history" (the rung of the cold-start ladder), "query", "base", and for
    an item without history "place", by which it is lifted to the place that is kept for such."""
    value: float
    """What it adds; below 0 it speaks against the item."""
    seed: str | None = None
    """Id of the seed that brought it; None where it comes from no single seed."""


@dataclass(frozen=True)
class SeedSupport:
    """A seed that speaks for an item."""

    item_id: str
    """The seed."""
    playlists: int
    """Training playlists that hold both."""
    cosine: float
    """Of their co-occurrence vectors, in [-1, 1]."""


@dataclass(frozen=True)
class PlaylistSupport:
    """A training playlist that is like the query and holds the item."""

    playlist_id: str
    """The playlist."""
    cosine: float
    """Of its items and the seeds, weighted by inverse document frequency, in (0, 1]; see
    `PlaylistNeighbours`."""


@dataclass(frozen=True)
class TitleSupport:
    """The seed whose title is nearest to that of an item."""

    item_id: str
    """The seed."""
    cosine: float
    """Of the title vectors, in (0, 1]."""


@dataclass(frozen=True)
class Explanation:
    """Why one item was recommended.

    The parts add up to the score: `np.float32(math.fsum(part.value for part in e.parts))` is the
    score itself, for the largest part takes what float32 rounding left over. What follows them
    are witnesses, which are found for both stages in the same way.
    """

    item_id: str
    """The item."""
    score: float
    """Its score."""
    stage: Stage
    """What gave the score: the "linear" stage, the learned "ranking", or "popularity" for a query
    that said nothing."""
    parts: tuple[Part, ...]
    """Summands of the score, the largest in size first; those that are 0 are left out."""
    seeds: tuple[SeedSupport, ...]
    """Up to three seeds that share most playlists with it, or for want of any lie nearest."""
    playlists: tuple[PlaylistSupport, ...]
    """Up to three training playlists that hold it, the most like the query first."""
    artist: str | None
    """Its artist, if a seed has the same one."""
    title: TitleSupport | None
    """The seed with the most similar title; None if a title is missing or nothing is alike."""
    text: str
    """All of it in one line."""

    def sums(self) -> dict[str, float]:
        """What the parts of each name add together, the largest in size first."""
        values: dict[str, list[float]] = {}
        for part in self.parts:
            values.setdefault(part.name, []).append(part.value)
        sums = {name: math.fsum(parts) for name, parts in values.items()}
        return dict(sorted(sums.items(), key=lambda entry: -abs(entry[1])))

    def to_dict(self) -> dict[str, Any]:
        """Everything as dicts and lists that JSON can hold."""
        return dataclasses.asdict(self)


def ranking_parts(names: Sequence[str], values: NDArray[np.float64]) -> list[Part]:
    """The contributions of the features to one score, gathered by what they tell of.

    Args:
        names: Names of the features; one that is in no group is a part of its own.
        values: Their contributions and at the end the base value, `(n_features + 1,)`.
    """
    gathered: dict[str, list[float]] = {}
    for name, value in zip(names, values.tolist(), strict=False):
        gathered.setdefault(PART_OF_FEATURE.get(name, name), []).append(value)
    gathered[BASE_PART] = [float(values[-1])]
    return [Part(name, math.fsum(parts)) for name, parts in gathered.items()]


def exact_parts(parts: Sequence[Part], score: float) -> tuple[Part, ...]:
    """The parts that are not 0, largest first, which add up to the score to the last digit.

    Scores are float32 and parts float64, so they differ by rounding; the largest part takes it.
    """
    kept = sorted((part for part in parts if part.value), key=lambda part: -abs(part.value))
    if not kept:
        return ()
    rest = math.fsum([score, *(-part.value for part in kept)])
    return (dataclasses.replace(kept[0], value=kept[0].value + rest), *kept[1:])


def reasons(
    explanation: Explanation, titles: Mapping[str, str | None], artist: str | None, n_playlists: int
) -> str:
    """One line that says what speaks most for an item, strongest first.

    Args:
        explanation: All but its text.
        titles: Titles of the seeds by id.
        artist: Artist of the item.
        n_playlists: Training playlists that hold the item.
    """
    phrases = _phrases(explanation, titles, artist, n_playlists)
    told: list[str] = []
    for name, value in explanation.sums().items():
        phrase = phrases.get(name, "")
        if value > 0 and phrase and phrase not in told:
            told.append(phrase)
    return "; ".join(told[:_REASONS]) or "the best of what is left"


def _phrases(
    explanation: Explanation, titles: Mapping[str, str | None], artist: str | None, n_playlists: int
) -> dict[str, str]:
    """What each part says in words; empty where there is no witness to name."""

    def title(item_id: str) -> str:
        return titles[item_id] or f"item {item_id}"

    played = [
        f"{title(seed.item_id)} ({seed.playlists:,})"
        for seed in explanation.seeds
        if seed.playlists
    ]
    seeds = ""
    if played:
        seeds = f"shares playlists with {_listed(played)}"
    elif explanation.seeds:
        seeds = f"near {_listed([title(seed.item_id) for seed in explanation.seeds])}"
    playlists = [support.playlist_id for support in explanation.playlists]
    like = explanation.title
    # Of an item that nobody has played, the artist's plays may speak, which are no news of it.
    popular = f"popular (in {n_playlists:,} playlist{'' if n_playlists == 1 else 's'})"
    return {
        COOCCURRENCE_PART: seeds,
        "item neighbours": seeds,
        "linear score": seeds,
        "playlist neighbours": f"in similar playlists such as {playlists[0]}" if playlists else "",
        ARTIST_PART: f"same artist, {explanation.artist}" if explanation.artist else "",
        "artist neighbours": f"{artist} goes with the artists given" if artist else "",
        TITLE_PART: f"title like {title(like.item_id)}" if like else "",
        TAGS_PART: "same tags",
        "factors": "fits the items given taken together",
        POPULARITY_PART: popular if n_playlists else "",
        PLACE_PART: "at a place kept for what is new",
    }


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
