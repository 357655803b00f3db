"""The page of a map, opened in a browser: search, clicks, colours, names of regions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Page

from hybrid_rec import Catalog, HybridRecommender, Playlists
from tests.browser import Window, running
from tests.genres import BLOCKS, HOSTILE, near
from tests.hybrid_rec.conftest import QUICK


@pytest.fixture(scope="module")
def window() -> Iterator[Window]:
    with running() as browser:
        yield Window(browser)


def opened(window: Window, file: Path, **options: Any) -> Page:
    page = window.open(file, **options)
    wait(page, "document.body && document.body.dataset.ready")
    return page


def wait(page: Page, script: str) -> Any:
    """The value of an expression as soon as it is true."""
    return page.wait_for_function(script).json_value()


SHOWN = """Object.fromEntries([...document.querySelectorAll("#told section[data-block]")].map(
    section => [section.dataset.block,
                [...section.querySelectorAll("button")].map(button => button.dataset.id)]))"""


def test_a_song_is_searched_and_its_neighbours_are_those_of_the_model(
    window: Window, map_page: Path, genres: HybridRecommender
) -> None:
    page = opened(window, map_page)
    for typed, item_id in (("number 41", "id-41"), ("deja", "id-8"), ("id-9", "id-9")):
        page.evaluate("document.querySelector('#query').value = ''")
        page.evaluate("document.querySelector('#query').focus()")
        page.keyboard.insert_text(typed)
        wait(page, "document.querySelectorAll('#matches li[role=option]').length > 0")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        wait(page, "!document.querySelector('#panel').hidden")
        assert page.evaluate("document.querySelector('#told dd').textContent") == item_id
        shown = page.evaluate(SHOWN)
        assert shown == {block: near(genres, item_id, block) for block in BLOCKS}
        names = page.evaluate(
            "[...document.querySelectorAll('#told section:last-child button')]"
            ".map(button => button.textContent)"
        )
        model = genres.model_
        row = model.catalog.rows([item_id])[0]
        held = model.playlists.owners[model.playlists.rows == row]
        assert names == model.playlists.names[np.unique(held)][:30].tolist()
    assert window.complaints == []


def test_what_is_clicked_is_shown(window: Window, map_page: Path) -> None:
    page = opened(window, map_page)
    page.evaluate("document.querySelector('#query').focus()")
    page.keyboard.insert_text("song number 50")
    page.keyboard.press("Enter")
    first = wait(page, "document.querySelector('#told dd')?.textContent")
    assert first == "id-50"
    page.evaluate("document.querySelector('#close').click()")
    # The window flew there, so the song is in the middle of what the panel left free.
    free = page.evaluate("[innerWidth - 352, innerHeight]")
    for _ in range(200):
        page.mouse.click(free[0] / 2 + 6, free[1] / 2)
        if not page.evaluate("document.querySelector('#panel').hidden"):
            break
    assert page.evaluate("document.querySelector('#told dd').textContent") == "id-50"
    # From a neighbour to the next, and to a playlist and its songs.
    other = page.evaluate("document.querySelector('#told section button').dataset.id")
    page.evaluate("document.querySelector('#told section button').click()")
    assert page.evaluate("document.querySelector('#told dd').textContent") == other
    page.evaluate("document.querySelector('#told section:last-child button').click()")
    assert page.evaluate("document.querySelectorAll('#told li button').length") == 12
    assert window.complaints == []


def test_html_in_titles_and_names_is_text(window: Window, map_page: Path) -> None:
    page = opened(window, map_page)
    page.evaluate("document.querySelector('#query').focus()")
    page.keyboard.insert_text("</script>")
    assert wait(page, "document.querySelector('#matches li')?.firstChild.data") == HOSTILE
    page.keyboard.press("Enter")
    assert wait(page, "document.querySelector('#told h2')?.textContent") == HOSTILE
    assert "<b>techno</b> drive" in page.evaluate("document.querySelector('#told').textContent")
    assert page.evaluate("document.querySelectorAll('img, #told b, #labels b').length") == 0
    assert "taken" not in page.evaluate("document.title")
    assert HOSTILE not in map_page.read_text("utf-8")
    assert window.complaints == []


def test_the_page_asks_the_network_for_nothing(window: Window, map_page: Path) -> None:
    opened(window, map_page)
    assert window.requests == [map_page.as_uri()]
    policy = re.findall(r'Content-Security-Policy" content="([^"]*)"', map_page.read_text("utf-8"))[
        0
    ]
    assert policy.startswith("default-src 'none'")
    assert "unsafe-eval" not in policy
    assert "'unsafe-inline'" not in policy.split("script-src")[1]


BOXES = """[...document.querySelectorAll(".region.there")].map(node => {
    const box = node.getBoundingClientRect();
    return [node.textContent, box.left, box.top, box.right, box.bottom]})"""


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("dark", [False, True])
def test_labels_are_there_and_apart(window: Window, map_page: Path, width: int, dark: bool) -> None:
    page = opened(window, map_page, width=width, dark=dark)
    boxes = page.evaluate(BOXES)
    words = {word for text, *_ in boxes for word in text.split(" · ")}
    assert {"country", "metal", "jazz", "techno"} <= words
    for number, (_, left, top, right, bottom) in enumerate(boxes):
        assert left >= 0
        assert right <= width
        for _, *other in boxes[:number]:
            assert left >= other[2] or right <= other[0] or top >= other[3] or bottom <= other[1]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == ("rgb(16, 19, 23)" if dark else "rgb(251, 251, 250)")
    # The points are drawn; without them a picture has a third of that.
    assert len(page.screenshot()) > 25_000


def test_points_are_coloured_by_a_column(window: Window, map_page: Path) -> None:
    page = opened(window, map_page)
    names = page.evaluate("[...document.querySelector('#colour').options].map(one => one.value)")
    assert names == ["region", "plays", "source", "artist", "tags", "year"]
    legends = {}
    for name in ("tags", "year", "source"):
        page.evaluate(
            f"(select => {{select.value = '{name}'; select.dispatchEvent(new Event('change'))}})"
            "(document.querySelector('#colour'))"
        )
        legends[name] = page.evaluate(
            "[...document.querySelectorAll('#values li')].map(one => one.textContent)"
        )
    assert legends["tags"] == ["radio", "country", "metal", "jazz", "techno"]
    assert legends["year"] == ["1960", "2019"]
    assert legends["source"] == ["hybrid", "artist"]
    assert window.complaints == []


@pytest.mark.parametrize("n", [1, 2, 3, 31])
def test_a_few_items_are_a_map_too(n: int, window: Window, tmp_path: Path) -> None:
    ids = [str(number) for number in range(n)]
    catalog = Catalog.from_frame(
        pd.DataFrame({"item_id": ids, "title": [f"Title {i}" for i in ids], "artist": "x"})
    )
    model = HybridRecommender(QUICK).fit(Playlists.from_lists([ids] * 3, catalog), catalog)
    assert model.map(tmp_path / "map.html") == n
    page = opened(window, tmp_path / "map.html")
    page.evaluate("document.querySelector('#query').focus()")
    page.keyboard.insert_text("title")
    page.keyboard.press("Enter")
    assert wait(page, "document.querySelector('#told dd')?.textContent") == "0"
    assert window.complaints == []
