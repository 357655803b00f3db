"""`hybrid-rec similar-playlists`: the training playlists nearest to one."""

from __future__ import annotations

from typing import Annotated

import typer

from hybrid_rec.cli.asked import asked_items, check_given
from hybrid_rec.cli.options import (
    Artists,
    AsJson,
    ModelFolder,
    OptionalItems,
    SkipUnknown,
    Titles,
)
from hybrid_rec.cli.paths import check_model
from hybrid_rec.core.console import print_frame
from hybrid_rec.core.errors import ConfigError
from hybrid_rec.core.quoting import quoted


def similar_playlists(
    model: ModelFolder,
    playlist: Annotated[
        str | None,
        typer.Option(
            metavar="ID", help="Id of a training playlist, which is not among the answer."
        ),
    ] = None,
    item: OptionalItems = None,
    title: Titles = None,
    artist: Artists = None,
    name: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What the playlist is called.")
    ] = None,
    k: Annotated[
        int, typer.Option("-k", "--k", metavar="K", help="Number of playlists to return.")
    ] = 10,
    skip_unknown: SkipUnknown = False,
    as_json: AsJson = False,
) -> None:
    """Find the training playlists most like one.

    The table tells their names and the items that they share with it.

    Examples:
        hybrid-rec similar-playlists model --playlist p1
        hybrid-rec similar-playlists model --item one --item fade-to-black -k 3
    """
    if (playlist is not None) == bool(item or title or artist or (name or "").strip()):
        raise ConfigError(
            "similar-playlists must be given --playlist ID, or --item ID or --title TEXT or --name "
            "TEXT or several of these."
        )
    check_given("similar-playlists", item, title, artist, other=True)
    check_model(model)

    from hybrid_rec.explore.playlists import like_items, like_playlist
    from hybrid_rec.recommender import HybridRecommender

    recommender = HybridRecommender.load(model, mmap=True)
    items = asked_items(recommender, item, title, artist, skip_unknown=skip_unknown)
    if playlist is not None:
        frame = like_playlist(recommender, playlist, k)
    else:
        frame = like_items(
            recommender,
            items,
            k,
            name=name,
            on_unknown="skip" if skip_unknown else "raise",
        )
    asked = [quoted(name)] if name else []
    asked += [f"playlist {playlist}"] if playlist is not None else items
    print_frame(frame, title=f"Like {', '.join(asked)}", as_json=as_json)
