"""`hybrid-rec radio`: an order of items to be listened to."""

from __future__ import annotations

from typing import Annotated

import typer

from hybrid_rec.cli.options import AsJson, ModelFolder, OptionalItems, SkipUnknown
from hybrid_rec.cli.paths import check_model
from hybrid_rec.core.console import print_frame


def radio(
    model: ModelFolder,
    item: OptionalItems = None,
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
    skip_unknown: SkipUnknown = False,
    as_json: AsJson = False,
) -> None:
    """Put items in an order to be listened to.

    It begins with the given items, or with popular ones if none are given.

    Examples:
        hybrid-rec radio model --item one --length 12
        hybrid-rec radio model --item one --drift 0.8 --seed 2
    """
    check_model(model)

    from hybrid_rec.recommender import HybridRecommender

    found = HybridRecommender.load(model, mmap=True).radio(
        item or [],
        length,
        drift=drift,
        seed=seed,
        on_unknown="skip" if skip_unknown else "raise",
    )
    frame = found.to_frame().drop(columns=[] if as_json else ["query_id"])
    print_frame(frame, title=f"Radio of {', '.join(item or ['popular items'])}", as_json=as_json)
