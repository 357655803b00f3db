"""`hybrid-rec recommend`: what goes with a playlist."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from hybrid_rec.cli.answers import answer_frame, parse_weights
from hybrid_rec.cli.asked import asked_items, check_given, ids_in
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
from hybrid_rec.core.quoting import quoted


def recommend(
    model: ModelFolder,
    item: OptionalItems = None,
    title: Titles = None,
    artist: Artists = None,
    name: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="What the playlist is called, with items or without, such as 'rainy sunday'.",
        ),
    ] = None,
    dislike: Dislikes = None,
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
    where: Where = None,
    allow_file: AllowFile = None,
    block_file: BlockFile = None,
    distinct: OneOfEach = None,
    explain: Explain = False,
    as_json: AsJson = False,
) -> None:
    """Continue a playlist, given by items, a name or both.

    Examples:
        hybrid-rec recommend model --item one --item fade-to-black
        hybrid-rec recommend model --title "fade to black" --where "tempo < 120"
        hybrid-rec recommend model --item one --weight popularity=0 --explain
    """
    has_name = bool((name or "").strip())
    said = has_name or bool(dislike)
    check_given("recommend", item, title, artist, "--name TEXT", other=said)
    check_model(model)
    weights = parse_weights(weight)
    only: dict[str, Any] = {
        "where": where,
        "allow": ids_in(allow_file),
        "block": ids_in(block_file),
    }
    diversity = {"mmr": mmr, "artist_cap": artist_cap}

    from hybrid_rec.recommender import HybridRecommender

    recommender = HybridRecommender.load(model, mmap=True)
    items = asked_items(recommender, item, title, artist, skip_unknown=skip_unknown)
    found = recommender.recommend(
        [items],
        k,
        names=None if name is None else [name],
        dislike=asked_items(recommender, dislike, None, None, skip_unknown=skip_unknown),
        weights=weights,
        on_unknown="skip" if skip_unknown else "raise",
        diversity={name: value for name, value in diversity.items() if value is not None},
        **only,
        distinct=distinct,
        explain=explain,
    )
    frame = answer_frame(found, as_json=as_json).drop(columns=[] if as_json else ["query_id"])
    asked = [*([quoted(name)] if name else []), *items]
    away = f", away from {', '.join(dislike)}" if dislike else ""
    print_frame(frame, title=f"Goes with {', '.join(asked)}{away}", as_json=as_json)
