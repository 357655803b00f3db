"""Saved models: whole or not at all, verified, without pickle."""

from __future__ import annotations

import json
import pickle
import re
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from hybrid_rec import ArtifactError, HybridConfig, HybridRecommender
from hybrid_rec.core import files
from hybrid_rec.data.synthetic import SyntheticDataset
from hybrid_rec.model import storage as artifact
from hybrid_rec.model.manifest import as_text

QUERIES = [["song-001", "song-002"], ["song-003"], []]


@pytest.fixture
def saved(fitted: HybridRecommender, tmp_path: Path) -> Path:
    fitted.save(tmp_path / "model")
    return tmp_path / "model"


@pytest.mark.parametrize("mmap", [False, True])
def test_a_loaded_model_answers_alike(
    fitted: HybridRecommender, saved: Path, world: SyntheticDataset, mmap: bool
) -> None:
    loaded = HybridRecommender.load(saved, mmap=mmap)
    assert loaded.config == fitted.config
    cold = world.catalog.to_frame().iloc[world.truth.cold]
    for one, other in (
        (fitted.recommend(QUERIES, 20), loaded.recommend(QUERIES, 20)),
        (fitted.similar_items(["song-001"]), loaded.similar_items(["song-001"])),
        (fitted.recommend_for_new_items(cold), loaded.recommend_for_new_items(cold)),
    ):
        assert one.item_ids.tolist() == other.item_ids.tolist()
        assert one.scores.tobytes() == other.scores.tobytes()
        assert one.sources.tolist() == other.sources.tolist()
    neighbours = [m.similar_playlists(QUERIES[:2]) for m in (fitted, loaded)]
    assert neighbours[0].playlist_ids.tolist() == neighbours[1].playlist_ids.tolist()


def test_same_seed_same_files(
    fitted: HybridRecommender, saved: Path, world: SyntheticDataset, quick_config: HybridConfig
) -> None:
    again = HybridRecommender(quick_config).fit(world.playlists, world.catalog)
    again.save(saved.with_name("again"))
    HybridRecommender.load(saved).save(saved.with_name("resaved"))
    for other in (saved.with_name("again"), saved.with_name("resaved")):
        assert files.files_in(other) == files.files_in(saved)
        for name in files.files_in(saved):
            assert (saved / name).read_bytes() == (other / name).read_bytes(), name


def test_manifest_tells_what_is_in_the_folder(saved: Path, world: SyntheticDataset) -> None:
    manifest = json.loads((saved / "manifest.json").read_text())
    assert manifest["format_version"] == 2
    assert manifest["counts"]["items"] == manifest["counts"]["index_rows"] == 1000
    assert manifest["counts"]["playlists"] == len(world.playlists)
    assert HybridConfig(**manifest["config"]).titles.encoder == "tfidf"
    assert {*manifest["files"], "manifest.json"} == set(files.files_in(saved))
    for name, digest in manifest["files"].items():
        assert files.sha256(saved / name) == digest


