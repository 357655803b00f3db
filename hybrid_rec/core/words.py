"""Numbers with the nouns that they count, in right English."""

from __future__ import annotations

import re

_NOUN = re.compile(r"\b([a-z]+?)(ies|s)\b")
# What a clause right behind the noun says that it does: "that start early and go on late".
_VERB = re.compile(r"(?:^ that|(?<=\w) and) ([a-z]+)")


def how_many(n: int, what: str) -> str:
    """A number with separators and what it counts, in the singular if that is one.

    Args:
        n: How many.
        what: A noun in the plural and whatever goes with it. The first word of it that ends in
            "s" is taken for the noun.

    Examples:
        >>> how_many(1, "queries"), how_many(0, "rows"), how_many(1200, "cold items")
        ('1 query', '0 rows', '1,200 cold items')
        >>> how_many(1, "plays that repeat an item of their playlist")
        '1 play that repeats an item of their playlist'
    """
    noun = _NOUN.search(what)
    if n != 1 or noun is None:
        return f"{n:,} {what}"
    behind = what[noun.end() :]
    if behind.startswith(" that "):
        behind = _VERB.sub(lambda verb: verb[0] + ("es" if verb[1][-1] == "o" else "s"), behind)
    return f"1 {what[: noun.start()]}{noun[1]}{'y' if noun[2] == 'ies' else ''}{behind}"
