"""`hybrid-rec radio`: an order of items to be listened to."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from hybrid_rec.cli.answers import answer_frame
from hybrid_rec.cli.asked import asked_items, check_given, ids_in
from hybrid_rec.cli.options import (
    AllowFile,
    Artists,
    AsJson,
    BlockFile,
    Dislikes,
    ModelFolder,
    OptionalItems,
    SkipUnknown,
    Titles,
    Where,
)
from hybrid_rec.cli.paths import check_model
from hybrid_rec.core.console import print_frame


def radio(
    model: ModelFolder,
    item: OptionalItems = None,
    title: Titles = None,
    artist: Artists = None,
    length: Annotated[
        int, typer.Option("--length", metavar="N", help="Number of items to play.")
    ] = 25,
    drift: Annotated[
        float,
        typer.Option(metavar="X", help="From 0, it stays with the given items, to 1, it wanders."),
    ] = 0.3,
    seed: Annotated[
        int, typer.Option("--seed", help="0 for the best order; any other number for another one.")
    ] = 0,
    dislike: Dislikes = None,
    skip_unknown: SkipUnknown = False,
    where: Where = None,
    allow_file: AllowFile = None,
    block_file: BlockFile = None,
    as_json: AsJson = False,
) -> None:
    """Put items in an order to be listened to.

    It begins with the given items, or with popular ones if none are given.

    Examples:
        hybrid-rec radio model --item one --length 12
        hybrid-rec radio model --item one --drift 0.8 --seed 2
    """
    check_given("radio", item, title, artist, other=True)
    check_model(model)
    only: dict[str, Any] = {
        "where": where,
        "allow": ids_in(allow_file),
        "block": ids_in(block_file),
    }

    from hybrid_rec.recommender import HybridRecommender

    recommender = HybridRecommender.load(model, mmap=True)
    items = asked_items(recommender, item, title, artist, skip_unknown=skip_unknown)
    found = recommender.radio(
        items,
        length,
        drift=drift,
        seed=seed,
        dislike=asked_items(recommender, dislike, None, None, skip_unknown=skip_unknown),
        on_unknown="skip" if skip_unknown else "raise",
        **only,
    )
    frame = answer_frame(found, as_json=as_json).drop(columns=[] if as_json else ["query_id"])
    print_frame(frame, title=f"Radio of {', '.join(items or ['popular items'])}", as_json=as_json)
