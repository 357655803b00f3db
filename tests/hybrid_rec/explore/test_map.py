"""Maps: one page that works offline and shows what the model says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hybrid_rec import ArtifactError, Catalog, ConfigError, HybridRecommender, Playlists
from hybrid_rec.core.progress import Progress
from hybrid_rec.explore.map.layout import laid_out, main_directions
from hybrid_rec.explore.map.neighbours import neighbours
from hybrid_rec.explore.map.regions import regions_of
from hybrid_rec.explore.map.terms import Terms
from tests.browser import Browser
from tests.hybrid_rec.conftest import QUICK

HOSTILE = (
    "</script><script>document.title='taken'</script><img src=x onerror=document.title='taken'>"
)
BLOCKS = ("cooccurrence", "title", "artist", "tags")
N = 240


@pytest.fixture(scope="module")
def genres() -> HybridRecommender:
    """Songs of four genres, forty artists, playlists called by genre; some texts are HTML."""
    rng = np.random.default_rng(0)
    genre = np.arange(N) % 4
    names = np.array(["country", "metal", "jazz", "techno"])
    items = pd.DataFrame(
        {
            "item_id": [f"id-{number}" for number in range(N)],
            "title": [f"Song number {number}" for number in range(N)],
            "artist": [f"Artist {number % 40}" for number in range(N)],
            "tags": [[names[one], "radio"] for one in genre],
            "year": 1960 + np.arange(N) % 60,
        }
    )
    items.loc[7, "title"] = HOSTILE
    items.loc[8, "title"] = "Déjà Vu"
    items.loc[9, "title"] = None
    catalog = Catalog.from_frame(items)
    lists, called = [], []
    for number in range(400):
        one = number % 4
        # The last twelve songs have no plays.
        rows = rng.choice(np.flatnonzero(genre[: N - 12] == one), 12, replace=False)
        lists.append([f"id-{row}" for row in rows])
        called.append(f"<b>{names[one]}</b> drive" if number % 2 else names[one])
    return HybridRecommender(QUICK).fit(Playlists.from_lists(lists, catalog, names=called), catalog)


@pytest.fixture(scope="module")
def page(genres: HybridRecommender, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("map") / "map.html"
    assert genres.map(path, playlists=True) == N + 400
    return path


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    one = Browser(tmp_path_factory.mktemp("profile"))
    yield one
    one.close()


def opened(browser: Browser, page: Path, **options: Any) -> Browser:
    browser.open(page, **options)
    browser.wait("document.body && document.body.dataset.ready")
    return browser


def near(model: HybridRecommender, item_id: str, block: str) -> list[str]:
    """The ten that `similar_items` finds by one block, but for those that are not alike at all."""
    found = model.similar_items([item_id], 10, weights=block)
    told = (found.scores[0] > 0) & (found.sources[0] != "popularity")
    ids: list[str] = found.item_ids[0][told].tolist()
    return ids


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


def test_the_same_seed_draws_the_same(
    genres: HybridRecommender, page: Path, tmp_path: Path
) -> None:
    again, other = tmp_path / "again.html", tmp_path / "other.html"
    genres.map(again, playlists=True)
    genres.map(other, playlists=True, seed=1)
    assert again.read_bytes() == page.read_bytes() != other.read_bytes()


@pytest.mark.parametrize("block", [None, *BLOCKS])
def test_near_points_are_alike(
    genres: HybridRecommender, tmp_path: Path, block: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = []

    def kept(*arguments: Any) -> Any:
        drawn.append(laid_out(*arguments))
        return drawn[-1]

    monkeypatch.setattr("hybrid_rec.explore.map.drawn.laid_out", kept)
    genres.map(tmp_path / "map.html", block=block)
    places = drawn[0]
    assert places.shape == (N, 2)
    assert places.min() >= 0
    assert places.max() <= 1
    if block not in (None, "cooccurrence", "tags"):
        return
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    same = np.arange(N) % 4 == apart.argmin(axis=1) % 4
    assert same.mean() > 0.9


@pytest.mark.parametrize("block", BLOCKS)
def test_neighbours_are_those_of_similar_items(fitted: HybridRecommender, block: str) -> None:
    model = fitted.model_
    if block not in ("cooccurrence", *model.blocks.names):
        pytest.skip("the world has no such block")
    rows = np.arange(len(model.catalog))
    found = neighbours(fitted, rows, block, 10, Progress())
    for row in range(0, len(rows), 7):
        expected = near(fitted, model.catalog.item_ids[row], block)
        assert model.catalog.item_ids[found[row][found[row] >= 0]].tolist() == expected


def test_ties_are_those_of_similar_items() -> None:
    ids = [str(number) for number in range(200)]
    catalog = Catalog.from_frame(
        pd.DataFrame(
            {"item_id": ids, "title": [f"Same {i % 3}" for i in range(200)], "artist": "x"}
        )
    )
    lists = [ids[start : start + 4] for start in range(0, 100, 2)] * 3
    model = HybridRecommender(QUICK).fit(Playlists.from_lists(lists, catalog), catalog)
    for block in ("cooccurrence", "title", "artist"):
        found = neighbours(model, np.arange(200), block, 10, Progress())
        for row in (0, 1, 57, 150, 199):
            assert catalog.item_ids[found[row][found[row] >= 0]].tolist() == near(
                model, ids[row], block
            )


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


def test_removed_items_are_left_out(genres: HybridRecommender, tmp_path: Path) -> None:
    other = HybridRecommender(QUICK)
    other.fit(genres.model_.playlists, genres.model_.catalog)
    other.update(remove=["id-3", "id-100"])
    assert other.map(tmp_path / "map.html") == N - 2


def test_what_a_block_says_nothing_of_stands_below() -> None:
    vectors = np.eye(40, 8, dtype=np.float32)
    places = laid_out(vectors, 0, Progress())
    known = vectors.any(axis=1)
    assert places[~known, 1].max() < places[known, 1].min()
    assert len(np.unique(places[~known], axis=0)) == (~known).sum()
    assert np.isfinite(laid_out(np.zeros((3, 2), np.float32), 0, Progress())).all()
    assert np.array_equal(main_directions(np.zeros((0, 4), np.float32)), np.zeros((0, 2)))


def test_regions_are_called_by_what_sets_them_apart(genres: HybridRecommender) -> None:
    model = genres.model_
    from hybrid_rec.explore.map.points import Points

    terms = Terms.of(model, Points.of(model, playlists=False))
    rng = np.random.default_rng(0)
    corners = np.array([[0, 0], [1, 0], [0, 1], [1, 1]])
    places = corners[np.arange(N) % 4] * 0.8 + rng.uniform(0, 0.1, (N, 2))
    regions, codes = regions_of(places.astype(np.float32), terms, 0)
    assert sorted(np.bincount(codes)) == sorted(r.size for r in regions if r.level == 0)
    texts = " ".join(term for region in regions if region.level == 0 for term in region.terms)
    # All songs are tagged "radio", so that tells nothing.
    assert "radio" not in texts
    assert all(word in texts for word in ("country", "metal", "jazz", "techno"))


def test_a_file_is_replaced_whole_or_not_at_all(
    genres: HybridRecommender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "map.html"
    path.write_text("before")
    monkeypatch.setattr("hybrid_rec.explore.map.drawn.page", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        genres.map(path)
    assert path.read_text() == "before"
    monkeypatch.undo()
    genres.map(path)
    assert path.read_text("utf-8").startswith("<!doctype html>")
    assert [entry.name for entry in tmp_path.iterdir()] == ["map.html"]


def test_bad_arguments_are_told(genres: HybridRecommender, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'block' parameter must be one of cooccurrence, title"):
        genres.map(tmp_path / "map.html", block="mood")
    with pytest.raises(ConfigError, match="'seed' parameter must be an integer"):
        genres.map(tmp_path / "map.html", seed=-1)
    with pytest.raises(ArtifactError, match="is a folder; name a file such as"):
        genres.map(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(ArtifactError, match="cannot be written"):
        genres.map(tmp_path / "file" / "map.html")
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_openTSNE_is_asked_for_where_it_is_missing(  # noqa: N802
    genres: HybridRecommender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "openTSNE", None)
    with pytest.raises(ConfigError, match=r"pip install 'hybrid-rec\[explore\]'"):
        genres.map(tmp_path / "map.html")
    assert not list(tmp_path.iterdir())


def test_the_data_of_a_page_can_be_read_back(page: Path) -> None:
    import base64
    import gzip

    text = re.findall(r'id="data">([^<]*)<', page.read_text("utf-8"))[0]
    content = gzip.decompress(base64.b64decode(text))
    size = int.from_bytes(content[:4], "little")
    facts = json.loads(content[4 : 4 + size])
    assert facts["items"]["titles"][7] == HOSTILE
    assert facts["blocks"] == list(BLOCKS)
