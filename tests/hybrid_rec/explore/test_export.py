"""Exports: what other tools read is what the model holds."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import duckdb
import lancedb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from gensim.models import KeyedVectors

from hybrid_rec import (
    ArtifactError,
    Catalog,
    ConfigError,
    DataError,
    HybridRecommender,
    Playlists,
)
from tests.hybrid_rec.conftest import QUICK

FORMATS = ("projector", "word2vec", "parquet", "lance")


@pytest.fixture(scope="module")
def odd() -> HybridRecommender:
    """A model of ids with spaces and titles with tabs, whose playlists have names."""
    ids = [f"item {number}" for number in range(20)]
    titles = [f"tab\there\nand {number}" for number in range(20)]
    catalog = Catalog.from_frame(
        pd.DataFrame({"item_id": ids, "title": titles, "artist": "x", "tags": [["a", "b"]] * 20})
    )
    lists = [ids[start : start + 5] for start in range(15)] * 4
    names = [f"mix\t{number}" for number in range(len(lists))]
    playlists = Playlists.from_lists(lists, catalog, names=names)
    return HybridRecommender(QUICK).fit(playlists, catalog)


def tsv(path: Path) -> list[list[str]]:
    """The cells of a file of tabs."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def test_the_projector_gets_vectors_and_texts(fitted: HybridRecommender, tmp_path: Path) -> None:
    assert fitted.export(tmp_path / "out", "projector") == 1000
    vectors = np.array(tsv(tmp_path / "out" / "vectors.tsv"), dtype=np.float32)
    header, *rows = tsv(tmp_path / "out" / "metadata.tsv")
    ids = [row[header.index("item_id")] for row in rows]
    assert ids == fitted.model_.catalog.item_ids.tolist()
    assert np.array_equal(vectors, fitted.item_vectors(ids))
    assert header[:3] == ["title", "item_id", "artist"]
    plays = [int(row[header.index("plays")]) for row in rows]
    assert plays == fitted.model_.playlists.play_counts.tolist()
    entry = json.loads((tmp_path / "out" / "projector_config.json").read_text())["embeddings"][0]
    assert entry["tensorShape"] == list(vectors.shape)
    text = (tmp_path / "out" / "projector_config.pbtxt").read_text()
    assert 'tensor_path: "vectors.tsv"' in text
    assert 'metadata_path: "metadata.tsv"' in text


def test_tabs_and_line_ends_are_no_cells(odd: HybridRecommender, tmp_path: Path) -> None:
    odd.export(tmp_path / "out", "projector")
    header, *rows = tsv(tmp_path / "out" / "metadata.tsv")
    assert len(rows) == 20
    assert {len(row) for row in rows} == {len(header)}
    assert rows[3][header.index("title")] == "tab here and 3"
    assert rows[3][header.index("tags")] == "a, b"


def test_empty_cells_are_filled_but_those_of_numbers(tmp_path: Path) -> None:
    ids = [f"i{number}" for number in range(8)]
    items = {
        "item_id": ids, "title": [None, " ", *ids[2:]], "artist": ["", *"abcdefg"],
        "tags": [[], ["x", "y"], *[["x"]] * 6], "year": [None, *range(1990, 1997)],
        "tempo": [float("nan"), *np.arange(7) / 2],
    }  # fmt: skip
    catalog = Catalog.from_frame(pd.DataFrame(items))
    playlists = Playlists.from_lists([ids[:4], ids[2:6], ids[4:]] * 5, catalog)
    HybridRecommender(QUICK).fit(playlists, catalog).export(tmp_path / "out", "projector")
    header, *rows = tsv(tmp_path / "out" / "metadata.tsv")
    assert header == ["title", "item_id", "artist", "tags", "year", "tempo", "plays", "source"]
    assert rows[0] == ["i0", "i0", "-", "-", "", "", "5", "hybrid"]
    assert rows[1][:4] == ["i1", "i1", "a", "x, y"]


def test_playlists_go_out_with_their_names(odd: HybridRecommender, tmp_path: Path) -> None:
    assert odd.export(tmp_path / "out", "projector", playlists=True) == 60
    header, *rows = tsv(tmp_path / "out" / "metadata.tsv")
    assert header == ["name", "playlist_id", "plays", "first_title"]
    assert rows[7][:3] == ["mix 7", "7", "5"]
    vectors = np.array(tsv(tmp_path / "out" / "vectors.tsv"), dtype=np.float32)
    pooled = odd.item_vectors(["item 7", "item 8", "item 9", "item 10", "item 11"]).mean(axis=0)
    cosine = vectors[7] @ pooled / np.linalg.norm(vectors[7]) / np.linalg.norm(pooled)
    assert cosine > 0.99


def test_a_sample_is_drawn_by_its_seed(fitted: HybridRecommender, tmp_path: Path) -> None:
    drawn = {}
    for name, seed in (("first", 1), ("again", 1), ("other", 2)):
        assert fitted.export(tmp_path / name, "projector", sample=30, seed=seed) == 30
        drawn[name] = (tmp_path / name / "metadata.tsv").read_bytes()
    assert drawn["first"] == drawn["again"] != drawn["other"]
    assert fitted.export(tmp_path / "all", "projector", sample=5000) == 1000


