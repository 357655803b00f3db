"""Explanations: what carried a recommendation, in parts that add up to its score."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from hybrid_rec.core.arrays import Doubles
from hybrid_rec.core.config import COOCCURRENCE, POPULARITY
from hybrid_rec.ranking.feature import NAME_PART

Stage = Literal["linear", "ranking", "popularity"]

BASE_PART, PLACE_PART, LIKENESS_PART, TASTE_PART = "base", "place", "likeness", "taste"
PLAYLIST_NEIGHBOURS, ITEM_NEIGHBOURS = "playlist neighbours", "item neighbours"
LINEAR_SCORE, FACTORS = "linear score", "factors"
_REASONS = 3


@dataclass(frozen=True)
class Part:
    """One summand of a score."""

    name: str
    """In the linear stage a block, such as "cooccurrence", "title" or "popularity". In the ranking
    also "name" (of the query), "playlist neighbours", "item neighbours", "artist neighbours" (of
    the groups, whatever they are called), "factors", "linear score", "age", "history" (where the
    item's place comes from), "query", "base", and for an item without history "place", by which it
    is lifted to a reserved place. For items near an item also "likeness", what likeness changed,
    and for a query of several tastes "taste", what their sharing of the first places changed."""
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
class BlockSupport:
    """The seed that is most like an item by one of the blocks that describe items."""

    item_id: str
    """The seed."""
    cosine: float
    """Of the rows of the block, in (0, 1]."""


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
    group: str | None
    """Its group, such as its artist, if a seed has the same one."""
    blocks: Mapping[str, BlockSupport]
    """For each block that describes items the seed that is most like it; none where nothing is
    known of the item, or nothing is alike."""
    names: tuple[str, ...]
    """Up to three names of training playlists that hold it, the most like the query's name first;
    none where that says nothing."""
    text: str
    """All of it in one line."""

    def sums(self) -> dict[str, float]:
        """What the parts of each name add together, the largest in size first."""
        values: dict[str, list[float]] = {}
        for part in self.parts:
            values.setdefault(part.name, []).append(part.value)
        sums = {name: math.fsum(parts) for name, parts in values.items()}
        return dict(sorted(sums.items(), key=lambda entry: -abs(entry[1])))

    @property
    def artist(self) -> str | None:
        """See `group`; artists are the groups unless the configuration says otherwise."""
        return self.group

    @property
    def title(self) -> BlockSupport | None:
        """The seed with the most similar title; None if a title is missing or nothing is alike."""
        return self.blocks.get("title")

    def to_dict(self) -> dict[str, Any]:
        """Everything as dicts and lists that JSON can hold."""
        title = None if self.title is None else dataclasses.asdict(self.title)
        return {**dataclasses.asdict(self), "artist": self.artist, "title": title}


def ranking_parts(parts: Sequence[str], values: Doubles) -> list[Part]:
    """The contributions of the features to one score, gathered by what they tell of.

    Args:
        parts: The part that each feature is told under.
        values: Their contributions and at the end the base value, `(n_features + 1,)`.
    """
    gathered: dict[str, list[float]] = {}
    for name, value in zip(parts, values.tolist(), strict=False):
        gathered.setdefault(name, []).append(value)
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


@dataclass(frozen=True)
class Names:
    """What things are called in a reason."""

    items: Mapping[str, str]
    """A name for each seed, by id."""
    group_block: str | None
    """The block of groups; None for none."""
    group: str | None
    """The group of the item."""
    phrases: Mapping[str, str]
    """For each block what its support says, by the name of the block."""
    n_playlists: int
    """Training playlists that hold the item."""
    is_popular: bool
    """Whether these are many."""


def reasons(explanation: Explanation, names: Names) -> str:
    """One line that says what speaks most for an item, strongest first.

    Args:
        explanation: All but its text.
        names: What things are called.
    """
    phrases = _phrases(explanation, names)
    told: list[str] = []
    for name, value in explanation.sums().items():
        phrase = phrases.get(name, "")
        if value > 0 and phrase and phrase not in told:
            told.append(phrase)
    return "; ".join(told[:_REASONS]) or "the best of what is left"


def _phrases(explanation: Explanation, names: Names) -> dict[str, str]:
    """What each part says in words; empty where there is nothing to name."""
    played = [
        f"{names.items[seed.item_id]} ({seed.playlists:,})"
        for seed in explanation.seeds
        if seed.playlists
    ]
    seeds = ""
    if played:
        seeds = f"shares playlists with {_listed(played)}"
    elif explanation.seeds and len(names.items) > 1:
        # Of a single seed this would say nothing: all that is recommended is near it.
        seeds = f"near {_listed([names.items[seed.item_id] for seed in explanation.seeds])}"
    playlists = [support.playlist_id for support in explanation.playlists]
    popular = f"popular (in {names.n_playlists:,} playlists)" if names.is_popular else ""
    group = names.group_block
    of_group: dict[str, str] = (
        {}
        if group is None
        else {
            group: f"same {group}, {explanation.group}" if explanation.group else "",
            f"{group} neighbours": f"{names.group} goes with the {group}s given"
            if names.group
            else "",
        }
    )
    return {
        **names.phrases,
        **of_group,
        COOCCURRENCE: seeds,
        ITEM_NEIGHBOURS: seeds,
        LINEAR_SCORE: seeds,
        PLAYLIST_NEIGHBOURS: f"in similar playlists such as {playlists[0]}" if playlists else "",
        FACTORS: "fits the items given taken together",
        NAME_PART: f"in playlists called {_listed(explanation.names)}" if explanation.names else "",
        POPULARITY: popular,
        LIKENESS_PART: "much like it",
        TASTE_PART: "at a place of one taste among several",
        PLACE_PART: "at a place kept for what is new",
    }


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
