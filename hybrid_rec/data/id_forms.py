"""Forms of one id that look alike: Unicode forms, case, spaces around, a whole number as a float.

Ids match exactly; this is for the message about one that does not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

_FLOAT = re.compile(r"(-?\d+)\.0+")


def plain_form(item_id: str) -> str:
    """What all forms of an id have in common."""
    whole = _FLOAT.fullmatch(item_id.strip())
    text = whole[1] if whole else item_id
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", text).strip().casefold())


def told_form(item_id: str, known: Mapping[str, str]) -> str:
    """What to add to an unknown id that is known in another form; "" if it is known in none.

    Args:
        item_id: The id that is unknown.
        known: Ids that are known, by their plain forms.
    """
    other = known.get(plain_form(item_id))
    if other is None or other == item_id:
        return ""
    ways = (
        ("in Unicode form NFC", lambda text: unicodedata.normalize("NFC", text)),
        ("in Unicode form NFD", lambda text: unicodedata.normalize("NFD", text)),
        ("in another Unicode form", lambda text: unicodedata.normalize("NFKC", text)),
        ("without spaces around", str.strip),
        ("in another case", str.casefold),
    )
    for name, change in ways:
        if change(item_id) == other:
            return f" (known {name})"
    if other.strip() == item_id:
        return " (known with spaces around)"
    if other.casefold() == item_id.casefold():
        return " (known in another case)"
    return f" (known as {other[:200]!a})"
