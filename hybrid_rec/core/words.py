"""Numbers with the nouns that they count, in right English."""

from __future__ import annotations

import re

_PLURAL = re.compile(r"\b([a-z]+?)(ies|s)\b")


def how_many(n: int, what: str) -> str:
    """A number with separators and what it counts, in the singular if that is one.

    Args:
        n: How many.
        what: A noun in the plural and whatever goes with it. The first word of it that ends in
            "s" is taken for the noun.

    Examples:
        >>> how_many(1, "queries"), how_many(0, "rows"), how_many(1200, "cold items")
        ('1 query', '0 rows', '1,200 cold items')
        >>> how_many(1, "playlists with fewer than two items")
        '1 playlist with fewer than two items'
    """
    if n == 1:
        what = _PLURAL.sub(lambda noun: noun[1] + ("y" if noun[2] == "ies" else ""), what, count=1)
    return f"{n:,} {what}"