def test_pickle_takes_no_part(
    fitted: HybridRecommender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("pickle was used")

    for name in ("dump", "dumps", "load", "loads", "Pickler", "Unpickler"):
        monkeypatch.setattr(pickle, name, refuse)
    fitted.save(tmp_path / "model")
    loaded = HybridRecommender.load(tmp_path / "model")
    assert loaded.recommend(QUERIES).scores.tobytes() == fitted.recommend(QUERIES).scores.tobytes()


def test_a_second_save_replaces_the_first(saved: Path, fitted: HybridRecommender) -> None:
    before = (saved / "manifest.json").stat().st_ino
    fitted.save(saved)
    assert (saved / "manifest.json").stat().st_ino != before
    assert [p.name for p in saved.parent.iterdir()] == ["model"]
    HybridRecommender.load(saved)


def test_parents_are_made_and_an_empty_folder_is_used(
    fitted: HybridRecommender, tmp_path: Path
) -> None:
    fitted.save(tmp_path / "a" / "b")
    (tmp_path / "empty").mkdir()
    fitted.save(tmp_path / "empty")
    HybridRecommender.load(tmp_path / "a" / "b")
    HybridRecommender.load(tmp_path / "empty")


@pytest.mark.parametrize("other", ["notes.txt", "manifest.json"])
def test_a_folder_of_other_things_is_left_alone(
    fitted: HybridRecommender, tmp_path: Path, other: str
) -> None:
    (tmp_path / other).write_text("{}")
    with pytest.raises(ArtifactError, match="must be new, empty or hold a model"):
        fitted.save(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == [other]


def test_files_that_the_user_put_beside_a_model_are_kept(
    saved: Path, fitted: HybridRecommender
) -> None:
    (saved / "notes.txt").write_text("mine")
    with pytest.raises(ArtifactError, match="must be new, empty or hold a model"):
        fitted.save(saved)
    assert (saved / "notes.txt").read_text() == "mine"
    HybridRecommender.load(saved)


LOOP, LONG = "loop", "a" * 300


@pytest.mark.parametrize("name", [LOOP, f"{LOOP}/model", LONG, f"{LONG}/model", "a\0b"])
def test_paths_that_no_file_system_takes(
    fitted: HybridRecommender, tmp_path: Path, name: str
) -> None:
    (tmp_path / LOOP).symlink_to(tmp_path / LOOP)
    with pytest.raises(ArtifactError, match=r"cannot be written|must be new, empty"):
        fitted.save(tmp_path / name)
    with pytest.raises(ArtifactError, match=r"cannot be read|must be a saved model"):
        HybridRecommender.load(tmp_path / name)
    with pytest.raises(ArtifactError, match=r"manifest\.json"):
        artifact.read_manifest(tmp_path / name)


@pytest.mark.parametrize("name", ["file/model", "n" * 250, "file"])
def test_a_target_that_cannot_be_made_is_noticed_at_once(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ArtifactError, match=r"cannot be written|must be new, empty"):
        artifact.check_target(tmp_path / name)


def test_checking_a_target_leaves_nothing(tmp_path: Path) -> None:
    artifact.check_target(tmp_path / "a" / "b" / "model")
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way(fitted: HybridRecommender, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ArtifactError, match="must be new, empty or hold a model"):
        fitted.save(tmp_path / "file")
    with pytest.raises(ArtifactError, match="cannot be written"):
        fitted.save(tmp_path / "file" / "model")


def test_a_failed_save_leaves_the_old_model_whole(
    saved: Path, fitted: HybridRecommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {name: (saved / name).read_bytes() for name in files.files_in(saved)}

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(fitted.model_.blocks["artist"]), "save", full)
    with pytest.raises(ArtifactError, match="No space left on device"):
        fitted.save(saved)
    assert {name: (saved / name).read_bytes() for name in files.files_in(saved)} == before
    assert [p.name for p in saved.parent.iterdir()] == ["model"]


_KILLED = """
import os, pathlib, signal, sys
from hybrid_rec import HybridRecommender
model = HybridRecommender.load(sys.argv[1])
renames = 0
rename = pathlib.Path.rename
def killing(self, target):
    global renames
    renames += 1
    if renames == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    return rename(self, target)
pathlib.Path.rename = killing
model.save(sys.argv[1])
"""


@pytest.mark.parametrize("before_rename", [1, 2])
def test_a_killed_save_leaves_the_old_model_whole(
    saved: Path, fitted: HybridRecommender, before_rename: int
) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED, str(saved), str(before_rename)], check=False
    )
    assert killed.returncode == -signal.SIGKILL
    loaded = HybridRecommender.load(saved)
    assert loaded.recommend(QUERIES).scores.tobytes() == fitted.recommend(QUERIES).scores.tobytes()
    fitted.save(saved)
    assert [p.name for p in saved.parent.iterdir()] == ["model"]


