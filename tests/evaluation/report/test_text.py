"""Texts in a report: in Markdown and HTML they mean nothing but themselves."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from evaluation.report.text import duration, markdown
from hybrid_rec.core.plain_text import plain_line

MARKUP = [
    "a | b", "`code`", "``", "*em* _em_ __strong__ ~~gone~~", "snake_case_name", "[text](http://x)",
    "![alt](http://x/y.png)", "[ref]: http://x", "<script>alert(1)</script>", "<img src=x alt=y>",
    "<http://x>", "&lt;b&gt; &amp; &#60;", "# heading", "- item", "+ item", "1. item", "2024) item",
    "= x", "> quoted", "\\", "\\|", "ends in \\", "two\nlines", "$x$ $$y$$", "---", "x --> y",
]  # fmt: skip
LIVE = ["https://evil.example/x", "www.evil.example", "mail a.b@evil.example now", ":fire:"]


def rendered(text: str) -> str:
    """Markdown as a page shows it, tables and strikethrough included."""
    return str(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(text))


def words_of(page: str) -> str:
    """The text of a page."""
    return " ".join(html.unescape(re.sub(r"<!--.*?-->", "", page)).split())


@given(st.one_of(st.text(), st.lists(st.sampled_from(MARKUP + LIVE)).map(" ".join)))
@example("a\\")
@example("\\|")
def test_a_text_in_markdown_is_only_text(text: str) -> None:
    told = " ".join(plain_line(" ".join(text.split())).split())
    table = rendered(f"| a | b |\n|---|---|\n| {markdown(text)} | end |\n")
    cells = re.findall(r"<td>(.*?)</td>", table, re.DOTALL)
    assert [words_of(cell) for cell in cells] == [told, "end"]
    assert re.findall(r"<(?!!)/?(\w+)", "".join(cells)) == []
    line = rendered(markdown(text))
    assert re.findall(r"<(?!!)/?(\w+)", line) == (["p", "p"] if told else [])
    assert words_of(line.replace("<p>", "").replace("</p>", "")) == told


@pytest.mark.parametrize("text", LIVE)
def test_what_some_readers_make_live_by_itself_is_broken(text: str) -> None:
    told = markdown(f"see {text} there")
    for found in re.finditer(r"://|www\.|@(?=\w)|:\w+:", told):
        assert told[found.start() - 1] == "\\", told


def test_names_and_numbers_stay_readable() -> None:
    names = ["hit_rate@10", "NDCG@500", "playlist-knn", "0.5", "12.25", "f(x) = y", "a/b", "10:30"]
    assert [markdown(name) for name in names] == names


def test_durations() -> None:
    told = [duration(t) for t in (None, 0.0004, 0.035, 0.5, 2.44, 59.96, 185, 3725)]
    assert told == ["\u2013", "0.4 ms", "35 ms", "500 ms", "2.4 s", "1 min 0 s", "3 min 5 s",
                    "1 h 2 min"]  # fmt: skip
