"""Text in which nothing is a command to the terminal, page or shell that it is shown in.

Titles, names of files and columns, and what a manifest holds come from others. Sent as they are,
some characters move the cursor, write the clipboard or turn the order of what stands beside them.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable
from typing import Any

# Control characters but for tabs and line ends; separators of lines and paragraphs; marks that
# turn the direction of text; byte order mark, tags and deprecated or annotating format characters;
# and halves of surrogate pairs, which stand for bytes of a file name that are no UTF-8. The
# joiners U+200C and U+200D are left, for scripts and emoji need them.
_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
# What one reader or another takes for the end of a cell or a line.
_SEPARATORS = re.compile("\r\n|[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]")
_OMITTED = " [...] "


def plain_text(text: str) -> str:
    r"""The text with control characters as escapes; tabs and line ends are kept.

    Examples:
        >>> print(plain_text("red \x1b[31m alert"))
        red \x1b[31m alert
    """
    return _CONTROLS.sub(_escaped, text)


def plain_line(value: object) -> str:
    r"""A value as text without tabs and line ends, which become spaces, or control characters.

    Examples:
        >>> print(plain_line("one\ntwo \u202e three"))
        one two \u202e three
    """
    return plain_text(_SEPARATORS.sub(" ", str(value)))


def shortened_line(text: str, most: int) -> str:
    """The same for a text of any length; in place of its middle it has dots.

    Args:
        text: What to show.
        most: Characters of it, at least 20; of what is too long three quarters are its beginning.
    """
    line = plain_line(" ".join(text.split()))
    if len(line) <= most:
        return line
    tail = most // 4
    return f"{line[: most - tail - len(_OMITTED)]}{_OMITTED}{line[-tail:]}"


def plain_json(value: Any, **options: Any) -> str:
    """A value as JSON that holds no control characters, but means them.

    Args:
        value: What JSON can hold.
        options: As for `json.dumps`; other characters than ASCII are written as they are.
    """
    text = json.dumps(value, **{"ensure_ascii": False, **options})
    return _CONTROLS.sub(lambda found: json.dumps(found[0])[1:-1], text)


def shell_line(words: Iterable[object]) -> str:
    r"""A command line that a shell reads as these words; control characters stand as escapes.

    Examples:
        >>> print(shell_line(["cat", "my file", "a\nb"]))
        cat 'my file' $'a\nb'
    """
    return " ".join(_shell_word(str(word)) for word in words)


def _shell_word(word: str) -> str:
    if not (_CONTROLS.search(word) or _SEPARATORS.search(word)):
        return shlex.quote(word)
    # Bytes, because shells differ in what they make of \u.
    told = (
        {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\t": "\\t"}.get(c)
        or (_bytes_of(c) if _CONTROLS.match(c) else c)
        for c in word
    )
    return f"$'{''.join(told)}'"


def _bytes_of(character: str) -> str:
    # Three octal digits end by themselves, unlike hexadecimal ones.
    return "".join(f"\\{byte:03o}" for byte in character.encode(errors="surrogateescape"))


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")
