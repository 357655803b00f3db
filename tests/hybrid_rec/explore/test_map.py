"""Maps: where points stand, what regions are called, whose neighbours are whose."""

from __future__ import annotations

import base64
import gzip
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hybrid_rec import ArtifactError, Catalog, ConfigError, HybridRecommender, Playlists
from hybrid_rec.core.progress import Progress
from hybrid_rec.explore.map.layout import laid_out, main_directions
from hybrid_rec.explore.map.neighbours import neighbours
from hybrid_rec.explore.map.points import Points
from hybrid_rec.explore.map.regions import regions_of
from hybrid_rec.explore.map.terms import Terms
from tests.genres import BLOCKS, HOSTILE, N, near
from tests.hybrid_rec.conftest import QUICK


def test_the_same_seed_draws_the_same(
    genres: HybridRecommender, map_page: Path, tmp_path: Path
) -> None:
    again, other = tmp_path / "again.html", tmp_path / "other.html"
    genres.map(again, playlists=True)
    genres.map(other, playlists=True, seed=1)
    assert again.read_bytes() == map_page.read_bytes() != other.read_bytes()


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


def test_neighbours_are_those_of_similar_items(fitted: HybridRecommender) -> None:
    model = fitted.model_
    rows = np.arange(len(model.catalog))
    for block in ("cooccurrence", *model.blocks.names):
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


def test_the_data_of_a_page_can_be_read_back(map_page: Path) -> None:
    text = re.findall(r'id="data">([^<]*)<', map_page.read_text("utf-8"))[0]
    content = gzip.decompress(base64.b64decode(text))
    size = int.from_bytes(content[:4], "little")
    facts = json.loads(content[4 : 4 + size])
    assert facts["items"]["titles"][7] == HOSTILE
    assert facts["blocks"] == list(BLOCKS)
