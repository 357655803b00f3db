"""`hybrid-rec recommend`: what goes with a playlist."""

from __future__ import annotations

from typing import Annotated

import typer

from hybrid_rec.cli.answers import answer_frame, parse_weights
from hybrid_rec.cli.options import (
    AsJson,
    Count,
    Explain,
    Items,
    ModelFolder,
    OneOfEach,
    SkipUnknown,
    Weight,
)
from hybrid_rec.cli.paths import check_model
from hybrid_rec.core.console import print_frame


def recommend(
    model: ModelFolder,
    item: Items,
    k: Count = 10,
    weight: Weight = None,
    skip_unknown: SkipUnknown = False,
    mmr: Annotated[
        float | None,
        typer.Option(
            metavar="X",
            help="Strength of diversity, from 0 to 1; by default diversity.mmr of the model.",
        ),
    ] = None,
    artist_cap: Annotated[
        int | None,
        typer.Option(metavar="N", help="Return at most so many items of one artist."),
    ] = None,
    distinct: OneOfEach = None,
    explain: Explain = False,
    as_json: AsJson = False,
) -> None:
    """Continue one playlist, given by the items in it."""
    check_model(model)
    weights = parse_weights(weight)
    diversity = {"mmr": mmr, "artist_cap": artist_cap}

    from hybrid_rec.recommender import HybridRecommender

    found = HybridRecommender.load(model, mmap=True).recommend(
        item,
        k,
        weights=weights,
        on_unknown="skip" if skip_unknown else "raise",
        diversity={name: value for name, value in diversity.items() if value is not None},
        distinct=distinct,
        explain=explain,
    )
    frame = answer_frame(found, as_json=as_json).drop(columns=[] if as_json else ["query_id"])
    print_frame(frame, title=f"Goes with {', '.join(item)}", as_json=as_json)
