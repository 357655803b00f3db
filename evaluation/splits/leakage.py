"""The leakage linter: what would make the numbers of a split too good to be true."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from evaluation.splits.near_copies import NEAR_COPY
from evaluation.splits.split import Split

Level = Literal["ok", "note", "warning", "unchecked"]

_MANY_COPIES = 0.05


@dataclass(frozen=True)
class Finding:
    """One check of the linter and what it found."""

    check: str
    """What was looked for."""
    level: Level
    """"ok", "note" (worth knowing), "warning" (numbers are not to be trusted) or "unchecked"."""
    text: str
    """What was found, in a sentence."""


def lint_split(split: Split) -> list[Finding]:
    """Findings about a split, before anything is fitted."""
    return [_near_copies(split), _targets_among_seeds(split), _time(split), _cold_targets(split)]


def lint_recommenders(split: Split, recommenders: Mapping[str, Any]) -> list[Finding]:
    """Findings about fitted recommenders: whether they counted training plays and nothing else.

    Args:
        split: What they were fitted on.
        recommenders: By name. Checked are those with an attribute `play_counts`, `(n_items,)`,
            or a fitted `model_` that holds its playlists.
    """
    return [_popularity(split, name, recommender) for name, recommender in recommenders.items()]


def _near_copies(split: Split) -> Finding:
    check = "near-copies of test playlists in training"
    if split.task == "new item":
        return Finding(check, "unchecked", "Cases are items, not playlists.")
    copies = int(split.near_copies.sum())
    share = copies / len(split)
    text = (
        f"{copies:,} of {len(split):,} cases ({share:.1%}) share at least {NEAR_COPY:.0%} of their "
        "items with one training playlist (Jaccard)."
    )
    if 0 < copies < len(split):
        text += " The first numbers are without them."
    level: Level = "ok" if not copies else "warning" if share > _MANY_COPIES else "note"
    return Finding(check, level, text)


def _targets_among_seeds(split: Split) -> Finding:
    n = split.targets.n_items
    among = np.isin(
        split.targets.owners * n + split.targets.rows, split.seeds.owners * n + split.seeds.rows
    )
    text = f"{int(among.sum()):,} of {split.targets.n_plays:,} targets stand among their own seeds."
    return Finding("targets among seeds", "warning" if among.any() else "ok", text)


def _time(split: Split) -> Finding:
    check = "training on the future of the test"
    if split.train.times is None or split.targets.times is None or split.seeds.times is None:
        return Finding(check, "unchecked", "The playlists have no times.")
    begin = min(split.seeds.times.min(), split.targets.times.min())
    late = int((split.train.times > begin).sum())
    text = (
        f"{late:,} of {split.train.n_plays:,} training plays happened after {begin}, when the "
        "first case begins."
    )
    return Finding(check, "note" if late else "ok", text)


def _popularity(split: Split, name: str, recommender: Any) -> Finding:
    check = f"popularity of {name}"
    counts = getattr(recommender, "play_counts", None)
    if counts is None:
        model = getattr(recommender, "model_", None)
        counts = getattr(getattr(model, "playlists", None), "play_counts", None)
    if counts is None:
        return Finding(check, "unchecked", "It does not tell which plays it has counted.")
    same = np.array_equal(np.asarray(counts), split.train.play_counts)
    text = (
        "It has counted the training plays and no others."
        if same
        else f"It has counted {int(np.sum(counts)):,} plays, but training has "
        f"{split.train.n_plays:,}: test data may have been counted."
    )
    return Finding(check, "ok" if same else "warning", text)


def _cold_targets(split: Split) -> Finding:
    cold = int(split.cold[split.targets.rows].sum())
    share = cold / split.targets.n_plays
    text = (
        f"{cold:,} of {split.targets.n_plays:,} targets ({share:.1%}) have no history; no method "
        "that looks at plays alone can find them."
    )
    return Finding("cold targets", "note" if cold else "ok", text)
