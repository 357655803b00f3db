"""TableOptions: how a file is written that does not say so itself."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hybrid_rec.core.errors import ConfigError
from hybrid_rec.core.quoting import joined, quoted
from hybrid_rec.data.order_kind import check_date_format

PLAY_COLUMNS = (
    "playlist_id", "item_id", "item_ids", "position", "played_at", "playlist_name", "weight",
    "title", "artist", "tags",
)  # fmt: skip
"""What columns of plays are called here."""

_KNOWN_AS = {
    "playlist_id": (
        "playlist", "pid", "listid", "user", "userid", "uid", "username", "listener", "session",
        "sessionid", "basket", "basketid", "order", "orderid", "customer", "customerid", "visitor",
        "visitorid", "member", "memberid", "account", "accountid", "client", "clientid",
        "profileid", "userno", "usernumber", "invoice", "invoiceno", "cart", "cartid",
    ),
    "item_id": (
        "item", "itemid", "track", "trackid", "trackuri", "song", "songid", "product", "productid",
        "movie", "movieid", "film", "filmid", "article", "articleid", "book", "bookid", "isbn",
        "video", "videoid", "show", "showid", "sku", "asin", "stockcode", "uri", "game", "gameid",
        "podcast", "episodeid", "content", "contentid", "spotifytrackuri", "recordingid",
    ),
    "title": ("name", "trackname", "songname", "songtitle", "itemname", "productname"),
    "artist": ("artistname", "singer", "band", "author", "creator"),
}  # fmt: skip
"""What other people call the columns, without case and separators."""


@dataclass(frozen=True)
class TableOptions:
    """How a file is written that does not say so itself.

    Raises:
        ConfigError: If one of the options is none.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    """What a column is called here, and what it is called in the file."""
    encoding: str | None = None
    """The encoding of CSV and TSV; None for UTF-8."""
    date_format: str | None = None
    """How times of play are written, see `OrderScan`; None to find out."""

    def __post_init__(self) -> None:
        check_columns(self.columns)
        check_date_format(self.date_format)
        if self.encoding is not None:
            try:
                "".encode(self.encoding)
            except (LookupError, TypeError, ValueError):
                raise ConfigError(
                    "encoding must be one that Python knows, such as utf-16, latin-1 or cp1252, "
                    f"got {quoted(self.encoding)}."
                ) from None

    @classmethod
    def of(
        cls, columns: Mapping[str, str] | None, encoding: str | None, date_format: str | None
    ) -> TableOptions:
        """The options as a caller gives them, None for none."""
        return cls({} if columns is None else columns, encoding, date_format)

    @property
    def given(self) -> dict[str, Any]:
        """The options that are given."""
        return {name: value for name, value in vars(self).items() if value}

    def renamed(self, found: Sequence[str]) -> list[str | None]:
        """What the columns of a file are called here; None for one in whose place another stands.

        Args:
            found: What they are called in the file.
        """
        here = {theirs: ours for ours, theirs in self.columns.items() if theirs in found}
        taken = set(here.values())
        return [here.get(name, None if name in taken else name) for name in found]

    def column_of(self, ours: str, found: Sequence[str]) -> str:
        """What a column is called in a file that has the columns `found`."""
        theirs = self.columns.get(ours)
        return theirs if theirs is not None and theirs in found else ours


def check_columns(columns: Any) -> None:
    """Raise a ConfigError unless this maps names of columns to those of a file, one to one."""
    if not isinstance(columns, Mapping) or not all(
        isinstance(name, str) and name for pair in columns.items() for name in pair
    ):
        raise ConfigError(
            "columns must map names to those of the file, such as "
            f"{{'playlist_id': 'user'}}, got {quoted(columns)}."
        )
    theirs = list(columns.values())
    twice = [name for name in theirs if theirs.count(name) > 1]
    if twice:
        raise ConfigError(
            f"columns must name each column of the file once, but {quoted(twice[0])} stands there "
            "twice; leave one out."
        )


def check_used(
    options: TableOptions, allowed: Iterable[str], tables: Iterable[Sequence[str]]
) -> None:
    """Raise a ConfigError for a mapped column that is read from none of the tables.

    Args:
        options: What is given.
        allowed: Names that may be mapped.
        tables: The columns of each table, as they are called there.
    """
    names, found = list(allowed), [name for table in tables for name in table]
    for ours, theirs in options.columns.items():
        if theirs not in found:
            hint = f"; did you mean {theirs}={ours}?" if ours in found else "."
            raise ConfigError(
                f"columns must name columns of the file, but {quoted(theirs)} (for {ours}) is none "
                f"of {joined(found)}{hint}"
            )
        if names and ours not in names:
            near = difflib.get_close_matches(ours, names, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}?" if near else f"valid are {', '.join(names)}."
            raise ConfigError(f"columns must map names that are read, not {quoted(ours)}; {hint}")


def guess(lacking: Sequence[str], found: Sequence[str]) -> dict[str, str]:
    """Which of the columns of a file are probably those that it lacks: our name, and theirs."""
    guesses: dict[str, str] = {}
    plain = {name: re.sub(r"[\W_]+", "", name).casefold() for name in found}
    for ours in lacking:
        own = ours.replace("_", "")
        likely = (own, *_KNOWN_AS.get(ours, ()))
        left = [name for name in found if name not in guesses.values()]
        by_rank = sorted(
            (likely.index(plain[name]), place, name)
            for place, name in enumerate(left)
            if plain[name] in likely
        )
        near = difflib.get_close_matches(own, [plain[name] for name in left], n=1, cutoff=0.8)
        if by_rank:
            guesses[ours] = by_rank[0][2]
        elif near:
            guesses[ours] = next(name for name in left if plain[name] == near[0])
    return guesses