def test_gensim_reads_word2vec(fitted: HybridRecommender, tmp_path: Path) -> None:
    fitted.export(tmp_path / "out", "word2vec", block="title")
    read = KeyedVectors.load_word2vec_format(str(tmp_path / "out" / "vectors.txt"))
    ids = fitted.model_.catalog.item_ids.tolist()
    assert read.index_to_key == ids
    assert np.array_equal(read.vectors, fitted.item_vectors(ids, "title"))


def test_word2vec_names_an_id_with_a_space(odd: HybridRecommender, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="'item 0' does; export to parquet"):
        odd.export(tmp_path / "out", "word2vec")
    assert not list(tmp_path.iterdir())


def test_duckdb_finds_the_same_neighbours(fitted: HybridRecommender, tmp_path: Path) -> None:
    fitted.export(tmp_path / "out", "parquet")
    path = tmp_path / "out" / "items.parquet"
    table = pq.read_table(path)
    assert set(fitted.model_.catalog.columns) <= set(table.column_names)
    ids = table["item_id"].to_pylist()
    vectors = np.array(table["cooccurrence_vector"].to_pylist(), dtype=np.float32)
    assert np.array_equal(vectors, fitted.item_vectors(ids))
    assert "title_vector" in table.column_names
    seed = ids[0]
    asked = duckdb.sql(
        f"""SELECT b.item_id FROM '{path}' a, '{path}' b
        WHERE a.item_id = '{seed}' AND b.item_id <> a.item_id
        ORDER BY list_dot_product(a.cooccurrence_vector, b.cooccurrence_vector) DESC LIMIT 10"""
    )
    assert asked is not None
    found = asked.fetchall()
    assert [row[0] for row in found] == nearest(fitted, seed)


def test_postgres_and_mongodb_get_what_they_read(fitted: HybridRecommender, tmp_path: Path) -> None:
    fitted.export(tmp_path / "out", "parquet", sample=5)
    path = tmp_path / "out" / "items.parquet"
    asked = duckdb.sql(f"SELECT item_id, cooccurrence_vector::VARCHAR FROM '{path}'")
    assert asked is not None
    texts = asked.fetchall()
    batch = next(pq.ParquetFile(path).iter_batches()).to_pylist()
    for (own_id, text), document in zip(texts, batch, strict=True):
        vector = fitted.item_vectors([own_id])[0]
        # pgvector reads the form of a JSON list, MongoDB plain values.
        assert np.allclose(json.loads(text), vector, atol=1e-6)
        assert {type(value) for value in document["cooccurrence_vector"]} == {float}
        assert np.array_equal(np.array(document["cooccurrence_vector"], np.float32), vector)


def test_lancedb_finds_the_same_neighbours(fitted: HybridRecommender, tmp_path: Path) -> None:
    fitted.export(tmp_path / "out", "lance")
    table = lancedb.connect(tmp_path / "out").open_table("items")
    assert table.count_rows() == 1000
    for seed in fitted.model_.catalog.item_ids[:5]:
        search = table.search(
            fitted.item_vectors([seed])[0], vector_column_name="cooccurrence_vector"
        )
        hits = search.distance_type("dot").limit(11).to_arrow()["item_id"].to_pylist()
        hits.remove(seed)
        assert hits == nearest(fitted, seed)


def nearest(model: HybridRecommender, item_id: str) -> list[str]:
    """The ten nearest items by co-occurrence alone."""
    weights = dict.fromkeys(model.model_.weights, 0.0) | {"cooccurrence": 1.0}
    ids: list[str] = model.similar_items([item_id], 10, weights=weights).item_ids[0].tolist()
    return ids


@pytest.mark.parametrize("to", FORMATS)
def test_only_an_export_is_replaced(fitted: HybridRecommender, tmp_path: Path, to: str) -> None:
    fitted.export(tmp_path / "out", to, sample=50)
    fitted.export(tmp_path / "out", to, sample=40)
    told = json.loads((tmp_path / "out" / "export.json").read_text())
    assert told["items"] == 40
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(ArtifactError, match="holds other files"):
        fitted.export(tmp_path / "out", to)
    assert (tmp_path / "out" / "mine.txt").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_without_lancedb_it_is_told_what_to_install(
    fitted: HybridRecommender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "lancedb", None)
    monkeypatch.delitem(sys.modules, "hybrid_rec.explore.formats.lance", raising=False)
    with pytest.raises(ConfigError, match=r"pip install 'hybrid-rec\[explore\]'"):
        fitted.export(tmp_path / "out", "lance")
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_exported(fitted: HybridRecommender, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="to must be 'projector' or"):
        fitted.export(tmp_path / "out", "excel")
    with pytest.raises(ConfigError, match="'block' parameter must be one of cooccurrence"):
        fitted.export(tmp_path / "out", "parquet", block="artist")
    with pytest.raises(ConfigError, match="'sample' parameter must be an integer of at least 1"):
        fitted.export(tmp_path / "out", "parquet", sample=0)
    with pytest.raises(ConfigError, match="'seed' parameter"):
        fitted.export(tmp_path / "out", "parquet", seed=-1)
    assert not list(tmp_path.iterdir())
