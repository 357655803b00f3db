"""Texts as people type them: case, accents and punctuation in one form."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hybrid_rec.core.arrays import Objects
from hybrid_rec.data.arrow_types import TEXT

# Letters that are another letter with a stroke or two in one, which Unicode does not take apart.
_LETTERS = {
    "ß": "ss", "ø": "o", "ł": "l", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "þ": "th",
    "\u0131": "i", "\u03c2": "\u03c3",
}  # fmt: skip
_RARE = f"[{''.join(_LETTERS)}]"
_FOREIGN = r"[^\x00-\x7f]"


def folded(texts: pa.Array | pa.ChunkedArray) -> Objects:
    """Texts without differences of case, accents, punctuation and spaces, `(n,)` strings.

    Args:
        texts: Strings; a null becomes "". What holds neither letter nor digit is only normalised.

    Examples:
        >>> folded(pa.array(["  Beyoncé!", "Don't  Stop", "R&B", "!!!", None])).tolist()
        ['beyonce', 'dont stop', 'r and b', '!!!', '']
    """
    column = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    column = pc.fill_null(column.cast(TEXT), "")
    foreign = np.flatnonzero(np.asarray(pc.match_substring_regex(column, _FOREIGN)))
    plain: Objects = np.empty(len(column), dtype=object)
    plain[:] = _in_words(pc.utf8_lower(column)).to_pylist()
    if len(foreign):
        # Few texts need what takes longest.
        some = pc.utf8_lower(pc.utf8_normalize(column.take(pa.array(foreign)), form="NFKD"))
        some = pc.replace_substring_regex(some, r"\pM", "")
        if pc.any(pc.match_substring_regex(some, _RARE)).as_py():
            for letter, plainly in _LETTERS.items():
                some = pc.replace_substring(some, letter, plainly)
        plain[foreign] = _in_words(some).to_pylist()
    return plain


def folded_text(text: str) -> str:
    """One text, folded in the same way."""
    return str(folded(pa.array([re.sub("[\ud800-\udfff]", "", text)], TEXT))[0])


def _in_words(texts: pa.Array) -> pa.Array:
    words = pc.replace_substring_regex(texts, "['\u2019\u2018\u02bc`\u00b4]", "")
    words = pc.replace_substring_regex(words, r"\s*[&+]\s*", " and ")
    words = pc.utf8_trim_whitespace(pc.replace_substring_regex(words, r"[^\pL\pN]+", " "))
    # A title such as "!!!" is its signs.
    return pc.if_else(pc.equal(words, ""), pc.utf8_trim_whitespace(texts), words)
