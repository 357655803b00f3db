"""What one list of the whole catalogue costs a fit, and what the limit costs on real lists."""

from __future__ import annotations

import json
import sys
from functools import partial

import numpy as np
import pandas as pd

from evaluation.harness import evaluate
from evaluation.splits.registry import make_validation_split
from hybrid_rec import HybridConfig, HybridRecommender, Playlists, read_dataset
from hybrid_rec.blocks.excerpts import most_plays
from hybrid_rec.data.synthetic import synthetic_radio
from tests.benchmarks import measure

_N_ITEMS = 8_000
_N_LISTS = (300, 1_000)
SETS = {
    "classic_rock": "{data}/classic_rock/plays.parquet",
    "triplej": "{data}/triplej/plays.parquet",
    "yes_big": "yes:{data}/yes_big",
    "wfmu": "{data}/wfmu/plays.parquet",
    "mpd_sample": "mpd:{data}/mpd_sample",
    "ml-latest-small": "movielens:{data}/ml-latest-small",
}
_ASKED = "classic_rock"
_METRICS = ("ndcg@500", "hit_rate@10", "recall@100")
_TITLES = {"encoder": "tfidf"}


def config(*, limited: bool) -> HybridConfig:
    """The default but for titles by TF-IDF, with the limits or without."""
    if limited:
        return HybridConfig(titles=_TITLES)
    limit = {"longest_playlist": 0}
    return HybridConfig(titles=_TITLES, cooccurrence=limit, ranking={"statistics": limit})


def with_everything(lists: Playlists) -> Playlists:
    """The same lists and one more, of all items of the catalogue in a random order."""
    order = np.random.default_rng(0).permutation(lists.n_items)
    one = Playlists.from_rows([lists.n_items], order, lists.n_items, ["everything"])
    return lists.extended(one, np.array([-1]))


def run_fits(n_lists: int, limited: bool) -> dict[str, float]:
    """Fits with and without a list of everything, in this process."""
    world = synthetic_radio(seed=1, n_items=_N_ITEMS, n_playlists=n_lists)
    lists = world.playlists
    longer = with_everything(lists)
    settings = config(limited=limited)
    # What is loaded or made on first use is no part of the ratio.
    HybridRecommender(settings).fit(lists.select(np.arange(100)), world.catalog)
    times = {}
    for name, playlists in (("without", lists), ("with", longer)):
        fit = partial(HybridRecommender(settings).fit, playlists, world.catalog)
        times[name] = measure.cpu_seconds(fit)
    return {**times, "ratio": times["with"] / times["without"]}


def run_real(added: bool, limited: bool) -> dict[str, str]:
    """Hits on a real set, alone or with a list of its whole catalogue, in this process."""
    playlists, catalog, _ = read_dataset(SETS[_ASKED].format(data=measure.data_dir()))
    split = make_validation_split("continuation", playlists, catalog, seed=0)
    train = with_everything(split.train) if added else split.train
    model = HybridRecommender(config(limited=limited))
    took = measure.cpu_seconds(partial(model.fit, train, catalog))
    cases = evaluate(model, split, fit=False).cases
    values = {metric: measure.mean_and_error(cases[metric]) for metric in _METRICS}
    return {**values, "fit, CPU seconds": f"{took:.0f}"}


def lengths_of(name: str) -> dict[str, str]:
    """How long the lists of a real set are, and how long they may be."""
    playlists, _, _ = read_dataset(SETS[name].format(data=measure.data_dir()))
    plays, items = playlists.lengths, playlists.distinct().lengths
    limits = HybridConfig().cooccurrence, HybridConfig().ranking.statistics
    return {
        "set": name,
        "longest list, plays": f"{plays.max():,}",
        "limit of an epoch": f"{most_plays(plays, limits[0].longest_playlist):,}",
        "longest list, items": f"{items.max():,}",
        "limit of the statistics": f"{most_plays(items, limits[1].longest_playlist):,}",
    }


def main() -> None:
    """Every fit in a process of its own, then one page."""
    if len(sys.argv) > 1:
        kind, limited = sys.argv[1], sys.argv[2] == "limited"
        real = kind in ("alone", "added")
        found = run_real(kind == "added", limited) if real else run_fits(int(kind), limited)
        print(json.dumps(found))
        return
    fits, hits = [], []
    for label in ("unlimited", "limited"):
        for n_lists in _N_LISTS:
            fitted = json.loads(measure.in_own_process("longest_list", str(n_lists), label))
            told = {name: f"{value:.2f}" for name, value in fitted.items()}
            fits.append({"lists": f"{n_lists:,}", "limits": label, **told})
    for kind, label in (("alone", "limited"), ("added", "unlimited"), ("added", "limited")):
        found = json.loads(measure.in_own_process("longest_list", kind, label))
        hits.append({"list of everything": kind, "limits": label, **found})
    measure.report(
        "LONGEST_LIST",
        "The longest list",
        f"The planted world with {_N_ITEMS:,} items and about 12 plays a list; then the same with "
        "one more list that holds every item. CPU seconds of a fit, all threads together, and the "
        "ratio of the two; `unlimited` sets both `longest_playlist` to 0, as it was before there "
        f"were limits.\n\n{measure.markdown(pd.DataFrame(fits))}\n\n## Real sets\n\n"
        "No list of them reaches a limit, so what is fitted on them is the same to the last byte "
        "as without.\n\n"
        f"{measure.markdown(pd.DataFrame([lengths_of(name) for name in SETS]))}\n\nHits on "
        f"{_ASKED} alone, and with a list of its whole catalogue: validation part, split as in "
        "ACCURACY.md; means ± standard error over cases.\n\n"
        f"{measure.markdown(pd.DataFrame(hits))}",
    )


if __name__ == "__main__":
    main()
