"""`hybrid-rec similar`: the nearest items of each item."""

from __future__ import annotations

import sys
from typing import Any

from hybrid_rec.cli.answers import answer_frame, parse_weights
from hybrid_rec.cli.asked import asked_items, check_given, ids_in
from hybrid_rec.cli.new_items import NewArtist, NewAsked, NewColumns, NewItemsFile, NewTitle
from hybrid_rec.cli.options import (
    AllowFile,
    Artists,
    AsJson,
    BlockFile,
    Count,
    Dislikes,
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
    new_title: NewTitle = None,
    new_artist: NewArtist = None,
    new_column: NewColumns = None,
    new_items: NewItemsFile = None,
    dislike: Dislikes = None,
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
    """Find the items most similar to each of the given ones.

    Those may be new to the model.

    Examples:
        hybrid-rec similar model --item one -k 5
        hybrid-rec similar model --title one --artist metallica --json
        hybrid-rec similar model --new-title "Into the Black" --new-artist Metallica
    """
    new = NewAsked(new_title, new_artist, new_column, new_items)
    options = ("--new-title TEXT", "--new-items FILE")
    check_given("similar", item, title, artist, *options, other=bool(new))
    new.check(
        {
            "--item": item, "--title": title, "--artist": artist, "--skip-unknown": skip_unknown,
            "--dislike": dislike, "--explain": explain,
        }
    )  # fmt: skip
    check_model(model)
    weights = parse_weights(weight)
    only: dict[str, Any] = {
        "weights": weights, "where": where, "distinct": distinct,
        "allow": ids_in(allow_file), "block": ids_in(block_file),
    }  # fmt: skip

    from hybrid_rec.recommender import HybridRecommender

    recommender = HybridRecommender.load(model, mmap=True)
    catalog = recommender.model_.catalog
    if new:
        described = new.frame(recommender.model_)
        found = recommender.recommend_for_new_items(described, k, **only)
        names = [{"title": None, "artist": None, **row} for row in described.to_dict("records")]
    else:
        items = asked_items(recommender, item, title, artist, skip_unknown=skip_unknown)
        found = recommender.similar_items(
            list(dict.fromkeys(items)),
            k,
            on_unknown="skip" if skip_unknown else "raise",
            dislike=asked_items(recommender, dislike, None, None, skip_unknown=skip_unknown),
            explain=explain,
            **only,
        )
        rows = catalog.rows(found.query_ids)
        names = [{"title": catalog.titles[row], "artist": catalog.artists[row]} for row in rows]
    frame = answer_frame(found, as_json=as_json)
    if found.query_sources is not None:
        placed = dict(zip(found.query_ids, found.query_sources, strict=True))
        frame["query_source"] = frame["query_id"].map(placed)
    if as_json or not sys.stdout.isatty():
        print_frame(frame, title="", as_json=as_json)
        return
    for query_id, name in zip(found.query_ids, names, strict=True):
        headline = (
            f"Similar to {query_id}: {name['title'] or '(no title)'} by "
            f"{name['artist'] or '(no artist)'}"
        )
        part = frame[frame["query_id"] == query_id].drop(columns="query_id")
        print_frame(part, title=headline)
