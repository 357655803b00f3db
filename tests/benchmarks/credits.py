"""What it is worth to tell apart the names in a credit: places of items whose credit names several.

The plays of these items are hidden, so that they are placed as cold ones; the place is compared to
the vector that their plays teach.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import pandas as pd

from hybrid_rec import HybridConfig, read_dataset
from hybrid_rec.blocks.block_set import BlockSet, columns_of
from hybrid_rec.blocks.cold_start import ARTIST, ColdStartMap, shrink
from hybrid_rec.blocks.cooccurrence import fit_cooccurrence
from hybrid_rec.core.arrays import Floats, Mask, Rows
from hybrid_rec.core.linalg import unit_rows
from hybrid_rec.core.progress import Progress
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.model.fit import describe_items
from hybrid_rec.model.fitted import ItemDescriptions, fallback_of
from tests.benchmarks import measure
from tests.benchmarks.accuracy import SETS


def _described(catalog: Catalog, told_apart: bool) -> tuple[ItemDescriptions, HybridConfig]:
    # Artists alone: what else describes the items is the same either way.
    off = {"enabled": False}
    config = HybridConfig(blocks={"artist": {"credits": told_apart}, "title": off, "tags": off})
    blocks = BlockSet.of(config, columns_of(catalog.table))
    return describe_items(blocks, catalog, Progress()), config


def run(name: str) -> dict[str, Any]:
    """One set, in this process."""
    playlists, catalog, _ = read_dataset(SETS[name][0].format(data=measure.data_dir()))
    told, config = _described(catalog, told_apart=True)
    several = np.diff(told.rows["artist"].indptr) > 1
    counts = playlists.play_counts
    learned = fit_cooccurrence(playlists, config.cooccurrence, config.seed, Progress())
    asked = several & learned.any(axis=1)
    row: dict[str, Any] = {
        "set": name,
        "items": len(catalog),
        "several names": int(several.sum()),
        "with plays": int(asked.sum()),
    }
    for heading, told_apart in (("whole", False), ("names", True)):
        items, config = _described(catalog, told_apart)
        places, by_artist = _places(learned, counts, several, items, config)
        cosines = (places[asked] * unit_rows(learned[asked])).sum(axis=1)
        row[f"{heading}: placed by artist"] = int(by_artist[several].sum())
        row[f"{heading}: cosine"] = measure.mean_and_error(pd.Series(cosines))
    return row


def _places(
    learned: Floats, counts: Rows, hidden: Mask, items: ItemDescriptions, config: HybridConfig
) -> tuple[Floats, Mask]:
    """Places of all items as cold ones, with the plays of some hidden."""
    shown = np.where(hidden, 0, counts)
    vectors = learned.copy()
    vectors[hidden] = 0
    n_groups = items.blocks.n_groups
    vectors = shrink(vectors, shown, items.group_of, n_groups, config.cold_start.shrinkage)
    nothing = np.zeros(len(items), np.float32)
    cold_map = ColdStartMap.fit(vectors, items.rows, items.blocks, nothing, config.cold_start)
    fallback = fallback_of(vectors, shown, items.group_of, n_groups, cold_map, config)
    places, sources = fallback.places(items.rows, items.group_of)
    return places, sources == ARTIST


def main() -> None:
    """Every set with credits in a process of its own, then one page."""
    if len(sys.argv) > 1:
        print(json.dumps(run(sys.argv[1])))
        return
    rows = [json.loads(measure.in_own_process("credits", name)) for name in SETS]
    frame = pd.DataFrame([row for row in rows if row["with plays"] > 1])
    page = (
        "Items whose credit names several, such as `A feat. B`. Their plays are hidden, and the "
        "artist places them: once with the whole credit as one label (`whole`), once with its "
        "names told apart (`names`, the default). `cosine` is that of the place and the vector "
        "that plays teach, the mean over items with plays ± its standard error; an item that no "
        "artist places counts as 0. Whole credits place none, as all items of theirs are hidden, "
        "too.\n\n" + measure.markdown(frame)
    )
    measure.report("CREDITS", "Names in credits", page)


if __name__ == "__main__":
    main()
