"""The data sets that golden answers are kept of: a generated world, and cuts of two real ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from hybrid_rec import Catalog, Playlists, read_tidy, read_yes, synthetic_radio


@dataclass(frozen=True, eq=False)
class World:
    """What is fitted, what is asked, and what an update brings."""

    catalog: Catalog
    training: Playlists
    asked: list[list[str]]
    new_playlists: list[list[str]]
    new_items: pd.DataFrame
    described: pd.DataFrame

    @property
    def removed(self) -> str:
        """An item that the update takes out, and that would else be recommended often."""
        return str(self.catalog.item_ids[int(self.training.play_counts.argmax())])


def generated(data: Path) -> World:
    """The demo's kind of world, smaller."""
    del data
    world = synthetic_radio(seed=3, n_items=600, n_playlists=700)
    return _world(world.catalog, world.playlists)


def yes_big(data: Path) -> World:
    """The first 700 playlists of the radio set that has tags, and some items without history."""
    playlists, catalog, _ = read_yes(data / "yes_big")
    return _cut(catalog, playlists, 700, 150)


def triplej(data: Path) -> World:
    """The first 500 programmes of one station, with their times."""
    playlists, catalog, _ = read_tidy(data / "triplej" / "plays.parquet")
    return _cut(catalog, playlists, 500, 100)


WORLDS: dict[str, Callable[[Path], World]] = {
    "generated": generated,
    "yes_big": yes_big,
    "triplej": triplej,
}


def _cut(catalog: Catalog, playlists: Playlists, n_playlists: int, n_cold: int) -> World:
    """The first playlists, their items, and some that stand in none of them."""
    part = playlists.select(np.arange(n_playlists))
    used = part.play_counts > 0
    cold = np.flatnonzero(~used)[:n_cold]
    used[cold] = True
    kept = np.flatnonzero(used)
    frame = catalog.to_frame().iloc[kept].reset_index(drop=True)
    small = Catalog.from_frame(frame)
    row_of = np.full(len(catalog), -1, np.int64)
    row_of[kept] = np.arange(len(kept))
    return _world(
        small,
        Playlists(part.offsets, row_of[part.rows], part.playlist_ids, len(small), part.times),
    )


def _world(catalog: Catalog, playlists: Playlists) -> World:
    """The last playlists are kept from the fit, to be asked and to be learned in an update."""
    n_kept = 30
    training = playlists.select(np.arange(len(playlists) - n_kept))
    rest = playlists.select(np.arange(len(playlists) - n_kept, len(playlists)))
    lists = rest.to_lists(catalog)
    cold = catalog.item_ids[np.flatnonzero(training.play_counts == 0)[:3]].tolist()
    known = training.select(np.array([0, 5])).to_lists(catalog)
    asked = [ids[: max(1, len(ids) // 2)] for ids in lists[:8]]
    asked += [[asked[0][0]], cold[:1], [*asked[1][:2], *cold[1:2]], [], *known]
    played = np.flatnonzero(training.play_counts > 0)
    artists, titles = catalog.artists[played], catalog.titles[played]
    new_items = pd.DataFrame(
        {
            "item_id": ["new-1", "new-2", "new-3"],
            "title": [f"{titles[3]} again", "An entirely new song", None],
            "artist": [artists[10], "Nobody Known", artists[20]],
        }
    )
    described = pd.DataFrame(
        {
            "title": [f"{titles[7]} again", "Midnight river song", titles[12], None],
            "artist": [artists[15], None, "Nobody Known", artists[30]],
        }
    )
    new_playlists = [[*ids, "new-1"] for ids in lists[8:14]] + [["new-1", "new-2", cold[0]]]
    return World(catalog, training, asked, new_playlists, new_items, described)
