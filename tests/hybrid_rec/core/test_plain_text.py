"""Plain text: nothing of it reaches a terminal, a JSON line or a shell as a command."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybrid_rec.core.plain_text import (
    plain_json,
    plain_line,
    plain_text,
    shell_line,
    shortened_line,
)

BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
HIDDEN = [
    *(chr(c) for c in range(0xA0) if unicodedata.category(chr(c)) == "Cc" and chr(c) not in "\t\n"),
    *BIDI, "\u2028", "\u2029", "\ufeff", "\U000e0001", "\U000e0041", "\U000e007f", "\udcff",
]  # fmt: skip
KEPT = "naïve 日本語 👩\u200d🎤 ک\u200cت e\u0301 ❤\ufe0f עברית"


@pytest.mark.parametrize("character", HIDDEN, ids=ascii)
def test_control_characters_become_escapes_that_name_them(character: str) -> None:
    shown = plain_text(f"a{character}b")
    assert shown.isascii()
    assert shown.encode().decode("unicode_escape") == f"a{character}b"


def test_letters_of_every_script_joiners_and_own_layout_stay() -> None:
    assert plain_text(f"{KEPT}\n\tx") == f"{KEPT}\n\tx"
    assert plain_line(KEPT) == KEPT


@pytest.mark.parametrize("separator", ["\n", "\r\n", "\r", "\t", "\v", "\f", "\x85", "\u2028"])
def test_a_line_is_one_line_without_tabs(separator: str) -> None:
    assert plain_line(f"one{separator}two") == "one two"


@given(st.text())
def test_json_means_the_same_without_the_characters(text: str) -> None:
    written = plain_json({text: [text]})
    assert json.loads(written) == {text: [text]}
    assert plain_text(written) == written
    assert "\n" not in written


@given(st.text(), st.integers(20, 60))
def test_a_shortened_line_is_short_and_keeps_both_ends(text: str, most: int) -> None:
    shown = shortened_line(text, most)
    whole = plain_line(" ".join(text.split()))
    assert len(shown) <= most
    assert shown == whole or (" [...] " in shown and shown[0] == whole[0])
    assert shown[-1:] == whole[-1:]


def test_words_without_control_characters_are_quoted_as_shlex_does() -> None:
    words = ["hybrid-rec", "my plays.csv", "it's", "", "$(touch x)", "日本語"]
    assert shell_line(words) == shlex.join(words)


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_a_shell_reads_a_line_as_the_words_it_was_made_of() -> None:
    words = [f"a{c}7 'b' \\n $x `y`" for c in [*HIDDEN[1:], "\n", "\t"]]
    line = shell_line(words)
    assert plain_text(line) == line
    assert "\n" not in line
    done = subprocess.run(["bash", "-c", f"printf '%s\\0' {line}"], capture_output=True, check=True)
    read = [word.decode(errors="surrogateescape") for word in done.stdout.split(b"\0")[:-1]]
    assert read == words


def test_a_file_name_of_any_bytes_survives() -> None:
    line = shell_line(["cat", b"na\xffme".decode(errors="surrogateescape")])
    assert re.fullmatch(r"cat \$'na\\377me'", line)
