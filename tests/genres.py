"""A world of four genres whose texts are HTML, and what a model says of it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from hybrid_rec import Catalog, HybridRecommender, Playlists
from tests.hybrid_rec.conftest import QUICK

HOSTILE = (
    "</script><script>document.title='taken'</script><img src=x onerror=document.title='taken'>"
)
BLOCKS = ("cooccurrence", "title", "artist", "tags")
N = 240


def genres_model() -> HybridRecommender:
    """Songs of four genres, forty artists, playlists called by genre; some texts are HTML."""
    rng = np.random.default_rng(0)
    genre = np.arange(N) % 4
    names = np.array(["country", "metal", "jazz", "techno"])
    items = pd.DataFrame(
        {
            "item_id": [f"id-{number}" for number in range(N)],
            "title": [f"Song number {number}" for number in range(N)],
            "artist": [f"Artist {number % 40}" for number in range(N)],
            "tags": [[names[one], "radio"] for one in genre],
            "year": 1960 + np.arange(N) % 60,
        }
    )
    items.loc[7, "title"] = HOSTILE
    items.loc[8, "title"] = "Déjà Vu"
    items.loc[9, "title"] = None
    catalog = Catalog.from_frame(items)
    lists, called = [], []
    for number in range(400):
        one = number % 4
        # The last twelve songs have no plays.
        rows = rng.choice(np.flatnonzero(genre[: N - 12] == one), 12, replace=False)
        lists.append([f"id-{row}" for row in rows])
        called.append(f"<b>{names[one]}</b> drive" if number % 2 else names[one])
    return HybridRecommender(QUICK).fit(Playlists.from_lists(lists, catalog, names=called), catalog)


def near(model: HybridRecommender, item_id: str, block: str) -> list[str]:
    """The ten that `similar_items` finds by one block, but for those that are not alike at all."""
    found = model.similar_items([item_id], 10, weights=block)
    told = (found.scores[0] > 0) & (found.sources[0] != "popularity")
    ids: list[str] = found.item_ids[0][told].tolist()
    return ids
