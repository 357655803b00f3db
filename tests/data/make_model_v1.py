"""How `model_v1` and its answers were made, by the code that wrote format 1."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from hybrid_rec import Catalog, HybridConfig, HybridRecommender, Playlists, synthetic_radio
from tests.golden.answers import ask
from tests.golden.worlds import World

HERE = Path(__file__).resolve().parent


def world() -> World:
    """Eighty songs with tags, a hundred and fifty playlists, and what is asked of them."""
    made = synthetic_radio(seed=5, n_items=80, n_playlists=150, n_genres=4)
    frame = made.catalog.to_frame()
    frame["tags"] = [[f"t{row % 5}", f"u{row % 3}"] if row % 7 else [] for row in range(len(frame))]
    catalog = Catalog.from_frame(frame)
    lists = made.playlists.to_lists(catalog)
    cold = catalog.item_ids[made.playlists.play_counts == 0].tolist()
    described = pd.DataFrame(
        {
            "title": [f"{catalog.titles[3]} again", None],
            "artist": [catalog.artists[8], None],
            "tags": [["t1"], ["t2", "u1"]],
        }
    )
    new_items = pd.DataFrame(
        {"item_id": ["new"], "title": ["Another song"], "artist": ["Nobody"], "tags": [["t4"]]}
    )
    asked = [lists[0][:4], lists[1][:2], cold[:1], [], [cold[1], lists[2][0]], lists[3]]
    training = Playlists.from_lists(lists, catalog)
    return World(catalog, training, asked, [[*lists[4], "new"]], new_items, described)


def main() -> None:
    """Fit, save, ask."""
    # The names are those of the version that wrote it.
    config = HybridConfig(
        titles={"encoder": "tfidf", "tfidf_size": 8},
        cooccurrence={"vector_size": 8, "epochs": 10},
        ranking={
            "cases": 60,
            "trees": 10,
            "candidates": 30,
            "min_leaf": 20,
            "evidence": {
                "item_neighbours": 10,
                "artist_neighbours": 5,
                "factors": {"size": 8},
                "factors_few": {"size": 4},
                "factors_many": {"size": 8},
            },
        },
    )
    made = world()
    model = HybridRecommender(config).fit(made.training, made.catalog)
    model.save(HERE / "model_v1")
    answers = ask(model, made)
    (HERE / "model_v1.json").write_text(json.dumps(answers, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
