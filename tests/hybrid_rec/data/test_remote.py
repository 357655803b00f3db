"""Data sets behind URLs: fetched whole or not at all, kept, and checked where that is asked for."""

from __future__ import annotations

import hashlib
import io
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pandas as pd
import pytest

from hybrid_rec import (
    DataError,
    HybridConfig,
    HybridRecommender,
    read_dataset,
    read_plays,
    read_tidy,
)
from hybrid_rec.cli.app import run
from tests.loopback import Handler, LoopbackServer
from tests.recorder import Recorder
from tests.s3_server import s3_server

PLAYS = "playlist_id,item_id\n" + "".join(
    f"p{number},{item}\n" for number in range(30) for item in ("a", "b", "c", f"x{number % 3}")
)
ITEMS = "item_id,title\n" + "".join(f"{i},title {i}\n" for i in ("a", "b", "c", "x0", "x1", "x2"))


class WebServer(LoopbackServer):
    """Files in memory, with an ETag and what was asked for."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.missing = 0
        server = self

        class WebHandler(Handler):
            def answer(self) -> None:
                name = self.path.partition("?")[0].lstrip("/")
                server.asked.append(f"{self.command} {name}")
                content = server.files.get(name)
                if content is None:
                    self.reply(404, b"")
                    return
                self.send_response(200)
                self.send_header("ETag", hashlib.sha256(content).hexdigest())
                self.send_header("Content-Length", str(len(content)))
                # A connection that is kept would outlive the server.
                self.send_header("Connection", "close")
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content[: len(content) - server.missing])

        super().__init__(WebHandler)

    def fetched(self) -> int:
        return sum(one.startswith("GET") for one in self.asked)


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[WebServer]:
    monkeypatch.setenv("HYBRID_REC_CACHE", str(tmp_path / "cache"))
    server = WebServer()
    server.files = {"plays.csv": PLAYS.encode(), "items.csv": ITEMS.encode()}
    yield server
    server.stop()


def copies(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_a_data_set_is_fetched_once(web: WebServer, tmp_path: Path) -> None:
    told = Recorder()
    plays = f"{web.url}/plays.csv?version=1"
    dataset = read_dataset(plays, items=f"{web.url}/items.csv", progress=told)
    assert len(dataset.playlists) == 30
    assert dataset.catalog.titles[0] == "title a"
    assert any("fetching plays.csv" in stage.name for stage in told.stages)
    assert web.fetched() == 2
    again = read_dataset(plays, items=f"{web.url}/items.csv")
    assert again.catalog == dataset.catalog
    assert web.fetched() == 2
    assert len(copies(tmp_path)) == 4
    # A file that has changed is fetched again.
    web.files["plays.csv"] += b"p99,a\np99,b\n"
    fsspec.filesystem("http").invalidate_cache()
    assert len(read_tidy(plays).playlists) == 31
    assert web.fetched() == 3
    assert len(read_plays(plays)) == 122


def test_a_fit_takes_urls(web: WebServer) -> None:
    config = HybridConfig(
        titles={"encoder": "tfidf"}, ranking={"enabled": False}, cooccurrence={"epochs": 1}
    )
    model = HybridRecommender(config).fit(f"{web.url}/plays.csv", f"{web.url}/items.csv")
    assert len(model.model_.playlists) == 30
    model.recommend(["a"])


def test_a_checksum_is_checked(web: WebServer, tmp_path: Path) -> None:
    digest = hashlib.sha256(PLAYS.encode()).hexdigest()
    wrong = "0" * 64
    with pytest.raises(DataError, match=f"SHA-256 {wrong}, but what came has {digest}"):
        read_dataset(f"{web.url}/plays.csv#sha256={wrong}")
    assert copies(tmp_path) == []
    with pytest.raises(DataError, match="#sha256= and 64 hexadecimal digits, got 'abc'"):
        read_dataset(f"{web.url}/plays.csv#sha256=abc")
    assert len(read_dataset(f"{web.url}/plays.csv#sha256={digest.upper()}").playlists) == 30
    web.stop()
    # What has the checksum needs no network.
    assert len(read_dataset(f"{web.url}/plays.csv#sha256={digest}").playlists) == 30


def test_without_a_network_the_copy_is_taken(web: WebServer) -> None:
    read_dataset(f"{web.url}/plays.csv")
    web.stop()
    with pytest.warns(UserWarning, match=r"plays.csv must be .* The copy that was fetched"):
        assert len(read_dataset(f"{web.url}/plays.csv").playlists) == 30
    with pytest.raises(DataError, match=r"items.csv must be a file of plays, found"):
        read_dataset(f"{web.url}/items.csv")


def test_what_is_cut_off_is_refused(web: WebServer, tmp_path: Path) -> None:
    web.missing = 100
    with pytest.raises(DataError, match=r"plays.csv must .*(cannot be read|came)"):
        read_dataset(f"{web.url}/plays.csv")
    assert copies(tmp_path) == []
    web.missing = 0
    assert len(read_dataset(f"{web.url}/plays.csv").playlists) == 30


def test_a_damaged_copy_is_fetched_again(web: WebServer, tmp_path: Path) -> None:
    read_dataset(f"{web.url}/plays.csv")
    copy = next(path for path in copies(tmp_path) if path.name == "plays.csv")
    copy.write_bytes(copy.read_bytes()[:-20])
    before = web.fetched()
    assert len(read_dataset(f"{web.url}/plays.csv").playlists) == 30
    assert web.fetched() == before + 1


def test_folders_and_archives(web: WebServer, tmp_path: Path) -> None:
    files = {
        "ratings.csv": "userId,movieId,rating,timestamp\n"
        + "".join(f"{u},{m},5,{u + m}\n" for u in range(1, 5) for m in range(1, 4)),
        "movies.csv": "movieId,title,genres\n1,A (1990),x\n2,B (1991),x|y\n3,C (1992),y\n",
    }
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        for name, text in files.items():
            zipped.writestr(f"ml/{name}", text)
    web.files["ml.zip"] = archive.getvalue()
    digest = hashlib.sha256(archive.getvalue()).hexdigest()
    memory = fsspec.filesystem("memory")
    for name, text in files.items():
        memory.pipe(f"/ml/{name}", text.encode())
    for url in (f"zip://ml::{web.url}/ml.zip#sha256={digest}", "memory://ml"):
        found = read_dataset(f"movielens:{url}")
        assert len(found.playlists) == 4
        assert found.catalog.titles.tolist() == ["A (1990)", "B (1991)", "C (1992)"]
    with pytest.raises(DataError, match="must have the SHA-256"):
        read_dataset(f"movielens:zip://ml::{web.url}/ml.zip#sha256={'1' * 64}")
    memory.rm("/ml", recursive=True)


def test_s3(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HYBRID_REC_CACHE", str(tmp_path / "cache"))
    pd.read_csv(io.StringIO(PLAYS)).to_parquet(tmp_path / "plays.parquet")
    with s3_server(monkeypatch) as server, warnings.catch_warnings():
        warnings.simplefilter("error")
        server.objects["bucket/plays.parquet"] = (tmp_path / "plays.parquet").read_bytes()
        assert len(read_dataset("s3://bucket/plays.parquet").playlists) == 30


def test_the_command_takes_urls(
    web: WebServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "quick.toml"
    config.write_text('[ranking]\nenabled = false\n[titles]\nencoder = "tfidf"\n')
    model = str(tmp_path / "model")
    command = ["fit", f"{web.url}/plays.csv", "--items", f"{web.url}/items.csv", "--out", model]
    assert run([*command, "--config", str(config), "--quiet"]) == 0
    assert "kept 30 of 30 playlists" in capsys.readouterr().out
    for url, told in (
        (f"{web.url}/nothing.csv", "found no such file"),
        (f"{web.url}/plays", "a data set must be one of"),
        ("nope://host/plays.csv", "must be a path or a URL"),
        (f"{web.url}/plays.csv#sha256=12", "64 hexadecimal digits"),
        (f"movielens:{web.url}/nothing", "movielens"),
    ):
        assert run(["fit", url, "--out", str(tmp_path / "other"), "--quiet"]) == 2
        message = capsys.readouterr().err
        assert told in message
        assert message.count("\n") == 1
        assert not (tmp_path / "other").exists()
    assert run(["update", model, "--playlists", f"{web.url}/more.csv", "--quiet"]) == 2
    assert "found no such file" in capsys.readouterr().err
    web.files["more.csv"] = b"playlist_id,item_id\nnew,a\nnew,b\n"
    assert run(["update", model, "--playlists", f"{web.url}/more.csv", "--quiet"]) == 0


def test_messages_name_the_url_and_not_the_copy(web: WebServer, tmp_path: Path) -> None:
    web.files["wrong.csv"] = b"playlist_id,item\np,a\n"
    web.files["twice.csv"] = b"item_id,title\na,b\na,c\n"
    for read, args in (
        (read_dataset, (f"{web.url}/wrong.csv",)),
        (read_tidy, (f"{web.url}/wrong.csv",)),
        (read_plays, (f"{web.url}/wrong.csv",)),
    ):
        with pytest.raises(DataError) as raised:
            read(*args)
        assert str(raised.value).startswith(f"{web.url}/wrong.csv must have the columns")
    with pytest.raises(DataError) as raised:
        read_dataset(f"{web.url}/plays.csv", items=f"{web.url}/twice.csv")
    assert str(raised.value).startswith(f"{web.url}/twice.csv: item ids must be unique")
    memory = fsspec.filesystem("memory")
    memory.pipe("/empty/readme.txt", b"")
    with pytest.raises(DataError) as raised:
        read_dataset("movielens:memory://empty")
    assert str(raised.value).startswith("memory://empty/movies.csv must be")
    memory.rm("/empty", recursive=True)
    for found in (read_dataset(f"{web.url}/plays.csv"), read_tidy(f"{web.url}/plays.csv")):
        assert found.report.source == f"{web.url}/plays.csv"
