"""Split: what a recommender may learn from, what it is asked, and what it should have said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from evaluation.splits.near_copies import near_copies
from hybrid_rec.core.arrays import Mask, Objects
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists

Part = Literal["validation", "test"]
Repeats = Literal["first", "keep"]
SeedRule = Literal["half", "first", "random"]
Task = Literal["playlist", "item", "new item"]
"""What a case asks: `recommend`, `similar_items` or `recommend_for_new_items`."""


@dataclass(frozen=True, eq=False)
class Split:
    """Training playlists, and cases of seeds and targets.

    Case `i` is `seeds[i]` and `targets[i]`. Every target set is non-empty, holds each item once
    and none of the case's seeds. `train` may be empty where the shares leave nothing for it.
    """

    name: str
    """A description for readers."""
    catalog: Catalog
    """All candidates."""
    train: Playlists
    """What a recommender may learn from."""
    seeds: Playlists
    """What it is asked."""
    targets: Playlists
    """What it should recommend."""
    left_out: Mapping[str, int]
    """Reason -> count. Each playlist of the input is in `train`, a case, or under one reason that
    starts with "playlists"; each play in `train`, `seeds`, `targets`, or under one reason that
    starts with "plays"."""
    task: Task = "playlist"
    """What is asked of a recommender."""
    new_items: pd.DataFrame | None = None
    """What describes the item of each case, where new items are asked for; seeds are empty then."""
    origins: Objects | None = None
    """The id of the playlist that each case was made of, `(n_cases,)`, where one playlist makes
    several cases; by default the ids of the targets."""
    kinds: Objects | None = None
    """The kind of each case, `(n_cases,)` strings, where a split asks several, such as the tasks
    of `challenge`."""

    def __len__(self) -> int:
        return len(self.seeds)

    @property
    def cold(self) -> Mask:
        """Which items of the catalogue have no history in `train`, `(n_items,)` bool."""
        cold: Mask = self.train.play_counts == 0
        return cold

    @property
    def playlists_of_cases(self) -> Objects:
        """The id of the playlist that each case was made of, `(n_cases,)` strings."""
        return self.targets.playlist_ids if self.origins is None else self.origins

    @cached_property
    def near_copies(self) -> Mask:
        """Which cases stand in training almost whole, `(n_cases,)` bool; see `near_copies`."""
        if self.task == "new item":
            return np.zeros(len(self), dtype=bool)
        return near_copies(self.train, self.seeds, self.targets, self.playlists_of_cases)

    def without_near_copies(self) -> Split:
        """The same without the cases that are near-copies of training playlists.

        It is itself where there are none, and where there is nothing else.
        """
        copies = self.near_copies
        return self if not copies.any() or copies.all() else self.select(~copies)

    def select(self, chosen: Mask) -> Split:
        """The same split with the cases where a mask is true alone."""
        return replace(
            self,
            seeds=self.seeds.select(chosen),
            targets=self.targets.select(chosen),
            new_items=None if self.new_items is None else self.new_items[chosen],
            origins=None if self.origins is None else self.origins[chosen],
            kinds=None if self.kinds is None else self.kinds[chosen],
        )

    def counts(self) -> dict[str, int]:
        """Playlists, plays and items of each part, cold targets, and everything left out."""
        return {
            "items": len(self.catalog),
            "cold items": int(self.cold.sum()),
            "training playlists": len(self.train),
            "training plays": self.train.n_plays,
            "cases": len(self),
            "seeds": self.seeds.n_plays,
            "targets": self.targets.n_plays,
            "cold targets": int(self.cold[self.targets.rows].sum()),
            **{f"left out: {why}": count for why, count in self.left_out.items()},
        }
