"""What people call playlists, cleaned: case, accents, emoji and punctuation in one form."""

from __future__ import annotations

import re
import unicodedata

# Names are shorter; of a longer one the rest says little.
_LONGEST = 200
_ACCENTS = re.compile("[\u0300-\u036f]")
# Joiners, selectors of a variant and tones of skin, without which an emoji is the same.
_VARIANTS = re.compile("[\u200d\ufe00-\ufe0f\u20e3\U0001f3fb-\U0001f3ff]")
_FLAG_LETTER = re.compile("[\U0001f1e6-\U0001f1ff]")
_FLAG_A, _ASCII = 0x1F1E6, 0x7F
_ELONGATED = re.compile(r"([^\d\s])\1{2,}")
_APOSTROPHE = re.compile("['\u2019\u2018\u02bc`\u00b4]")
_AND = re.compile(r"\s*[&+]\s*")


def clean_name(name: str) -> str:
    """A name in lower case without accents and punctuation, and with emoji in words.

    An emoji stands there by itself and by its name in Unicode. Where there is no letter,
    punctuation stays, for "</3" says something. Each word stands there once.

    Args:
        name: As somebody typed it.

    Examples:
        >>> clean_name("  Caf\u00e9 MUSIC!!! "), clean_name("R&B"), clean_name("\U0001f384")
        ('cafe music', 'r and b', '\U0001f384 christmas tree')
        >>> clean_name("chiiiiill"), clean_name("90's"), clean_name("</3"), clean_name(" ")
        ('chiill', '90s', '</3', '')
    """
    # Lower case may bring accents, which cleaning twice would find.
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name[:_LONGEST]).lower())
    text = _VARIANTS.sub("", _ACCENTS.sub("", text))
    text = _FLAG_LETTER.sub(lambda found: chr(ord("a") + ord(found[0]) - _FLAG_A), text)
    if not any(letter.isalpha() or _is_symbol(letter) for letter in text):
        return " ".join(text.split())
    text = _AND.sub(" and ", _APOSTROPHE.sub("", text))
    text = "".join(map(_in_words, _ELONGATED.sub(r"\1\1", text)))
    return unicodedata.normalize("NFC", " ".join(dict.fromkeys(text.split())))


def _is_symbol(letter: str) -> bool:
    """Whether a letter is an emoji, or another symbol with a name of its own."""
    return ord(letter) > _ASCII and unicodedata.category(letter) == "So"


def _in_words(letter: str) -> str:
    """A letter, a symbol and its name, or a space."""
    if _is_symbol(letter):
        words = unicodedata.name(letter, "").lower().replace("-", " ")
        return f" {letter} {words} "
    return letter if unicodedata.category(letter)[0] in "LNM" else " "
