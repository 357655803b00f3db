"""Batch scoring from and to `s3://`, against a server on the loopback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hybrid_rec import DataError, HybridRecommender, score_playlists
from hybrid_rec.batch.chunks import Chunk
from hybrid_rec.batch.scoring import BatchRequest, ItemChunk, Scored, score
from tests.s3_server import S3Server, s3_server


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    with s3_server(monkeypatch) as server:
        yield server


@pytest.fixture
def plays(small_ranked: Path, tmp_path: Path) -> Path:
    ids = HybridRecommender.load(small_ranked).model_.catalog.item_ids
    rng = np.random.default_rng(0)
    lists = [rng.choice(ids, rng.integers(1, 12)).tolist() for _ in range(30)]
    pd.DataFrame({"item_ids": lists}).to_parquet(tmp_path / "plays.parquet")
    return tmp_path / "plays.parquet"


def test_the_same_bytes_as_in_a_local_folder(
    small_ranked: Path, plays: Path, server: S3Server, tmp_path: Path
) -> None:
    server.objects["bucket/in/plays.parquet"] = plays.read_bytes()
    local = tmp_path / "out"
    score_playlists(small_ranked, plays, local, 5, chunk_size=9)
    first = score_playlists(small_ranked, "s3://bucket/in", "s3://bucket/out", 5, chunk_size=9)
    assert first.parts_scored == 4
    names = {path.name for path in local.iterdir()} - {".lock"}
    found = {name.removeprefix("bucket/out/") for name in server.objects if "/out/" in name}
    assert found == names
    for path in local.glob("*.parquet"):
        assert server.objects[f"bucket/out/{path.name}"] == path.read_bytes()
    again = score_playlists(small_ranked, "s3://bucket/in", "s3://bucket/out", 5, chunk_size=9)
    assert (again.parts_scored, again.manifest) == (0, first.manifest)


def test_a_stopped_run_goes_on(
    small_ranked: Path, plays: Path, server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(model: HybridRecommender, request: BatchRequest, chunk: Chunk | ItemChunk) -> Scored:
        scored = score(model, request, chunk)
        if scored.number == 2:
            raise KeyboardInterrupt
        return scored

    server.objects["bucket/plays.parquet"] = plays.read_bytes()
    url = ("s3://bucket/plays.parquet", "s3://bucket/out")
    with monkeypatch.context() as patch:
        patch.setattr("hybrid_rec.batch.workers.score", fails)
        with pytest.raises(KeyboardInterrupt):
            score_playlists(small_ranked, *url, 5, chunk_size=9)
    kept = {
        name: data
        for name, data in server.objects.items()
        if name.endswith(".parquet") and "/part-" in name
    }
    assert len(kept) == 2
    result = score_playlists(small_ranked, *url, 5, chunk_size=9)
    assert result.parts_scored == 2
    assert {name: server.objects[name] for name in kept} == kept
    score_playlists(small_ranked, url[0], "s3://bucket/whole", 5, chunk_size=9)
    for name in [name for name in server.objects if name.startswith("bucket/whole/part-")]:
        assert server.objects[name] == server.objects[name.replace("whole", "out")]


def test_without_the_library_one_line_says_what_to_install(
    small_ranked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    for name in ("s3", "s3a"):
        monkeypatch.delitem(sys.modules["fsspec.registry"]._registry, name, raising=False)
    with pytest.raises(DataError, match=r"pip install 'hybrid-rec\[s3\]'"):
        score_playlists(small_ranked, "s3://b/p.csv", tmp_path / "out")


def test_what_is_not_there_is_one_line(small_ranked: Path, server: S3Server) -> None:
    with pytest.raises(DataError, match="bucket/none"):
        score_playlists(small_ranked, "s3://bucket/none.parquet", "s3://bucket/out", 5)
    assert not server.objects
