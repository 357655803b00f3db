"""The items that `recommend` and `similar` are asked about: by id, by title, by artist."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hybrid_rec.cli.paths import check_table
from hybrid_rec.core.console import complain
from hybrid_rec.core.errors import ConfigError, DataError
from hybrid_rec.core.quoting import quoted

if TYPE_CHECKING:
    from hybrid_rec.recommender import HybridRecommender


def check_given(
    command: str,
    items: list[str] | None,
    titles: list[str] | None,
    artists: list[str] | None,
    *others: str,
    other: bool = False,
) -> None:
    """Refuse a question that names nothing, or an artist that goes with no title.

    Args:
        command: Its name.
        items: Ids.
        titles: Titles.
        artists: Artists of these, or by themselves.
        others: Further options that name something.
        other: Whether one of these is given.

    Raises:
        ConfigError: If nothing is given, or titles and artists do not fit.
    """
    if not (items or titles or artists or other):
        options = ["--item ID", "--title TEXT", *others]
        raise ConfigError(
            f"{command} must be given {', '.join(options[:-1])} or {options[-1]}, got "
            f"{'none of them' if len(options) > 2 else 'neither'}."
        )
    for text in (*(titles or []), *(artists or [])):
        if not text.strip():
            raise ConfigError(f"--title and --artist must be texts, got {quoted(text)}.")
    if titles and artists and len(artists) not in (1, len(titles)):
        raise ConfigError(
            f"--artist must be given once for all titles, or once for each of {len(titles)}, got "
            f"{len(artists)}."
        )


def ids_in(file: Path | None) -> list[str] | None:
    """The ids in a file, one a line; None for no file.

    Raises:
        DataError: If it is missing, no UTF-8 text, or holds no id.
    """
    if file is None:
        return None
    check_table(file, "a file of item ids")
    try:
        lines = file.read_text("utf-8-sig").splitlines()
    except (UnicodeDecodeError, IsADirectoryError):
        raise DataError(f"{file} must be a text file in UTF-8 of one item id a line.") from None
    ids = [line.strip() for line in lines if line.strip()]
    if not ids:
        raise DataError(f"{file} must hold one item id a line, found none.")
    return ids


def asked_items(
    recommender: HybridRecommender,
    items: list[str] | None,
    titles: list[str] | None,
    artists: list[str] | None,
    *,
    skip_unknown: bool = False,
) -> list[str]:
    """Ids of what was asked; standard error says which item a title was taken for.

    Args:
        recommender: What is asked.
        items: Ids.
        titles: Titles.
        artists: One for all titles, or one for each; without titles, each by itself.
        skip_unknown: Whether unknown ids pass.

    Raises:
        UnknownItemError: For an unknown id or title.
        DataError: For a title that fits several items.
    """
    from hybrid_rec.data.choosing import check_known, choose_item, named

    model = recommender.model_
    catalog, plays = model.catalog, model.playlists.play_counts
    ids = list(items or [])
    if not skip_unknown:
        check_known(catalog, ids)
    pairs: list[tuple[str | None, str | None]] = [(None, artist) for artist in artists or []]
    if titles:
        given: list[str | None] = [*artists] if artists else [None]
        pairs = list(zip(titles, given * len(titles) if len(given) == 1 else given, strict=False))
    for title, artist in pairs:
        row = choose_item(
            catalog,
            title,
            artist,
            plays,
            songs=None if title is None else model.songs.keys,
            removed=model.removed,
        )
        told = " by ".join(quoted(text) for text in (title, artist) if text is not None)
        complain(f"hybrid-rec: {told} is taken for {named(catalog, [row])}.")
        ids.append(str(catalog.item_ids[row]))
    return ids
