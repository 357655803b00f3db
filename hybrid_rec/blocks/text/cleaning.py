"""Cleaning of texts before they are encoded: of titles by many rules, of long texts by few."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybrid_rec.core.arrays import Rows
from hybrid_rec.core.errors import DataError
from hybrid_rec.core.quoting import quoted

Texts = Sequence[str | None] | NDArray[Any]
Clean = Callable[[str], str]
"""What is done to a text before it is encoded; `clean_title` or `clean_text`, say."""

_LONGEST = 500
"""Names are shorter. Longer text is only normalised, for the rules take quadratic time."""

_OPEN, _CLOSE, _FREE = r"[(\[{]", r"[)\]}]", r"[^()\[\]{}]"
_DASHES = r"\-\u2013\u2014"  # hyphen, en dash, em dash
_DASH = f"[{_DASHES}]"
_NESTED = rf"{_FREE}*(?:{_OPEN}{_FREE}*{_CLOSE}{_FREE}*)*"

# Most titles are a bare name: one search decides, and only what it finds pays for the rules.
_SUSPECT = re.compile(
    r"[^\x20-\x7e]|  |^ | $|[(\[{\\]|, (?:The|An?)$| - | [-,;:/]+$|\b(?:feat|ft|featuring)\b", re.I
)

_MARKS = "\u200b\ufeff\u00ad\u2060\u2122\u00ae\u00a9"  # zero widths, soft hyphen, (tm) (r) (c)
_QUOTES = dict.fromkeys("\u2018\u2019\u02bc\u00b4", "'") | dict.fromkeys("\u201c\u201d", '"')
_CHARACTERS = str.maketrans(
    dict.fromkeys(_MARKS, "")
    | _QUOTES
    | dict.fromkeys(map(chr, (*range(0x20), *range(0x7F, 0xA0))), " ")  # control characters
    | dict.fromkeys(map(chr, range(0xD800, 0xE000)), "")  # halves of characters
)

# "(With My Heart)" is part of a name far more often than "(With James)" is a credit. Only the
# spelling of the stores, a small "with" before a name, can be told from it.
_NO_GUEST = r"(?:Me|My|You|Your|Us|Our|Him|His|Her|It|Them|Their|This|These|That|Those|A|An|No)\b"
_CREDIT = re.compile(
    rf"{_OPEN}\s*(?:(?i:w/(?!o(?:ut)?\b)|(?:feat|ft|featuring|prod|produced\s+by)\b)"
    rf"|with\s+(?!{_NO_GUEST})(?=[^\W_a-z])){_NESTED}(?:{_CLOSE}|$)"
)
# "(Smoke Remix feat. Anna)": the remix stays, the guest goes.
_CREDIT_WITHIN = re.compile(
    rf"({_OPEN}{_FREE}*\w)\s+(?:(?:feat|ft)\.|(?:feat|ft|featuring)\s){_FREE}*(?={_CLOSE})", re.I
)
# A bare number before "ft" makes it feet, and a "feat of" is a deed. A guest's name ends where
# the title goes on to say how it sounds.
_SOUND = r"(?:live|remix|mix|acoustic|demo|instrumental|unplugged|cover|session|dub)\b"
_CREDIT_BARE = re.compile(
    rf"(?<=[^\s,;{_DASHES}])[\s,;{_DASHES}]+"
    r"(?:feat\.\s*|feat\s+(?!of\b)|featuring\s+|(?<!\d\s)ft\s+"
    r"|ft\.\s*(?!(?:tall|high|under|deep|wide|long|below|above|down|of)\b))"
    rf"(?=\S)(?:(?!\s*{_OPEN}{_FREE}*\b{_SOUND}|\s{_DASH}\s.*\b{_SOUND}).)+",
    re.I,
)

_YEAR = r"(?:1[89]|20)\d\d"
_YEARS = re.compile(
    rf"{_OPEN}\s*(?:{_YEAR}(?:\s*[{_DASHES}/]\s*(?:\d\d(?:\d\d)?)?)?|'\d\d)\s*{_CLOSE}"
)

_BRACKET = re.compile(rf"{_OPEN}({_FREE}*){_CLOSE}")
_TAIL = re.compile(rf"(?<=\S)\s+{_DASH}\s+((?:(?!\s{_DASH}\s){_FREE})*)$")
_WORD = re.compile(r"\w+")
_NOISE = frozenset(
    {"remaster", "remastered", "radio", "single", "album", "lp", "explicit", "clean", "dirty"}
    | {"uncensored", "edit", "bonus", "official", "original", "mono", "stereo"}
)
_FILLER = frozenset(
    {"digital", "digitally", "newly", "extra", "main", "version", "mix", "track", "edition"}
    | {"video", "audio", "music", "lyric"}
)
_ENOUGH_ALONE = frozenset({"remaster", "remastered", "explicit"})

# "Oh, La" and "Maybe, I" are songs: only a film, known by the year it carries, is filed under
# the word behind an article of another language.
_ENGLISH = "The|A|An"
_FOREIGN = (
    "La|Le|Les|L'|El|Los|Las|Il|Lo|Gli|I|Un|Une|Una|O|Os|As"
    "|Der|Die|Das|Ein|Eine|De|Het|En|Ett|Det|Den"
)


def _article_last(articles: str) -> re.Pattern[str]:
    return re.compile(
        rf"((?:^|{_OPEN})\s*(?:a\.k\.a\.\s+)?)({_FREE}*?[^()\[\]{{}}\s,]),\s+({articles})"
        rf"(?=\s*(?:[()\[\]{{}}]|$))"
    )


_ARTICLE = _article_last(_ENGLISH)
_ARTICLE_OF_FILM = _article_last(f"{_ENGLISH}|{_FOREIGN}")
_DANGLING = re.compile(rf"(?<=\S)\s+[{_DASHES},;:/]+$")


def clean_title(title: str | None) -> str:
    r"""The name in a title, ready to be encoded; "" for a missing title.

    Taken off are credits of guests and producers, years in brackets and what a release adds
    ("Remastered 2009", "Radio Edit"). What says how it sounds ("Live", "Remix", "Acoustic")
    stays. If nothing would be left, the title stays whole. Cleaning twice is cleaning once.

    Args:
        title: A title as its source spells it, or None.

    Examples:
        >>> clean_title("Aston Martin Music (w\\/ Drake & Chrisette Michele)")
        'Aston Martin Music'
        >>> clean_title("Matrix, The (1999)")
        'The Matrix'
        >>> clean_title("1979"), clean_title("(1995)"), clean_title(None)
        ('1979', '(1995)', '')
    """
    if title is None:
        return ""
    if not _SUSPECT.search(title):
        return title
    whole = _settle(title, _normalise)
    if len(whole) > _LONGEST:
        return whole
    article = _ARTICLE_OF_FILM if _YEARS.search(whole) else _ARTICLE
    return _settle(whole, lambda text: _strip(text, article)) or whole


def clean_text(text: str) -> str:
    r"""A text with its Unicode and its white space in one form, and otherwise as it is.

    For lyrics and descriptions, whose brackets, years and guests belong to them. Line breaks become
    spaces, curly quotes straight ones. Cleaning twice is cleaning once.

    Examples:
        >>> clean_text("Don\u2019t stop (2009 Remaster),\n\tdon't  stop")
        "Don't stop (2009 Remaster), don't stop"
    """
    return _settle(text, _normalise)


def distinct_texts(texts: Texts, clean: Clean = clean_title) -> tuple[list[str], Rows]:
    """The distinct cleaned texts, in order of appearance, and the place of each text in them.

    Args:
        texts: Strings, or None for a missing text.
        clean: What is done to each distinct text first.

    Returns:
        The cleaned texts, and `(n,)` places in them; -1 for a text that is missing or empty.

    Raises:
        DataError: If a text is neither a string nor None.

    Examples:
        >>> found, places = distinct_texts(["Help!", None, "Help! (w/ Strings)"])
        >>> found, places.tolist()
        (['Help!'], [0, -1, 0])
    """
    places = np.empty(len(texts), np.int64)
    of_text: dict[str, int] = {}
    of_cleaned: dict[str, int] = {"": -1}
    for position, text in enumerate(texts):
        if text is None:
            places[position] = -1
            continue
        if not isinstance(text, str):
            raise DataError(
                f"texts must be strings or None, got {quoted(text)} ({type(text).__name__}) at "
                f"position {position}."
            )
        place = of_text.get(text)
        if place is None:
            place = of_cleaned.setdefault(clean(text), len(of_cleaned) - 1)
            of_text[text] = place
        places[position] = place
    return list(of_cleaned)[1:], places


def _settle(text: str, step: Callable[[str], str]) -> str:
    """What `step` makes of `text` when it is repeated until nothing changes."""
    while (after := step(text)) != text:
        text = after
    return text


def _normalise(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text.translate(_CHARACTERS).replace("\\/", "/"))
    return " ".join(plain.split())


def _strip(text: str, article: re.Pattern[str]) -> str:
    text = _CREDIT.sub(" ", text)
    text = _CREDIT_WITHIN.sub(r"\1", text)
    text = _CREDIT_BARE.sub("", text)
    text = _YEARS.sub(" ", text)
    text = _BRACKET.sub(lambda match: " " if _is_noise(match[1]) else match[0], text)
    text = _TAIL.sub(lambda match: "" if _is_noise(match[1], tail=True) else match[0], text)
    text = article.sub(_article_first, text)
    return _DANGLING.sub("", _normalise(text))


def _is_noise(text: str, tail: bool = False) -> bool:
    """Whether these words only tell one release from another: "2009 Remaster", "Radio Edit".

    Behind a dash a lone "Single" or "Radio" may be a subtitle; in brackets it hardly is.
    """
    words = {word for word in _WORD.findall(text.lower()) if not re.fullmatch(_YEAR, word)}
    if not words & _NOISE or not words <= _NOISE | _FILLER:
        return False
    return not tail or len(words) > 1 or bool(words & _ENOUGH_ALONE)


def _article_first(match: re.Match[str]) -> str:
    lead, name, article = match.groups()
    gap = "" if article.endswith("'") else " "
    return f"{lead}{article}{gap}{name}"
