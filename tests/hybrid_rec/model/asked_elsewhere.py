"""Run by `test_processes`: everything that a model is asked in processes that this one starts.

It tells the name of each call before it is made, and "ended" after the last.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from hybrid_rec import HybridConfig, HybridRecommender, synthetic_radio
from hybrid_rec.core.config import RankingConfig
from hybrid_rec.data.synthetic import SyntheticDataset

WORLD = {"seed": 0, "n_items": 120, "n_playlists": 120}
# A child that hangs would do so for ever; one that works takes some seconds.
PATIENCE = 300


def quick(encoder: str, index: str) -> HybridConfig:
    """A configuration that fits the world in seconds."""
    return HybridConfig(
        titles={"encoder": encoder, "cache": False},
        cooccurrence={"epochs": 1},
        ranking=RankingConfig(trees=5, candidates=30, cases=30),
        index={"factory": index},
    )


def tell(line: str) -> None:
    """A line on standard output, there at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def ask(model: HybridRecommender, world: SyntheticDataset, folder: Path) -> None:
    """Every kind of call, each named before it is made."""
    ids = world.catalog.item_ids.tolist()
    lists = [ids[start : start + 5] for start in range(100)]
    new = pd.DataFrame({"title": ["A song of no catalogue", "Another one"], "artist": ["X", "Y"]})
    calls: dict[str, Callable[[], object]] = {
        "recommend": lambda: model.recommend(lists),
        "linear": lambda: model.recommend(lists, weights={"artist": 0.1}),
        "explain": lambda: model.recommend(lists[:3], explain=True),
        "similar_items": lambda: model.similar_items(ids[:5]),
        "similar_playlists": lambda: model.similar_playlists(lists),
        "new items": lambda: model.recommend_for_new_items(new),
        "load": lambda: HybridRecommender.load(folder).recommend(lists),
        "mapped": lambda: HybridRecommender.load(folder, mmap=True).recommend(lists),
        "update": lambda: model.update(lists[:3], new.assign(item_id=["n1", "n2"])),
        "fit": lambda: HybridRecommender(model.config).fit(world.playlists, world.catalog),
        "save": lambda: model.save(folder.with_name(f"saved-{os.getpid()}")),
    }
    for name, call in calls.items():
        tell(name)
        call()
    tell("ended")


def load_and_ask(folder: str) -> None:
    """The same in a process that shares no memory with its parent."""
    ask(HybridRecommender.load(folder), synthetic_radio(**WORLD), Path(folder))


def main(method: str, made: str, encoder: str, index: str, folder: str) -> None:
    """Fit or load a model, ask it here, and then in a process that is started by `method`."""
    world = synthetic_radio(**WORLD)
    if made == "fit":
        model = HybridRecommender(quick(encoder, index)).fit(world.playlists, world.catalog)
        model.save(folder)
    else:
        model = HybridRecommender.load(folder)
    new = pd.DataFrame({"title": ["One more"]})
    model.recommend([world.catalog.item_ids[:5].tolist()] * 100)
    model.recommend_for_new_items(new)
    context: Any = multiprocessing.get_context(method)
    if method == "fork":
        process = context.Process(target=ask, args=(model, world, Path(folder)))
    else:
        process = context.Process(target=load_and_ask, args=(folder,))
    process.start()
    process.join(PATIENCE)
    process.kill()
    process.join()
    tell(f"status {process.exitcode}")


if __name__ == "__main__":
    main(*sys.argv[1:])
