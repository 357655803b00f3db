"""What each part of the hybrid is worth: validation accuracy without one after another."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import Any, get_args

import pandas as pd

from evaluation.harness import evaluate
from evaluation.splits.registry import make_split
from hybrid_rec import HybridConfig, HybridRecommender, read_dataset
from hybrid_rec.core.config import CandidateSource
from hybrid_rec.core.progress import Progress
from hybrid_rec.model.fit import describe_items, encode_titles, fuse
from hybrid_rec.model.training import learn_vectors
from tests.benchmarks import measure
from tests.benchmarks.accuracy import SETS
from tests.benchmarks.asked import Asked

_SETS = ("triplej", "classic_rock")
_METRICS = ("ndcg@500", "hit_rate@10")
_SOURCES = get_args(CandidateSource)
_FEATURES = {
    "co-occurrence": (
        "cooccurrence", "cooccurrence_recent", "cooccurrence_best", "cooccurrence_times_plays",
    ),
    "title": ("title",),
    "artist": (
        "artist_match", "artist_share", "artist_votes", "artist_item_votes", "votes_for_artist",
        "artist_neighbours",
    ),
    "popularity": ("plays", "artist_plays", "artist_other_plays", "cooccurrence_times_plays"),
    "playlist votes": (
        "votes", "votes_few", "votes_wide", "votes_sharp", "votes_recent", "votes_by_factors",
        "votes_rank", "nearest_playlist",
    ),
    "item neighbours": ("neighbours", "neighbours_recent"),
    "EASE": ("weights", "weights_recent", "weights_rank"),
    "factors": ("factors", "factors_few", "factors_many", "factors_rank", "votes_by_factors"),
    "age": ("age_last", "age_mean", "age_first", "age_gap"),
}  # fmt: skip


def variants() -> dict[str, dict[str, Any]]:
    """What is changed in each line of the table."""
    return {
        "nothing": {},
        "no ranker, learned weights": {},
        "no ranker, given weights": {"ranking": {"enabled": False}},
        "no ranker, no prior": {"ranking": {"enabled": False}, "weights": {"popularity": 0.0}},
        "no ranker, no artist block": {"ranking": {"enabled": False}, "weights": {"artist": 0.0}},
        "no ranker, no title block": {"ranking": {"enabled": False}, "weights": {"title": 0.0}},
        "no ranker, no shrinkage": {
            "ranking": {"enabled": False}, "cold_start": {"shrinkage": 0.0},
        },
        "no ranker, no ladder": {"ranking": {"enabled": False}, "cold_start": {"ladder": False}},
        "no shrinkage": {"cold_start": {"shrinkage": 0.0}},
        "no ladder": {"cold_start": {"ladder": False}},
        **{
            f"no candidates: {source}": {
                "ranking": {"sources": tuple(name for name in _SOURCES if name != source)}
            }
            for source in _SOURCES
        },
        **{f"no features: {what}": {"ranking": {"without": f}} for what, f in _FEATURES.items()},
    }  # fmt: skip


def run(name: str) -> list[dict[str, object]]:
    """One set, in this process."""
    spec, kind, max_length = SETS[name]
    playlists, catalog, _ = read_dataset(spec.format(data=measure.data_dir()))
    split = make_split(kind, playlists, catalog, seed=0, max_length=max_length, part="validation")
    # Nothing that is removed changes Word2Vec or the titles, so they are learned once.
    config = HybridConfig()
    learned = learn_vectors(split.train, config, Progress())
    encoder, titles = encode_titles(catalog, config, Progress())
    metadata = describe_items(catalog, titles)

    def fitted(changes: dict[str, Any]) -> HybridRecommender:
        # What known playlists are told changes nothing for the new ones that are asked here.
        ranking = {"known_share": 0.0, **changes.get("ranking", {})}
        changed = HybridConfig(**{**changes, "ranking": ranking})
        used = learned if changed.ranking.enabled else replace(learned, folds=[], of_folds=[])
        model = HybridRecommender(changed)
        model._set(fuse(split.train, catalog, changed, used, encoder, metadata, Progress()))
        return model

    rows = []
    for what, changes in variants().items():
        asked = Asked(fitted(changes), what == "no ranker, learned weights")
        evaluation = evaluate(asked, split, (10, 500), fit=False, name=what)
        means = evaluation.means()
        rows.append({"removed": what, **{metric: round(means[metric], 4) for metric in _METRICS}})
        sys.stderr.write(f"{name}: {rows[-1]}\n")
    return rows


def main() -> None:
    """Every set in a process of its own, then one page."""
    if len(sys.argv) > 1:
        print(json.dumps(run(sys.argv[1])))
        return
    parts = [
        "Validation part of the splits of ACCURACY.md, one training seed. Each line fits anew from "
        "the same Word2Vec vectors with one part removed; differences of a hundredth of the value "
        "are within the noise of the training.",
    ]
    for name in _SETS:
        frame = pd.DataFrame(json.loads(measure.in_own_process("ablation", name)))
        parts += [f"## {name}", measure.markdown(frame)]
    measure.report("ABLATION", "Ablation", "\n\n".join(parts))


if __name__ == "__main__":
    main()
