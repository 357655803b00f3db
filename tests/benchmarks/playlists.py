"""Playlists like one: how much more often their names share a word than those of random ones."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from hybrid_rec import HybridConfig, HybridRecommender, read_dataset
from tests.benchmarks import measure

N_ASKED, K = 500, 10


def words(name: str) -> set[str]:
    """The words of a name that have at least three letters, in small letters."""
    return {word for word in re.findall(r"\w+", name.lower()) if len(word) > 2}


def main() -> None:
    """Playlists of `mpd_sample`, by their items alone."""
    playlists, catalog, _ = read_dataset(f"mpd:{measure.data_dir()}/mpd_sample")
    config = HybridConfig(titles={"encoder": "tfidf"}, ranking={"enabled": False})
    model = HybridRecommender(config).fit(playlists, catalog)
    names = playlists.names
    assert names is not None
    told = [words(name) for name in names]
    rng = np.random.default_rng(0)
    able = np.flatnonzero([bool(entry) for entry in told])
    asked = rng.permutation(able)[:N_ASKED]
    number_of = {own_id: number for number, own_id in enumerate(playlists.playlist_ids)}
    found = model.similar_playlists(playlists.select(asked), K + 1)
    near, random = [], []
    for number, line in zip(asked.tolist(), found.playlist_ids, strict=True):
        others = [number_of[own_id] for own_id in line if own_id is not None]
        others = [other for other in others if other != number][:K]
        near += [bool(told[number] & told[other]) for other in others]
        drawn = rng.choice(np.delete(np.arange(len(told)), number), K, replace=False)
        random += [bool(told[number] & told[other]) for other in drawn.tolist()]
    table = pd.DataFrame(
        {
            "playlists": ["ten nearest", "ten random"],
            "share a word of the name": [f"{np.mean(near):.4f}", f"{np.mean(random):.4f}"],
            "times random": [f"{np.mean(near) / np.mean(random):.1f}", "1"],
        }
    )
    measure.report(
        "PLAYLISTS",
        "Playlists like one",
        f"{measure.markdown(table)}\n\n`mpd_sample`, {len(asked)} playlists whose names hold a "
        "word of three letters or more; neighbours are found by items alone.",
    )


if __name__ == "__main__":
    main()
