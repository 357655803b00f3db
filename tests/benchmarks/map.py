"""Map: how well near points are told, beside principal components and UMAP, and how long it takes.

UMAP is measured where umap-learn is installed; maps do without it. `--large` measures the time with
as many items as wfmu has instead, of a generated world of clusters. Names of data sets choose some.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.manifold import trustworthiness

from hybrid_rec import Catalog, HybridConfig, HybridRecommender, Playlists, read_dataset
from hybrid_rec.core.arrays import Floats
from hybrid_rec.core.progress import Progress
from hybrid_rec.explore.map.layout import laid_out, main_directions
from hybrid_rec.explore.map.points import Points, vectors_of
from tests.benchmarks import measure
from tests.benchmarks.accuracy import SETS

NAMES = ("classic_rock", "triplej", "yes_big")
SAMPLE, NEAR = 2_000, 10
CONFIG = HybridConfig(titles={"encoder": "tfidf"}, ranking={"enabled": False})


def told(vectors: Floats, places: Floats, sample: np.ndarray) -> float:
    """Trustworthiness of a map among a sample of its points, in [0, 1]."""
    found = trustworthiness(vectors[sample], places[sample], n_neighbors=NEAR, metric="cosine")
    return round(float(found), 4)


def by_tsne(vectors: Floats) -> Floats:
    """Places as a map has them."""
    return laid_out(vectors, 0, Progress())


def by_umap(vectors: Floats) -> Floats | None:
    """Places by UMAP with its defaults; None where it is not installed."""
    try:
        from umap import UMAP
    except ImportError:
        return None
    return np.asarray(UMAP(random_state=0, metric="cosine").fit_transform(vectors), np.float32)


def measured(name: str) -> list[dict[str, object]]:
    """One line a geometry of a data set."""
    playlists, catalog, _ = read_dataset(SETS[name][0].format(data=measure.data_dir()))
    model = HybridRecommender(CONFIG).fit(playlists, catalog).model_
    points = Points.of(model, playlists=False)
    sample = np.random.default_rng(0).permutation(len(points))[:SAMPLE]
    lines: list[dict[str, object]] = []
    for block in ("cooccurrence", None):
        vectors = vectors_of(model, points, block, 0)
        line: dict[str, object] = {
            "set": name, "items": len(points), "by": block or "whole score",
            "PCA": told(vectors, main_directions(vectors), sample),
        }  # fmt: skip
        for what, place in (("t-SNE", by_tsne), ("UMAP", by_umap)):
            started = time.process_time()
            found = place(vectors)
            if found is not None:
                line |= {
                    what: told(vectors, found, sample),
                    f"{what}, s": round(time.process_time() - started, 1),
                }
        lines.append(line)
    return lines


def large(n_items: int = 180_000) -> dict[str, object]:
    """Seconds of a whole map of a generated world: 400 tastes, an artist to three songs."""
    rng = np.random.default_rng(0)
    taste = rng.integers(0, 400, n_items)
    ids = np.arange(n_items).astype(str)
    words = np.array([f"word{number}" for number in range(20_000)])
    titles = [" ".join(line) for line in words[rng.integers(0, len(words), (n_items, 3))]]
    artists = [f"artist {number}" for number in rng.integers(0, n_items // 3, n_items)]
    catalog = Catalog.from_frame(pd.DataFrame({"item_id": ids, "title": titles, "artist": artists}))
    by_taste = [np.flatnonzero(taste == one) for one in range(400)]
    lists = [ids[rng.choice(by_taste[number % 400], 30)].tolist() for number in range(7_500)]
    config = CONFIG.model_copy(
        update={"cooccurrence": CONFIG.cooccurrence.model_copy(update={"epochs": 3})}
    )
    model = HybridRecommender(config).fit(Playlists.from_lists(lists, catalog), catalog)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "map.html"
        wall, spent = time.perf_counter(), time.process_time()
        model.map(path, progress=True)
        return {
            "items": n_items,
            "seconds": round(time.perf_counter() - wall),
            "processor seconds": round(time.process_time() - spent),
            "MB": round(path.stat().st_size / 1e6, 1),
        }


def main() -> None:
    """Every set, then one table."""
    if "--large" in sys.argv:
        print(measure.markdown(pd.DataFrame([large()])))
        return
    chosen = [name for name in NAMES if name in sys.argv[1:]] or NAMES
    rows = [row for name in chosen for row in measured(name)]
    text = (
        f"{measure.markdown(pd.DataFrame(rows))}\n\nTrustworthiness at {NEAR} neighbours among "
        f"{SAMPLE:,} items drawn at random: 1 where all that is near on the map is near in the "
        "space. Seconds are of all cores. UMAP with its defaults; the first run compiles it."
    )
    measure.report("MAP", "Map", text)


if __name__ == "__main__":
    main()
