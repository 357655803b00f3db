"""`hybrid-rec find`: which items a text could mean."""

from __future__ import annotations

from typing import Annotated

import typer

from hybrid_rec.cli.options import AsJson, Count, ModelFolder
from hybrid_rec.cli.paths import check_model
from hybrid_rec.core.console import complain, print_frame
from hybrid_rec.core.quoting import quoted


def find(
    model: ModelFolder,
    text: Annotated[
        str, typer.Argument(metavar="TEXT", help="A title, an artist, both, or a part of them.")
    ],
    k: Count = 5,
    as_json: AsJson = False,
) -> None:
    """Find the items that a text could mean, with their ids.

    Examples:
        hybrid-rec find model "fade to black"
        hybrid-rec find model "metalica one" -k 3 --json
    """
    check_model(model)

    from hybrid_rec.data.telling import titles_told_apart
    from hybrid_rec.recommender import HybridRecommender

    recommender = HybridRecommender.load(model, mmap=True)
    found = recommender.find(text, k)
    if found.empty and not as_json:
        complain(f"hybrid-rec: nothing is like {quoted(text)}.")
    if not as_json:
        found = titles_told_apart(found, recommender.model_.catalog)
    print_frame(found, title=f"Found for {quoted(text)}", as_json=as_json)
