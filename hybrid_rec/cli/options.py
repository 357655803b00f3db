"""Options that several commands share."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, get_args

import typer
from typer.core import TyperCommand

from hybrid_rec.cli.examples import ExamplesInHelp
from hybrid_rec.core.choices import Distinct
from hybrid_rec.core.errors import ConfigError
from hybrid_rec.core.quoting import quoted

SYNTHETIC = "synthetic"
"""The data set that is generated, and needs no file."""

ModelFolder = Annotated[Path, typer.Argument(metavar="MODEL", help="Folder of a saved model.")]
DatasetName = Annotated[
    str, typer.Argument(metavar="DATASET", help="What to learn from, named as for fit.")
]
OptionalItems = Annotated[
    list[str] | None,
    typer.Option("--item", metavar="ID", help="Id of an item; repeat the option for more."),
]
Titles = Annotated[
    list[str] | None,
    typer.Option(
        "--title", metavar="TEXT", help="Title of an item, as far as known; repeat it for more."
    ),
]
Artists = Annotated[
    list[str] | None,
    typer.Option(
        "--artist", metavar="TEXT", help="Artist of the --title: one for all, or one for each."
    ),
]
Dislikes = Annotated[
    list[str] | None,
    typer.Option(
        "--dislike",
        metavar="ID",
        help="Id of an item that is not wanted, nor what is like it; repeat it for more.",
    ),
]
Count = Annotated[int, typer.Option("-k", "--k", metavar="K", help="Number of items to return.")]
ListLength = Annotated[
    int, typer.Option("-k", "--k", metavar="K", help="Number of items for each query.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON Lines, one object for each row.")]
Weight = Annotated[
    list[str] | None,
    typer.Option(
        "--weight",
        metavar="BLOCK=X",
        help="Weight of a block for this call: cooccurrence, popularity or a block that describes "
        "items, such as title. With any weight given, the weighted sum orders the items, "
        "not the learned ranking.",
    ),
]
SkipUnknown = Annotated[
    bool, typer.Option("--skip-unknown", help="Leave unknown item ids out instead of stopping.")
]
OneOfEach = Annotated[
    Distinct | None,
    typer.Option(
        "--distinct",
        metavar="song",
        help="Keep out other releases of the songs that are given or stand above.",
    ),
]
Where = Annotated[
    str | None,
    typer.Option(
        "--where",
        metavar="EXPRESSION",
        help="Only items whose columns pass, such as \"year >= 1990 and 'jazz' in tags\".",
    ),
]
AllowFile = Annotated[
    Path | None,
    typer.Option("--allow-file", metavar="FILE", help="Only items whose ids it has, one a line."),
]
BlockFile = Annotated[
    Path | None,
    typer.Option("--block-file", metavar="FILE", help="No items whose ids it has, one a line."),
]
Explain = Annotated[
    bool,
    typer.Option(
        "--explain", help="Say for each row why it was recommended; JSON lists every part."
    ),
]
ItemsFile = Annotated[
    str | None, typer.Option("--items", metavar="FILE", help="File or URL of items, as for fit.")
]
Columns = Annotated[
    str | None,
    typer.Option(
        "--columns",
        metavar="NAME=COLUMN,...",
        help="What columns are called in the files, such as playlist_id=user,item_id=track.",
    ),
]
Encoding = Annotated[
    str | None,
    typer.Option("--encoding", help="Encoding of CSV and TSV, such as utf-16; by default UTF-8."),
]
DateFormat = Annotated[
    str | None,
    typer.Option(
        "--date-format",
        metavar="FORMAT",
        help="How played_at is written: day-first, month-first or year-first; s, ms, us or ns; or "
        "a format such as %d/%m/%Y. By default the whole column tells.",
    ),
]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="TOML file of parameters.")
]
SplitName = Annotated[
    str,
    typer.Option(
        "--split",
        help="How playlists are held out: {splits}.",
    ),
]
SeedRule = Annotated[
    str,
    typer.Option("--seeds", help="Which items of a held-out playlist are given: {seed_rules}."),
]
SeedCount = Annotated[
    int, typer.Option("--n-seeds", help="Number of given items, for first and random.")
]
MinLength = Annotated[
    int, typer.Option("--min-length", help="Only learn from playlists that are shorter.")
]
MaxLength = Annotated[
    int | None, typer.Option("--max-length", help="Cut held-out playlists to so many items.")
]
Seed = Annotated[int, typer.Option("--seed", help="Seed of the split and of training.", min=0)]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress bars on standard error.")]


def table_options(
    columns: str | None, encoding: str | None, date_format: str | None
) -> dict[str, Any]:
    """How files are written, as the functions that read them take it.

    Raises:
        ConfigError: For columns of another form.
    """
    names: dict[str, str] = {}
    for pair in columns.split(",") if columns is not None else ():
        ours, equals, theirs = pair.partition("=")
        if not equals or not ours.strip() or not theirs or ours.strip() in names:
            raise ConfigError(
                "--columns must be NAME=COLUMN joined by commas, each name once, such as "
                f"playlist_id=user,item_id=track, got {quoted(columns)}."
            )
        names[ours.strip()] = theirs
    return {"columns": names or None, "encoding": encoding, "date_format": date_format}


class NamesInHelp(ExamplesInHelp, TyperCommand):
    """A command whose help names what is registered in `evaluation`, and ends with examples.

    `{splits}`, `{baselines}` and so on stand for the names. They are looked up when the help is
    shown and not before, because loading them takes longer than most commands.
    """

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help, with names in place of braces."""
        for parameter in self.params:
            text = getattr(parameter, "help", None)
            if text and "{" in text:
                parameter.help = text.format_map(_Names())  # type: ignore[attr-defined]
        super().format_help(ctx, formatter)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """What may follow, with dots in place of braces: nobody waits for names at a Tab."""
        found = super().shell_complete(ctx, incomplete)
        for item in found:
            item.help = re.sub(r"\{\w+\}", "\u2026", item.help or "")
        return found


class _Names(dict[str, str]):
    """What braces in a help text stand for, each looked up when it is asked for."""

    def __missing__(self, name: str) -> str:
        if name == "datasets":
            from hybrid_rec.data.datasets import data_set_names

            return ", ".join(data_set_names())
        return _registered_names()[name]


def _registered_names() -> dict[str, str]:
    from evaluation.metrics.registry import METRICS
    from evaluation.recommenders.registry import BASELINES, default_baselines
    from evaluation.splits.registry import SPLITS
    from evaluation.splits.split import Part, SeedRule
    from evaluation.studies.registry import STUDIES

    studies = [
        f"{name} (further fits: {study.n_fits})" if study.n_fits else name
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
