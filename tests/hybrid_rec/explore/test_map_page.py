"""The page of a map, opened in a browser: search, clicks, colours, names of regions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from hybrid_rec import Catalog, HybridRecommender, Playlists
from tests.browser import open_page
from tests.genres import BLOCKS, HOSTILE, near
from tests.hybrid_rec.conftest import QUICK


@contextmanager
def opened(path: Path, width: int = 1280, *, dark: bool = False) -> Iterator[Page]:
    """The page of a map once it is shown; it must complain of nothing."""
    complaints: list[str] = []
    with open_page(width, 800, dark=dark) as page:
        page.on("console", lambda message: complaints.append(message.text))
        page.emulate_media(reduced_motion="reduce")
        page.goto(path.as_uri())
        page.locator("body[data-ready]").wait_for()
        yield page
    # WebGL without a graphics card is slow to read back, and Chromium says so.
    assert [text for text in complaints if "GPU stall" not in text] == []


def search(page: Page, text: str) -> None:
    """Type a text and take the first match."""
    page.locator("#query").fill(text)
    page.locator("#matches li[role=option]").first.wait_for()
    page.locator("#query").press("ArrowDown")
    page.locator("#query").press("Enter")
    page.locator("#panel").wait_for()


def item_id(page: Page) -> str | None:
    """The id of what the panel shows."""
    return page.locator("#told dd").first.text_content()


def test_a_song_is_searched_and_its_neighbours_are_those_of_the_model(
    page: Path, genres: HybridRecommender
) -> None:
    model = genres.model_
    assert model.playlists.names is not None
    with opened(page) as shown:
        for typed, wanted in (("number 41", "id-41"), ("deja", "id-8"), ("id-9", "id-9")):
            search(shown, typed)
            assert item_id(shown) == wanted
            for block in BLOCKS:
                buttons = shown.locator(f"#told section[data-block={block}] button").all()
                found = [button.get_attribute("data-id") for button in buttons]
                assert found == near(genres, wanted, block)
            row = model.catalog.rows([wanted])[0]
            held = np.unique(model.playlists.owners[model.playlists.rows == row])
            names = shown.locator("#told section:last-child button").all_text_contents()
            assert names == model.playlists.names[held][:30].tolist()


def test_what_is_clicked_is_shown(page: Path) -> None:
    with opened(page) as shown:
        search(shown, "song number 50")
        panel = shown.locator("#panel").bounding_box()
        assert panel is not None
        shown.locator("#close").click()
        expect(shown.locator("#panel")).to_be_hidden()
        # The window went there, so the song is in the middle of what the panel left free.
        shown.mouse.click((1280 - panel["width"]) / 2, 400)
        shown.locator("#panel").wait_for()
        assert item_id(shown) == "id-50"
        # From a neighbour to the next, and to a playlist and its songs.
        neighbour = shown.locator("#told section button").first
        wanted = neighbour.get_attribute("data-id")
        neighbour.click()
        assert item_id(shown) == wanted
        shown.locator("#told section:last-child button").first.click()
        assert shown.locator("#told li button").count() == 12


def test_html_in_titles_and_names_is_text(page: Path) -> None:
    assert HOSTILE not in page.read_text("utf-8")
    with opened(page) as shown:
        search(shown, "</script>")
        assert shown.locator("#told h2").text_content() == HOSTILE
        assert "<b>techno</b> drive" in (shown.locator("#told").text_content() or "")
        assert shown.locator("img, #told b, #labels b").count() == 0
        assert "taken" not in shown.title()


def test_the_page_asks_the_network_for_nothing(page: Path) -> None:
    policy = re.findall(r'Content-Security-Policy" content="([^"]*)"', page.read_text("utf-8"))[0]
    assert policy.startswith("default-src 'none'")
    assert "unsafe-eval" not in policy
    assert "'unsafe-inline'" not in policy.split("script-src")[1]
    asked: list[str] = []
    with open_page() as shown:
        shown.on("request", lambda request: asked.append(request.url))
        shown.goto(page.as_uri())
        shown.locator("body[data-ready]").wait_for()
        search(shown, "song")
    assert asked == [page.as_uri()]


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("dark", [False, True])
def test_labels_are_there_and_apart(page: Path, tmp_path: Path, width: int, dark: bool) -> None:
    with opened(page, width, dark=dark) as shown:
        labels = shown.locator(".region.there").all()
        texts = [label.text_content() or "" for label in labels]
        boxes = [label.bounding_box() for label in labels]
        paper = "rgb(16, 19, 23)" if dark else "rgb(251, 251, 250)"
        expect(shown.locator("body")).to_have_css("background-color", paper)
        picture = shown.screenshot(path=tmp_path / "map.png")
    assert {"country", "metal", "jazz", "techno"} <= {w for t in texts for w in t.split(" · ")}
    sides = [(b["x"], b["y"], b["x"] + b["width"], b["y"] + b["height"]) for b in boxes if b]
    assert len(sides) == len(texts)
    for number, one in enumerate(sides):
        assert one[0] >= 0
        assert one[2] <= width
        for two in sides[:number]:
            assert one[0] >= two[2] or one[2] <= two[0] or one[1] >= two[3] or one[3] <= two[1]
    # Without points a picture has a third of that.
    assert len(picture) > 25_000


def test_points_are_coloured_by_a_column(page: Path) -> None:
    with opened(page) as shown:
        names = shown.locator("#colour option").all_text_contents()
        assert names == ["region", "plays", "source", "artist", "tags", "year"]
        legends = {}
        for name in ("tags", "year", "source"):
            shown.locator("#colour").select_option(name)
            legends[name] = shown.locator("#values li").all_text_contents()
    assert legends["tags"] == ["radio", "country", "metal", "jazz", "techno"]
    assert legends["year"] == ["1,960", "2,019"]
    assert legends["source"] == ["hybrid", "artist"]


@pytest.mark.parametrize("n", [1, 3, 31])
def test_a_few_items_are_a_map_too(n: int, tmp_path: Path) -> None:
    ids = [str(number) for number in range(n)]
    catalog = Catalog.from_frame(
        pd.DataFrame({"item_id": ids, "title": [f"Title {i}" for i in ids], "artist": "x"})
    )
    model = HybridRecommender(QUICK).fit(Playlists.from_lists([ids] * 3, catalog), catalog)
    assert model.map(tmp_path / "map.html") == n
    with opened(tmp_path / "map.html") as shown:
        search(shown, "title")
        assert item_id(shown) == "0"
