"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, get_args

import typer
from typer.core import TyperCommand

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
    typer.Option("--split", help="How playlists are split: {splits}."),
]
SeedRule = Annotated[
    str, typer.Option("--seeds", help="What is given of a playlist: {seed_rules}.")
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


class NamesInHelp(TyperCommand):
    """A command whose help names what is registered in `evaluation`.

    `{splits}`, `{baselines}` and so on stand for the names. They are looked up when the help is
    shown and not before, because loading them takes longer than most commands.
    """

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help, with names in place of braces."""
        names = _registered_names()
        for parameter in self.params:
            text = getattr(parameter, "help", None)
            if text:
                parameter.help = text.format_map(names)  # type: ignore[attr-defined]
        super().format_help(ctx, formatter)


def _registered_names() -> dict[str, str]:
    from evaluation.metrics.registry import METRICS
    from evaluation.recommenders.registry import BASELINES, default_baselines
    from evaluation.splits.registry import SPLITS
    from evaluation.splits.split import Part, SeedRule
    from evaluation.studies.registry import STUDIES

    studies = [
        f"{name} ({study.n_fits} more fits)" if study.n_fits else name
        for name, study in STUDIES.items()
    ]
    return {
        "metrics": ", ".join(METRICS),
        "splits": ", ".join(SPLITS),
        "parts": ", ".join(get_args(Part)),
        "seed_rules": ", ".join(get_args(SeedRule)),
        "baselines": ", ".join(BASELINES),
        "default_baselines": ", ".join(default_baselines()),
        "studies": ", ".join(studies),
    }
