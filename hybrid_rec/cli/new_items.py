"""New items on the command line: one by its options, or those of a file."""

from __future__ import annotations

import math
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hybrid_rec.cli.paths import check_table
from hybrid_rec.core.errors import ConfigError
from hybrid_rec.core.quoting import quoted

if TYPE_CHECKING:
    import pandas as pd

    from hybrid_rec.blocks.base import ColumnKind
    from hybrid_rec.model.fitted import Model

NewTitle = Annotated[
    str | None,
    typer.Option("--new-title", metavar="TEXT", help="Title of an item that the model lacks."),
]
NewArtist = Annotated[
    str | None,
    typer.Option("--new-artist", metavar="TEXT", help="Artist of an item that the model lacks."),
]
NewColumns = Annotated[
    list[str] | None,
    typer.Option(
        "--new-column",
        metavar="NAME=VALUE",
        help="Another column of it, such as tags=rock|jazz, or context=ID|ID: items that it was "
        "seen with. Repeat the option for more.",
    ),
]
NewItemsFile = Annotated[
    Path | None,
    typer.Option("--new-items", metavar="FILE", help="File of such items, one a row."),
]
_CONTEXT, _ID = "context", "new"


@dataclass(frozen=True)
class NewAsked:
    """What is asked about items that the catalogue lacks."""

    title: str | None
    """Title of the one item."""
    artist: str | None
    """Its artist."""
    columns: list[str] | None
    """Its further columns, "NAME=VALUE" each."""
    file: Path | None
    """Items in a file."""

    def __bool__(self) -> bool:
        return self.is_one or self.file is not None

    @property
    def is_one(self) -> bool:
        """Whether one item is described by options."""
        return self.title is not None or self.artist is not None or bool(self.columns)

    def check(self, others: dict[str, Any]) -> None:
        """Refuse what does not go together.

        Args:
            others: Options for items of the catalogue, and what was given for them.

        Raises:
            ConfigError: For two kinds of question at once, or an option of another form.
            DataError: If the file is missing.
        """
        if not self:
            return
        for option, value in others.items():
            if value:
                raise ConfigError(
                    f"{option} must not be given together with new items; ask twice, or leave it "
                    "out."
                )
        if self.file is not None:
            if self.is_one:
                raise ConfigError(
                    "--new-items must be given without --new-title, --new-artist and --new-column; "
                    "add a row to the file."
                )
            check_table(self.file, "new items")
        for text in (self.title, self.artist):
            if text is not None and not text.strip():
                raise ConfigError(
                    f"--new-title and --new-artist must be texts, got {quoted(text)}."
                )

    def frame(self, model: Model) -> pd.DataFrame:
        """The items, one a row, as `recommend_for_new_items` takes them.

        Raises:
            ConfigError: For a column that the model does not know, or a value of another kind.
            DataError: For a file that cannot be read.
        """
        from hybrid_rec.batch.described import read_new_items
        from hybrid_rec.model.new_items import new_items_frame

        kinds = model.blocks.column_kinds
        if self.file is not None:
            return read_new_items(self.file, kinds, model.catalog)
        item: dict[str, Any] = {}
        for option, name, text in (
            ("--new-title", "title", self.title),
            ("--new-artist", "artist", self.artist),
        ):
            if text is not None:
                _check_column(option, name, kinds)
                item[name] = text
        for pair in self.columns or []:
            name, equals, value = pair.partition("=")
            if not equals or not name or not value or name in item:
                raise ConfigError(
                    "--new-column must be NAME=VALUE, each name once, such as tags=rock|jazz, got "
                    f"{quoted(pair)}."
                )
            _check_column("--new-column", name, kinds)
            item[name] = _value(name, value, "strings" if name == _CONTEXT else kinds[name])
        return new_items_frame({"item_id": _ID, **item})


def _check_column(option: str, name: str, kinds: dict[str, ColumnKind]) -> None:
    known = [*kinds, _CONTEXT]
    if name in known:
        return
    near = get_close_matches(name, known, 1)
    meant = f"; did you mean {near[0]}?" if near else "."
    raise ConfigError(
        f"{option} must be a column that describes items to the model, {', '.join(known)}, got "
        f"{quoted(name)}{meant}"
    )


def _value(name: str, text: str, kind: ColumnKind) -> Any:
    """A value as the column has it; lists are joined by "|"."""
    if kind == "text":
        return text
    parts = [part.strip() for part in text.split("|")]
    if kind == "strings":
        return [part for part in parts if part]
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        numbers = [math.nan]
    if not all(map(math.isfinite, numbers)) or (kind == "numbers" and len(numbers) > 1):
        form = "a number" if kind == "numbers" else "numbers joined by |"
        raise ConfigError(f"--new-column must have {form} for {name}, got {quoted(text)}.")
    return numbers[0] if kind == "numbers" else numbers