def test_every_damaged_file_is_named(saved: Path) -> None:
    names = files.files_in(saved)
    assert {"manifest.json", "blocks/artist/labels.json", "blocks.json"} < set(names)
    for path in (saved / name for name in names):
        named = re.escape(path.relative_to(saved).as_posix())
        whole = path.read_bytes()
        changed = bytearray(whole)
        changed[len(changed) // 2] ^= 1
        for damaged in (bytes(changed), whole[: len(whole) // 2]):
            path.write_bytes(damaged)
            # A flipped bit in the manifest may leave valid JSON, but then its digest differs.
            with pytest.raises(ArtifactError, match=named):
                HybridRecommender.load(saved)
        path.unlink()
        with pytest.raises(ArtifactError, match=named):
            HybridRecommender.load(saved)
        path.write_bytes(whole)
    HybridRecommender.load(saved)


@pytest.fixture(scope="module")
def coarse(fitted: HybridRecommender) -> HybridRecommender:
    """A model with other files than `fitted`."""
    return fitted.with_index("SQ8")


def test_a_model_that_is_replaced_while_it_is_read_is_read_again(
    saved: Path, coarse: HybridRecommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha256 = files.sha256
    calls: list[Path] = []

    def replaced(path: Path) -> str:
        calls.append(path)
        if len(calls) == 1:
            monkeypatch.setattr(artifact, "sha256", sha256)
            coarse.save(saved)
            raise FileNotFoundError(2, "No such file or directory", str(path))
        return sha256(path)

    monkeypatch.setattr(artifact, "sha256", replaced)
    assert HybridRecommender.load(saved).config.index.factory == "SQ8"


def test_a_model_that_is_replaced_after_it_was_verified_is_read_again(
    saved: Path, coarse: HybridRecommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = artifact._READERS[2]

    def replaced(*arguments: Any, **options: Any) -> Any:
        monkeypatch.setitem(artifact._READERS, 2, read)
        coarse.save(saved)
        return read(*arguments, **options)

    monkeypatch.setitem(artifact._READERS, 2, replaced)
    loaded = HybridRecommender.load(saved)
    assert loaded.config.index.factory == "SQ8"
    assert not loaded.model_.index.index.exact


def test_a_model_that_never_stands_still(
    saved: Path, fitted: HybridRecommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = artifact._READERS[2]

    def replaced(*arguments: Any, **options: Any) -> Any:
        fitted.save(saved)
        return read(*arguments, **options)

    monkeypatch.setitem(artifact._READERS, 2, replaced)
    with pytest.raises(ArtifactError, match=r"must stay as it is .* was replaced 5 times"):
        HybridRecommender.load(saved)


def test_a_file_that_vanishes_while_it_is_read(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def vanished(path: Path) -> str:
        raise FileNotFoundError(2, "No such file or directory", str(path))

    monkeypatch.setattr(artifact, "sha256", vanished)
    with pytest.raises(ArtifactError, match="must hold a whole model"):
        HybridRecommender.load(saved)


def test_threads_that_save_to_one_folder_leave_a_whole_model(
    fitted: HybridRecommender, tmp_path: Path
) -> None:
    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(fitted.save, tmp_path / "model") for _ in range(12)]:
            future.result()
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    HybridRecommender.load(tmp_path / "model")


def rewrite(saved: Path, **changes: Any) -> None:
    """Change the manifest as somebody would who knows how its digest is made."""
    path = saved / "manifest.json"
    path.write_text(as_text(json.loads(path.read_text()) | changes))


def relist(saved: Path) -> None:
    """List the files that are there, with the checksums that they have."""
    names = [name for name in files.files_in(saved) if name != "manifest.json"]
    rewrite(saved, files={name: files.sha256(saved / name) for name in names})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format_version": 99}, r"version 2 or older, got \('hybrid-rec model', 99\)"),
        ({"format": "something"}, r"got \('something', 2\)"),
        ({"counts": {"items": 3}}, r"catalog\.parquet must hold the 3 rows .* got 1000"),
        ({"counts": None}, "must list config, libraries, counts, files, but counts is None"),
        ({"config": None}, "but config is None"),
        ({"config": []}, r"but config is \[\]"),
        ({"libraries": None}, "but libraries is None"),
        ({"files": {}}, r"must list every file of the model, but blocks\.json is not listed"),
        ({"config": {"colour": 1}}, "no parameter 'colour'"),
        ({"files": {"../secret": "0"}}, "cannot list a file '../secret'"),
        ({"files": {"ranking/secret.npy": "0"}}, "must hold ranking/secret.npy"),
    ],
)
def test_a_changed_manifest(saved: Path, changes: dict[str, Any], message: str) -> None:
    rewrite(saved, **changes)
    with pytest.raises(ArtifactError, match=message):
        HybridRecommender.load(saved)


@pytest.mark.parametrize("content", ["", "[1, 2]", "null", "{"])
def test_a_broken_manifest(saved: Path, content: str) -> None:
    (saved / "manifest.json").write_text(content)
    with pytest.raises(
        ArtifactError, match=r"manifest\.json .*must be readable|must hold the format"
    ):
        HybridRecommender.load(saved)


def test_no_model_at_all(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(
            ArtifactError, match=r"must be a saved model, but holds no manifest\.json"
        ):
            HybridRecommender.load(folder)


def test_files_that_fit_their_checksums_but_not_each_other(
    saved: Path, fitted: HybridRecommender
) -> None:
    (saved / "index.json").write_text(json.dumps({"dense": {"cooccurrence": 3}, "one_hot": []}))
    relist(saved)
    with pytest.raises(ArtifactError, match="dense blocks must fill the"):
        HybridRecommender.load(saved)


def test_every_digit_of_the_manifest_counts(small_ranked: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(small_ranked, folder)
    measured = {"factory": "Flat", "queries": 20, "rows": [{"queries": "items", "recall@10": 0.25}]}
    artifact.keep_measurement(folder, artifact.read_manifest(folder), measured)
    path = folder / "manifest.json"
    whole = path.read_text()
    places = [place for place, letter in enumerate(whole) if letter.isdigit()]
    assert len(places) > 500
    for place in places:
        other = str((int(whole[place]) + 1) % 10)
        path.write_text(whole[:place] + other + whole[place + 1 :])
        with pytest.raises(ArtifactError, match=r"must have the digest|must hold the format|JSON"):
            artifact.read_manifest(folder)
    path.write_text(whole)
    assert artifact.read_manifest(folder)["measured"] == measured


def test_counts_that_are_not_those_of_the_model(saved: Path) -> None:
    counts = json.loads((saved / "manifest.json").read_text())["counts"]
    rewrite(saved, counts={**counts, "items_hybrid": counts["items_hybrid"] + 1})
    with pytest.raises(ArtifactError, match=r"must have the counts .* but has"):
        HybridRecommender.load(saved)


def test_a_manifest_without_a_digest_is_refused(saved: Path) -> None:
    manifest = json.loads((saved / "manifest.json").read_text())
    del manifest["digest"]
    (saved / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ArtifactError, match=r"must have the digest .* but says None"):
        HybridRecommender.load(saved)


@pytest.mark.parametrize(
    "name",
    ["../model/rows.npy", "a/../rows.npy", "/rows.npy", "./rows.npy", "a//rows.npy", "blocks", ""],
)
def test_a_listed_name_stays_in_the_folder(saved: Path, name: str) -> None:
    listed = json.loads((saved / "manifest.json").read_text())["files"]
    rewrite(saved, files=listed | {name: files.sha256(saved / "rows.npy")})
    with pytest.raises(ArtifactError, match=f"cannot list a file '{re.escape(name)}'"):
        HybridRecommender.load(saved)


@pytest.mark.parametrize("name", ["rows.npy", "blocks/artist/labels.json"])
def test_a_listed_link_is_refused(saved: Path, name: str) -> None:
    moved = saved.with_name("elsewhere")
    (saved / name).rename(moved)
    (saved / name).symlink_to(moved)
    with pytest.raises(ArtifactError, match=f"must hold {name}, but it is behind a link"):
        HybridRecommender.load(saved)


def test_a_linked_folder_is_refused(saved: Path) -> None:
    (saved / "blocks" / "artist").rename(saved.with_name("elsewhere"))
    (saved / "blocks" / "artist").symlink_to(saved.with_name("elsewhere"))
    with pytest.raises(
        ArtifactError, match=r"must hold blocks/artist/[a-z.]+, but it is behind a link"
    ):
        HybridRecommender.load(saved)


def test_a_model_behind_a_link_is_loaded(saved: Path, fitted: HybridRecommender) -> None:
    (saved.parent / "link").symlink_to(saved)
    loaded = HybridRecommender.load(saved.parent / "link")
    assert loaded.recommend(QUERIES).scores.tobytes() == fitted.recommend(QUERIES).scores.tobytes()


def test_a_missing_block_folder(saved: Path) -> None:
    shutil.rmtree(saved / "blocks" / "artist")
    with pytest.raises(ArtifactError, match=r"must hold blocks/artist/items\.npz, .*missing"):
        HybridRecommender.load(saved)
    relist(saved)
    with pytest.raises(ArtifactError, match=r"block 'artist' must have its folder .*blocks/artist"):
        HybridRecommender.load(saved)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"blocks": ["title", "lyrics"], "group": None}, "must list blocks of the configuration"),
        ({"blocks": "title", "group": None}, "must list blocks of the configuration"),
        ([], "must list blocks of the configuration"),
        ({"blocks": ["title", "artist"], "group": "title"}, "must name a block of categories"),
        ({"blocks": ["title"], "group": "artist"}, "must name a block of categories"),
        ({"blocks": ["title", ["artist"]], "group": None}, "must list blocks of the conf"),
        ({"blocks": ["title", "title"], "group": None}, "each once"),
        ({"blocks": ["title", "artist"], "group": ["artist"]}, "must name a block of categories"),
        ({"blocks": ["title"], "group": None}, "must name groups|the index must hold"),
    ],
)
def test_blocks_that_do_not_fit(saved: Path, content: Any, message: str) -> None:
    (saved / "blocks.json").write_text(json.dumps(content))
    relist(saved)
    with pytest.raises(ArtifactError, match=message):
        HybridRecommender.load(saved)


def test_a_listed_ranking_is_not_lost(small_ranked: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(small_ranked, folder)
    listed = json.loads((folder / "manifest.json").read_text())["files"]
    for name in ("ranking/trees.txt", "ranking/weights.json"):
        rewrite(folder, files={one: digest for one, digest in listed.items() if one != name})
        with pytest.raises(ArtifactError, match=f"{name} is not listed"):
            HybridRecommender.load(folder)


@pytest.mark.parametrize("name", ["name_trees.txt", "any_time_trees.txt", "network.npy"])
def test_what_is_not_listed_is_no_note(saved: Path, name: str) -> None:
    (saved / "note.txt").write_text("")
    (saved / "trees_of_mine.txt").write_text("")
    HybridRecommender.load(saved)
    (saved / name).write_text("")
    with pytest.raises(ArtifactError, match=f"{re.escape(name)} is not listed"):
        HybridRecommender.load(saved)
