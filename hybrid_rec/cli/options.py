"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ModelFolder = Annotated[Path, typer.Argument(metavar="MODEL", help="Folder of a saved model.")]
Items = Annotated[list[str], typer.Option("--item", metavar="ID", help="Item id; repeat for more.")]
Count = Annotated[int, typer.Option("-k", "--k", metavar="K", help="How many to return.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON Lines, one object a row.")]
Weight = Annotated[
    list[str] | None,
    typer.Option(
        "--weight",
        metavar="BLOCK=X",
        help="Weight of a block for this call: cooccurrence, title, artist, tags or popularity.",
    ),
]
SkipUnknown = Annotated[
    bool, typer.Option("--skip-unknown", help="Leave unknown item ids out instead of stopping.")
]
Explain = Annotated[
    bool, typer.Option("--explain", help="Say of each row what carried it; in JSON every part.")
]
ItemsFile = Annotated[Path | None, typer.Option("--items", help="File of items, as for fit.")]
ConfigFile = Annotated[Path | None, typer.Option("--config", help="TOML file of parameters.")]
SplitName = Annotated[
    str,
    typer.Option("--split", help="continuation, global-time, leave-last-out or cold-items."),
]
SeedRule = Annotated[
    str, typer.Option("--seeds", help="What is given of a playlist: half, first or random.")
]
SeedCount = Annotated[int, typer.Option("--n-seeds", help="How many seeds for first and random.")]
MinLength = Annotated[
    int, typer.Option("--min-length", help="Leave out playlists with fewer different items.")
]
MaxLength = Annotated[
    int | None, typer.Option("--max-length", help="Cut held-out playlists to so many items.")
]
Seed = Annotated[int, typer.Option("--seed", help="Seed of split and training.", min=0)]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress on standard error.")]
