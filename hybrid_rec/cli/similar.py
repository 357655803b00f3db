"""`hybrid-rec similar`: the nearest items of each item."""

from __future__ import annotations

import sys
from typing import Any

from hybrid_rec.cli.answers import answer_frame, parse_weights
from hybrid_rec.cli.asked import asked_items, check_given, ids_in
from hybrid_rec.cli.options import (
    AllowFile,
    Artists,
    AsJson,
    BlockFile,
    Count,
    Explain,
    ModelFolder,
    OneOfEach,
    OptionalItems,
    SkipUnknown,
    Titles,
    Weight,
    Where,
)
from hybrid_rec.cli.paths import check_model
from hybrid_rec.core.console import print_frame


def similar(
    model: ModelFolder,
    item: OptionalItems = None,
    title: Titles = None,
    artist: Artists = None,
    k: Count = 10,
    weight: Weight = None,
    skip_unknown: SkipUnknown = False,
    where: Where = None,
    allow_file: AllowFile = None,
    block_file: BlockFile = None,
    distinct: OneOfEach = None,
    explain: Explain = False,
    as_json: AsJson = False,
) -> None:
    """Find the items most similar to each of the given ones."""
    check_given("similar", item, title, artist)
    check_model(model)
    weights = parse_weights(weight)
    only: dict[str, Any] = {
        "where": where,
        "allow": ids_in(allow_file),
        "block": ids_in(block_file),
    }

    from hybrid_rec.recommender import HybridRecommender

    recommender = HybridRecommender.load(model, mmap=True)
    items = asked_items(recommender, item, title, artist, skip_unknown=skip_unknown)
    found = recommender.similar_items(
        list(dict.fromkeys(items)),
        k,
        weights=weights,
        on_unknown="skip" if skip_unknown else "raise",
        **only,
        distinct=distinct,
        explain=explain,
    )
    frame = answer_frame(found, as_json=as_json)
    if as_json or not sys.stdout.isatty():
        print_frame(frame, title="", as_json=as_json)
        return
    catalog = recommender.model_.catalog
    for query_id in found.query_ids:
        row = int(catalog.rows([query_id])[0])
        headline = (
            f"Similar to {query_id}: {catalog.titles[row] or '(no title)'} by "
            f"{catalog.artists[row] or '(no artist)'}"
        )
        part = frame[frame["query_id"] == query_id].drop(columns="query_id")
        print_frame(part, title=headline)
