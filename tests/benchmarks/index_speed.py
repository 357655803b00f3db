"""One query, exact and through the approximate index that `goal = "fast"` chooses."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from hybrid_rec import HybridConfig, HybridRecommender, read_dataset
from hybrid_rec.core.config import IndexConfig
from hybrid_rec.model import storage as artifact
from hybrid_rec.model.fit import reindexed
from hybrid_rec.model.fitted import Model
from hybrid_rec.model.index_measure import measure_index
from hybrid_rec.model.item_index import choose_index
from tests.benchmarks import measure

_QUERIES = 300


def run(model: Model) -> str:
    """The page of one fitted model."""
    config = HybridConfig(index=IndexConfig(goal="fast"))
    n_items, dim = len(model.catalog), sum(model.index.layout.values())
    choice = choose_index(n_items, dim, config, "auto")
    built: list[Model] = []
    seconds = measure.seconds(lambda: built.append(reindexed(model, choice.factory)))
    found = measure_index(built[0], _QUERIES)
    table = pd.DataFrame(found["rows"]).set_index("queries").T
    for kind in table.columns:
        for name in ("p50", "p99"):
            ratio = table.loc[f"exact {name}_ms", kind] / table.loc[f"{name}_ms", kind]
            table.loc[f"exact / approximate, {name}", kind] = round(ratio, 1)
    table = (
        table.astype(float)
        .round(4)
        .astype(object)
        .fillna("")
        .rename_axis("", axis=0)
        .rename_axis(None, axis=1)
    )
    return (
        f"{n_items:,} items, {dim} dense dimensions, {choice}. Built in {seconds:.0f} s on "
        f"one thread.\n\n{measure.markdown(table.reset_index())}\n\n"
        "`HybridIndex.search`, k = 100, one query at a time, for items as `similar_items` asks it, "
        f"and for first halves of training playlists as {_of_playlists(model)}. Times are of a "
        "shared machine: compare within the table."
    )


def _of_playlists(model: Model) -> str:
    return "the linear score does" if model.ranking is None else "the ranking does for candidates"


def main() -> None:
    """The model in the folder that is named, or else one of wfmu, fitted without ranking."""
    if len(sys.argv) > 1:
        model = artifact.load(Path(sys.argv[1]))
    else:
        playlists, catalog, _ = read_dataset(measure.data_dir() / "wfmu" / "plays.parquet")
        config = HybridConfig(ranking={"enabled": False})
        model = HybridRecommender(config).fit(playlists, catalog, progress=True).model_
    measure.report("INDEX_SPEED", "One query, exact and approximate", run(model))


if __name__ == "__main__":
    main()
