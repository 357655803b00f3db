"""Challenge: the ten tasks of the RecSys Challenge 2018, on held-out playlists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from evaluation.splits.cases import counted, finished_split, given_plays, usable_playlists
from evaluation.splits.parts import OTHER_PART, check_part, cut_parts
from evaluation.splits.registry import register_split
from evaluation.splits.split import Part, Split
from hybrid_rec.core.arrays import Mask, Objects
from hybrid_rec.core.errors import ConfigError, DataError
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists

FEWEST_CASES = 20
"""A task that fewer held-out playlists are long enough for is left out."""


@dataclass(frozen=True)
class Task:
    """What one task gives of a playlist."""

    n_seeds: int
    """How many items."""
    named: bool = True
    """Whether the name is given."""
    random: bool = False
    """Whether the items are random ones, and not the first."""

    def __str__(self) -> str:
        items = f"{'random' if self.random else 'first'} {self.n_seeds}"
        if not self.n_seeds:
            return "name alone"
        return f"name and {items}" if self.named else items


TASKS = (
    Task(0), Task(1), Task(5), Task(5, named=False), Task(10), Task(10, named=False),
    Task(25), Task(25, random=True), Task(100), Task(100, random=True),
)  # fmt: skip
"""The tasks of the challenge, in its order."""
_N_NAMED = sum(task.named for task in TASKS)


@register_split
def challenge(
    playlists: Playlists,
    catalog: Catalog,
    rng: np.random.Generator,
    *,
    part: Part = "test",
    shares: tuple[float, float] = (0.1, 0.1),
    min_length: int = 2,
    n_cases: int = 1000,
) -> Split:
    """A name, some items or both are given, and the rest of a held-out playlist is wanted.

    Held-out playlists are those of `continuation`. Each is asked in every task that it is long
    enough for; `Split.kinds` says the task of a case. Without names, the two tasks without names
    are asked. `left_out` counts under "tasks" those that are not asked, for fewer than 20 playlists
    would have an item left to be found.

    Args:
        playlists: All playlists.
        catalog: Their items.
        rng: Draws the held-out playlists, and random seeds.
        part: Which held-out part the cases are of; the other is left out.
        shares: See `continuation`.
        min_length: Playlists with fewer different items are for training alone.
        n_cases: Cases of each task at most, at least 1.

    Raises:
        ConfigError: For shares or numbers out of range.
        DataError: If the playlists are of another catalogue, or no task has enough playlists.

    References:
        Chen et al., "RecSys Challenge 2018: Automatic Music Playlist Continuation", RecSys 2018.
    """
    check_part(part, shares)
    if n_cases < 1:
        raise ConfigError(f"n_cases must be at least 1, got {n_cases}.")
    usable = usable_playlists(playlists, catalog, min_length, "first")
    held = usable.playlists
    train, chosen, other = cut_parts(rng.permutation(usable.able), shares, part)
    asked = held.select(chosen)
    tasks = {
        task: able[:n_cases]
        for task in TASKS
        if len(able := np.flatnonzero(_able(asked, task))) >= FEWEST_CASES
    }
    if not tasks:
        raise DataError(
            f"challenge: some task must have at least {FEWEST_CASES} held-out playlists that are "
            f"long enough, but none of {len(asked)} has; give more or longer playlists."
        )
    seeds, targets = [], []
    for task, able in tasks.items():
        mine = asked.select(able)
        given = given_plays(mine, "random" if task.random else "first", task.n_seeds, rng)
        names = mine.names if task.named else None
        seeds.append(replace(mine.select_plays(given), names=names))
        targets.append(mine.select_plays(~given))
    kinds = np.repeat(np.array([str(task) for task in tasks], dtype=object), [*map(len, seeds)])
    origins = np.concatenate([part.playlist_ids for part in seeds])
    ids = kinds + ": " + origins
    idle = np.setdiff1d(np.arange(len(asked)), np.concatenate([*tasks.values()]))
    return finished_split(
        f"challenge ({len(tasks)} of {len(TASKS)} tasks), {part}",
        catalog,
        held.select(np.concatenate([train, usable.short])),
        _joined(seeds, ids),
        replace(_joined(targets, ids), names=None),
        {
            **usable.left_out,
            **counted(f"held out for {OTHER_PART[part]}", held.select(other)),
            **counted("that no task asks", asked.select(idle)),
            **{
                f"tasks ({task}) that too few playlists are long enough for": 1
                for task in TASKS
                if task not in tasks and (asked.names is not None or not task.named)
            },
            "tasks that need names": 0 if asked.names is not None else _N_NAMED,
        },
        origins=origins,
        kinds=kinds,
    )


def _joined(parts: Sequence[Playlists], ids: Objects) -> Playlists:
    """Playlists one behind the other, with other ids and without times."""
    names = [
        np.full(len(part), "", dtype=object) if part.names is None else part.names for part in parts
    ]
    whole = np.concatenate(names)
    joined = Playlists.from_rows(
        np.concatenate([part.lengths for part in parts]),
        np.concatenate([part.rows for part in parts]),
        parts[0].n_items,
        ids,
    )
    return replace(joined, names=whole if (whole != "").any() else None)


def _able(asked: Playlists, task: Task) -> Mask:
    """Which playlists have an item left to be found, and a name if it is given."""
    able: Mask = asked.lengths > task.n_seeds
    if task.named:
        able &= False if asked.names is None else np.asarray(asked.names != "", dtype=bool)
    return able
