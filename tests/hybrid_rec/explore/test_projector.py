"""TensorBoard's Embedding Projector shows an export, and finds in it what the model finds."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import FrameLocator, expect

from hybrid_rec import Catalog, HybridRecommender, Playlists, synthetic_radio
from tests.browser import open_page
from tests.hybrid_rec.conftest import QUICK

NASTY = "<img src=x onerror=\"top.document.title='broken'\">"
TWICE = "The same title"
N_NEAREST = 10
NEIGHBOURS = ".nn-list .neighbor .label"
MATCHES = ".matches-list .row .label"


@pytest.fixture(scope="module")
def model() -> HybridRecommender:
    """A world whose titles and names a page or a table may stumble over.

    The items that are played most often: one is called as HTML, two are called alike with a tab
    between, one has no title.
    """
    world = synthetic_radio(seed=3, n_items=300, n_playlists=400)
    # Without history, items of an artist stand in one place, and any of them may come first.
    items = world.catalog.to_frame()[world.playlists.play_counts > 0].reset_index(drop=True)
    plays = world.playlists.play_counts[world.playlists.play_counts > 0]
    titles = [f"Song {row:03d}" for row in range(len(items))]
    html, one, other, without = np.argsort(-plays)[:4].tolist()
    titles[html], titles[one], titles[other] = NASTY, TWICE.replace(" ", "\t"), f" {TWICE}\n"
    items["title"] = [None if row == without else title for row, title in enumerate(titles)]
    items["year"] = [None if row % 7 == 0 else 1950 + row % 60 for row in range(len(items))]
    catalog = Catalog.from_frame(items)
    lists = world.playlists.to_lists(world.catalog)
    names = [f"<b>mix</b>\t{number:03d}" for number in range(len(lists))]
    # As wide as by default: only what is wide is moved to its centre.
    wide = QUICK.cooccurrence.model_copy(update={"vector_size": 64})
    config = QUICK.model_copy(update={"cooccurrence": wide})
    playlists = Playlists.from_lists(lists, catalog, names=names)
    return HybridRecommender(config).fit(playlists, catalog)


Show = Callable[[Path], FrameLocator]


@pytest.fixture
def show(tmp_path: Path) -> Iterator[Show]:
    """A function that opens an export in TensorBoard: a folder in, the projector out."""
    log = tmp_path / "tensorboard.log"
    started: list[subprocess.Popen[bytes]] = []
    with open_page(1400) as page:

        def start(folder: Path) -> FrameLocator:
            command = ["tensorboard.main", "--logdir", str(folder), "--host", "127.0.0.1"]
            command += ["--port", "0", "--load_fast=false"]
            with log.open("wb") as file:
                server = subprocess.Popen(
                    [sys.executable, "-m", *command], stdout=file, stderr=subprocess.STDOUT
                )
            started.append(server)
            page.goto(f"{address(server, log)}/#projector")
            return page.frame_locator("iframe").frame_locator("iframe")

        try:
            yield start
            assert "broken" not in page.title()
        finally:
            for server in started:
                server.kill()
                server.wait()


def address(server: subprocess.Popen[bytes], log: Path) -> str:
    """Where TensorBoard listens, once it says so."""
    while True:
        ended = server.poll() is not None
        text = log.read_text(encoding="utf-8")
        found = re.search(r"at (http://127\.0\.0\.1:\d+)", text)
        if found:
            return found[1]
        assert not ended, text
        time.sleep(0.1)


def loaded(projector: FrameLocator, n: int, label: str) -> None:
    """Wait until all points are there, called and searched by a column, with vectors as they are.

    TensorBoard moves vectors of fifty numbers or more to their centre until it is told not to.
    """
    expect(projector.locator("span.numDataPoints")).to_have_text(str(n))
    expect(
        projector.locator("vz-projector-inspector-panel paper-input input").nth(1)
    ).to_have_value(label)
    centred = projector.locator("#normalize-data-checkbox")
    expect(centred).to_have_attribute("aria-checked", "true")
    centred.click()
    expect(centred).to_have_attribute("aria-checked", "false")


def searched(projector: FrameLocator, text: str) -> None:
    """Type into the search box."""
    projector.locator("#search-box input").fill(text)


def nearest(projector: FrameLocator) -> list[str]:
    """The nearest points to the one that is chosen."""
    expect(projector.locator(NEIGHBOURS)).to_have_count(100)
    return projector.locator(NEIGHBOURS).all_inner_texts()[:N_NEAREST]


def called(model: HybridRecommender, item_ids: Sequence[str]) -> list[str]:
    """What the projector calls some items."""
    catalog = model.model_.catalog
    titles = catalog.titles[catalog.rows(item_ids)].tolist()
    return [
        " ".join((title or own_id).split()) for title, own_id in zip(titles, item_ids, strict=True)
    ]


def test_a_song_is_searched_and_its_nearest_are_those_of_the_model(
    model: HybridRecommender, show: Show, tmp_path: Path
) -> None:
    model.export(tmp_path / "out", "projector")
    projector = show(tmp_path / "out")
    catalog = model.model_.catalog
    loaded(projector, len(catalog), "title")
    popular = catalog.item_ids[np.argsort(-model.model_.playlists.play_counts)].tolist()
    near = {
        own_id: called(
            model, model.similar_items([own_id], N_NEAREST, weights="cooccurrence").item_ids[0]
        )
        for own_id in popular[:8]
    }
    html, one, other, *others = near
    for own_id in (html, *others):
        (name,) = called(model, [own_id])
        searched(projector, name)
        expect(projector.locator(NEIGHBOURS).first).to_have_text(near[own_id][0])
        assert nearest(projector) == near[own_id]
    searched(projector, TWICE.upper())
    expect(projector.locator(MATCHES)).to_have_text([TWICE, TWICE])
    # Points stand in the order of the catalogue.
    later = max((one, other), key=lambda own_id: catalog.rows([own_id])[0])
    projector.locator(MATCHES).nth(1).click()
    assert nearest(projector) == near[later]


def test_a_playlist_is_searched_by_its_name(
    model: HybridRecommender, show: Show, tmp_path: Path
) -> None:
    model.export(tmp_path / "out", "projector", playlists=True, sample=200, seed=1)
    projector = show(tmp_path / "out")
    loaded(projector, 200, "name")
    lines = (tmp_path / "out" / "metadata.tsv").read_text(encoding="utf-8").splitlines()
    names = [line.split("\t")[0] for line in lines[1:]]
    vectors = np.loadtxt(tmp_path / "out" / "vectors.tsv")
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    searched(projector, names[5])
    order = np.argsort(-(vectors @ vectors[5]), kind="stable")
    assert nearest(projector) == [names[row] for row in order if row != 5][:N_NEAREST]
