"""How fit, index and answers grow with the catalogue: one table, one plot."""

from __future__ import annotations

import argparse
import json
import sys
from functools import partial
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from hybrid_rec import Catalog, HybridConfig, HybridRecommender, Playlists
from hybrid_rec.model.fit import reindexed
from tests.benchmarks import measure
from tests.benchmarks.generated import N_GENRES, playlists_of

SIZES = (10_000, 100_000, 1_000_000)
PLAYS_AN_ITEM, MEAN_LENGTH, ITEMS_AN_ARTIST = 2, 20, 5
_N_WORDS = 5_000
_K, _BATCH, _SINGLE = 100, 256, 100
# A graph is built on one thread, which takes an hour where there are a million.
_MOST_FOR_GRAPH = 100_000
CONFIG = HybridConfig(titles={"encoder": "tfidf"}, index={"factory": "Flat"})
_PANELS = {
    "seconds": ("fit", "index", "graph index"),
    "milliseconds a query": ("linear p50", "ranked p50", "linear p50, graph"),
    "playlists a second, in batches": ("linear", "ranked"),
    "GB": ("peak memory",),
}


def world(n_items: int) -> tuple[Playlists, Catalog]:
    """Generated playlists and what they are made of."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(5, 2 * MEAN_LENGTH - 5, n_items * PLAYS_AN_ITEM // MEAN_LENGTH)
    playlists = playlists_of(lengths, n_items, rng)
    words = np.array([f"word{n}" for n in range(_N_WORDS)], dtype=object)
    drawn = words[rng.integers(_N_WORDS, size=(n_items, 3))]
    titles = drawn[:, 0] + " " + drawn[:, 1] + " " + drawn[:, 2]
    artists = rng.integers(max(1, n_items // ITEMS_AN_ARTIST), size=n_items).astype(str)
    frame = pd.DataFrame(
        {"item_id": np.arange(n_items).astype(str), "title": titles, "artist": artists}
    )
    return playlists, Catalog.from_frame(frame)


def run(n_items: int) -> dict[str, Any]:
    """One size, in this process."""
    playlists, catalog = world(n_items)
    model = HybridRecommender(CONFIG)
    fit = measure.seconds(lambda: model.fit(playlists, catalog))
    peak = measure.peak_memory_gb()
    index = measure.seconds(lambda: reindexed(model.model_, "Flat"))
    few = playlists.select(np.arange(_SINGLE))
    asked = playlists.select(np.arange(_BATCH))
    found = {"fit": fit, "index": index, "peak memory": peak}
    for name, weights in (("linear", {}), ("ranked", None)):
        ask = partial(model.recommend, k=_K, weights=weights)
        ask(few)
        found[name] = len(asked) / measure.seconds(partial(ask, asked))
        ones = (partial(ask, few.select(np.array([n]))) for n in range(len(few)))
        found[f"{name} p50"], _ = measure.percentiles_ms(ones)
    if n_items <= _MOST_FOR_GRAPH:
        graphs = []
        build = partial(reindexed, model.model_, "HNSW32")
        found["graph index"] = measure.seconds(lambda: graphs.append(build()))
        other = HybridRecommender(CONFIG)
        other._set(graphs[0])
        ones = (
            partial(other.recommend, few.select(np.array([n])), _K, weights={})
            for n in range(len(few))
        )
        found["linear p50, graph"], _ = measure.percentiles_ms(ones)
    return {"items": n_items, "plays": playlists.n_plays, **found}


def draw(rows: list[dict[str, Any]]) -> str:
    """The plot, as SVG."""
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "growth", "font.size": 9}):
        figure = Figure(figsize=(9, 6), layout="constrained")
        for axes, (unit, names) in zip(figure.subplots(2, 2).flat, _PANELS.items(), strict=True):
            for marker, name in zip("os^", names, strict=False):
                points = [(row["items"], row[name]) for row in rows if name in row]
                axes.loglog(*zip(*points, strict=True), marker=marker, label=name)
            axes.set_title(unit, loc="left")
            axes.set_xlabel("items")
            axes.grid(visible=True, alpha=0.3)
            axes.xaxis.set_minor_locator(NullLocator())
            axes.legend(frameon=False)
        path = measure.HERE / "GROWTH.svg"
        figure.savefig(path, metadata={"Date": None})
    return path.name


def main() -> None:
    """Every size in a process of its own, then one page and its plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, action="append", help=f"default: {SIZES}")
    parser.add_argument("--run", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        print(json.dumps(run(options.run)))
        return
    rows = []
    for size in sorted(options.items or SIZES):
        rows.append(json.loads(measure.in_own_process("growth", "--run", str(size))))
        sys.stderr.write(f"{rows[-1]}\n")
    headings = ["", *(f"{row['items']:,} items" for row in rows)]
    lines = [["plays", *(f"{row['plays']:,}" for row in rows)]]
    for unit, names in _PANELS.items():
        for name in names:
            values = (f"{row[name]:,.4g}" if name in row else "" for row in rows)
            lines.append([f"{name}, {unit}", *values])
    measure.report(
        "GROWTH",
        "Growth",
        f"![What it takes beside the number of items]({draw(rows)})\n\n"
        + measure.markdown(pd.DataFrame(lines, columns=headings))
        + f"\n\nGenerated: {PLAYS_AN_ITEM} plays an item, {MEAN_LENGTH} a playlist, "
        f"{ITEMS_AN_ARTIST} items an artist, {N_GENRES} genres. Default configuration, but titles "
        "by TF-IDF (what sentences take is in TITLES) and an exact index everywhere; the graph is "
        f"`HNSW32`, up to {_MOST_FOR_GRAPH:,} items. k = {_K}, in one process.",
    )


if __name__ == "__main__":
    main()
