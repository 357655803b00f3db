"""`hybrid-rec show`: all that a model knows of an item."""

from __future__ import annotations

from typing import Annotated

import typer

from hybrid_rec.cli.asked import asked_items, check_given
from hybrid_rec.cli.options import Artists, ModelFolder, OptionalItems, Titles
from hybrid_rec.cli.paths import check_model
from hybrid_rec.core.console import write, write_json
from hybrid_rec.core.words import how_many

_SHOWN = 10


def show(
    model: ModelFolder,
    item: OptionalItems = None,
    title: Titles = None,
    artist: Artists = None,
    k: Annotated[int, typer.Option("-k", "--k", metavar="K", help="Neighbours of each block.")] = 5,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON Lines, one object for each item.")
    ] = False,
) -> None:
    """Show all that a model knows of an item.

    These are its columns, plays and playlists, and its neighbours by each block.

    Examples:
        hybrid-rec show model --item one
        hybrid-rec show model --title "fade to black" -k 10
    """
    check_given("show", item, title, artist)
    check_model(model)

    from hybrid_rec.model.item_card import item_card
    from hybrid_rec.recommender import HybridRecommender

    recommender = HybridRecommender.load(model, mmap=True)
    for item_id in dict.fromkeys(asked_items(recommender, item, title, artist)):
        card = item_card(recommender, item_id, k)
        if as_json:
            write_json({**card, "columns": {n: _cell(v) for n, v in card["columns"].items()}})
            continue
        write(f"item {item_id}")
        for name, value in card["columns"].items():
            told = ", ".join(map(str, value)) if isinstance(value, list) else value
            write(f"  {name:<14} {'' if told is None else told}")
        write(f"  {'plays':<14} {card['plays']:,}")
        write(f"  {'source':<14} {card['source']}")
        held = card["playlists"]
        names = ", ".join(one["name"] or one["playlist_id"] for one in held[:_SHOWN])
        more = f" and {len(held) - _SHOWN:,} more" if len(held) > _SHOWN else ""
        write(f"in {how_many(len(held), 'playlists')}{': ' if held else ''}{names}{more}")
        for block, near in card["neighbours"].items():
            write(f"nearest by {block}{'' if near else ': none, for it says nothing here'}")
            for one in near:
                name = " by ".join(text for text in (one["title"], one["artist"]) if text)
                write(f"  {one['score']:.4f}  {one['item_id']}  {name}")


def _cell(value: object) -> object:
    """A cell as JSON can hold it."""
    return value if isinstance(value, list | str | int | float | bool | None) else str(value)
