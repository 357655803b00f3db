"""The page of a map, opened in a browser: search, clicks, colours, names of regions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hybrid_rec import Catalog, HybridRecommender, Playlists
from tests.browser import Browser
from tests.genres import BLOCKS, HOSTILE, near
from tests.hybrid_rec.conftest import QUICK


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    one = Browser(tmp_path_factory.mktemp("profile"))
    yield one
    one.close()


def opened(browser: Browser, page: Path, **options: Any) -> Browser:
    browser.open(page, **options)
    browser.wait("document.body && document.body.dataset.ready")
    return browser


SHOWN = """Object.fromEntries([...document.querySelectorAll("#told section[data-block]")].map(
    section => [section.dataset.block,
                [...section.querySelectorAll("button")].map(button => button.dataset.id)]))"""


def test_a_song_is_searched_and_its_neighbours_are_those_of_the_model(
    browser: Browser, page: Path, genres: HybridRecommender
) -> None:
    opened(browser, page)
    for typed, item_id in (("number 41", "id-41"), ("deja", "id-8"), ("id-9", "id-9")):
        browser.run("document.querySelector('#query').value = ''")
        browser.run("document.querySelector('#query').focus()")
        browser.type(typed)
        browser.wait("document.querySelectorAll('#matches li[role=option]').length > 0")
        browser.press("ArrowDown")
        browser.press("Enter")
        browser.wait("!document.querySelector('#panel').hidden")
        assert browser.run("document.querySelector('#told dd').textContent") == item_id
        shown = browser.run(SHOWN)
        assert shown == {block: near(genres, item_id, block) for block in BLOCKS}
        names = browser.run(
            "[...document.querySelectorAll('#told section:last-child button')]"
            ".map(button => button.textContent)"
        )
        model = genres.model_
        row = model.catalog.rows([item_id])[0]
        held = model.playlists.owners[model.playlists.rows == row]
        assert names == model.playlists.names[np.unique(held)][:30].tolist()
    assert browser.complaints() == []


def test_what_is_clicked_is_shown(browser: Browser, page: Path) -> None:
    opened(browser, page)
    browser.run("document.querySelector('#query').focus()")
    browser.type("song number 50")
    browser.press("Enter")
    first = browser.wait("document.querySelector('#told dd')?.textContent")
    assert first == "id-50"
    browser.run("document.querySelector('#close').click()")
    # The window flew there, so the song is in the middle of what the panel left free.
    free = browser.run("[innerWidth - 352, innerHeight]")
    for _ in range(200):
        browser.click(free[0] / 2 + 6, free[1] / 2)
        if not browser.run("document.querySelector('#panel').hidden"):
            break
    assert browser.run("document.querySelector('#told dd').textContent") == "id-50"
    # From a neighbour to the next, and to a playlist and its songs.
    other = browser.run("document.querySelector('#told section button').dataset.id")
    browser.run("document.querySelector('#told section button').click()")
    assert browser.run("document.querySelector('#told dd').textContent") == other
    browser.run("document.querySelector('#told section:last-child button').click()")
    assert browser.run("document.querySelectorAll('#told li button').length") == 12
    assert browser.complaints() == []


def test_html_in_titles_and_names_is_text(browser: Browser, page: Path) -> None:
    opened(browser, page)
    browser.run("document.querySelector('#query').focus()")
    browser.type("</script>")
    assert browser.wait("document.querySelector('#matches li')?.firstChild.data") == HOSTILE
    browser.press("Enter")
    assert browser.wait("document.querySelector('#told h2')?.textContent") == HOSTILE
    assert "<b>techno</b> drive" in browser.run("document.querySelector('#told').textContent")
    assert browser.run("document.querySelectorAll('img, #told b, #labels b').length") == 0
    assert "taken" not in browser.run("document.title")
    assert HOSTILE not in page.read_text("utf-8")
    assert browser.complaints() == []


def test_the_page_asks_the_network_for_nothing(browser: Browser, page: Path) -> None:
    opened(browser, page)
    assert browser.requests() == [page.as_uri()]
    policy = re.findall(r'Content-Security-Policy" content="([^"]*)"', page.read_text("utf-8"))[0]
    assert policy.startswith("default-src 'none'")
    assert "unsafe-eval" not in policy
    assert "'unsafe-inline'" not in policy.split("script-src")[1]


BOXES = """[...document.querySelectorAll(".region.there")].map(node => {
    const box = node.getBoundingClientRect();
    return [node.textContent, box.left, box.top, box.right, box.bottom]})"""


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("dark", [False, True])
def test_labels_are_there_and_apart(
    browser: Browser, page: Path, tmp_path: Path, width: int, dark: bool
) -> None:
    opened(browser, page, width=width, dark=dark)
    boxes = browser.run(BOXES)
    words = {word for text, *_ in boxes for word in text.split(" · ")}
    assert {"country", "metal", "jazz", "techno"} <= words
    for number, (_, left, top, right, bottom) in enumerate(boxes):
        assert left >= 0
        assert right <= width
        for _, *other in boxes[:number]:
            assert left >= other[2] or right <= other[0] or top >= other[3] or bottom <= other[1]
    assert browser.run("document.documentElement.scrollWidth") <= width
    paper = browser.run("getComputedStyle(document.body).backgroundColor")
    assert paper == ("rgb(16, 19, 23)" if dark else "rgb(251, 251, 250)")
    # The points are drawn; without them a picture has a third of that.
    assert browser.picture(tmp_path / "map.png").stat().st_size > 25_000


def test_points_are_coloured_by_a_column(browser: Browser, page: Path) -> None:
    opened(browser, page)
    names = browser.run("[...document.querySelector('#colour').options].map(one => one.value)")
    assert names == ["region", "plays", "source", "artist", "tags", "year"]
    legends = {}
    for name in ("tags", "year", "source"):
        browser.run(
            f"(select => {{select.value = '{name}'; select.dispatchEvent(new Event('change'))}})"
            "(document.querySelector('#colour'))"
        )
        legends[name] = browser.run(
            "[...document.querySelectorAll('#values li')].map(one => one.textContent)"
        )
    assert legends["tags"] == ["radio", "country", "metal", "jazz", "techno"]
    assert legends["year"] == ["1,960", "2,019"]
    assert legends["source"] == ["hybrid", "artist"]
    assert browser.complaints() == []


@pytest.mark.parametrize("n", [1, 2, 3, 31])
def test_a_few_items_are_a_map_too(n: int, browser: Browser, tmp_path: Path) -> None:
    ids = [str(number) for number in range(n)]
    catalog = Catalog.from_frame(
        pd.DataFrame({"item_id": ids, "title": [f"Title {i}" for i in ids], "artist": "x"})
    )
    model = HybridRecommender(QUICK).fit(Playlists.from_lists([ids] * 3, catalog), catalog)
    assert model.map(tmp_path / "map.html") == n
    opened(browser, tmp_path / "map.html")
    browser.run("document.querySelector('#query').focus()")
    browser.type("title")
    browser.press("Enter")
    assert browser.wait("document.querySelector('#told dd')?.textContent") == "0"
    assert browser.complaints() == []
