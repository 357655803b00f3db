"""The text cache: what it gives back, and what damage, races and closed doors do to it."""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import re
import subprocess
import sys
import time
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import platformdirs
import pytest
from numpy.typing import NDArray

from hybrid_rec.blocks.text.cache import TextCache
from hybrid_rec.core.cache_folder import default_cache_dir

DIM = 4


def vectors_of(texts: list[str]) -> NDArray[np.float32]:
    """A vector that tells its text."""
    return np.array([[len(text), *map(ord, text[:3].ljust(3))] for text in texts], np.float32)


def filled(folder: Path, *lots: list[str]) -> TextCache:
    cache = TextCache(folder, DIM)
    for lot in lots:
        cache.put(lot, vectors_of(lot))
    return cache


def shards(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.npy"))


def test_gives_back_what_was_put_in_any_order(tmp_path: Path) -> None:
    filled(tmp_path, ["one", "two"], ["three \u00e9"])
    texts = ["three \u00e9", "absent", "two", "one", "two"]
    found, vectors = TextCache(tmp_path, DIM).get(texts)
    assert found.tolist() == [True, False, True, True, True]
    expected = vectors_of(texts)
    expected[1] = 0
    np.testing.assert_array_equal(vectors, expected)
    assert vectors.dtype == np.float32


def test_what_was_just_put_is_there(tmp_path: Path) -> None:
    cache = TextCache(tmp_path / "deep" / "er", DIM)
    assert not cache.get(["one"])[0].any()
    cache.put(["one"], vectors_of(["one"]))
    found, vectors = cache.get(["one"])
    assert found.all()
    np.testing.assert_array_equal(vectors, vectors_of(["one"]))


def test_nothing_in_nothing_out(tmp_path: Path) -> None:
    cache = TextCache(tmp_path, DIM)
    cache.put([], np.zeros((0, DIM), np.float32))
    found, vectors = cache.get([])
    assert found.shape == (0,)
    assert vectors.shape == (0, DIM)
    assert shards(tmp_path) == []


def test_files_are_named_by_their_content_and_leave_no_rest(tmp_path: Path) -> None:
    filled(tmp_path / "a", ["one"])
    filled(tmp_path / "b", ["one"])
    names = [[path.name for path in (tmp_path / side).iterdir()] for side in "ab"]
    assert names[0] == names[1]
    assert len(names[0]) == 1


def damage_truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5])


def damage_flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def damage_empty(path: Path) -> None:
    path.write_bytes(b"")


def damage_other_file(path: Path) -> None:
    path.write_text("no array at all")


@pytest.mark.parametrize("damage", [damage_truncate, damage_flip, damage_empty, damage_other_file])
def test_a_damaged_file_is_removed_with_one_warning_and_the_rest_used(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    filled(tmp_path, ["one"], ["two"])
    bad = shards(tmp_path)[0]
    damage(bad)
    cache = TextCache(tmp_path, DIM)
    with pytest.warns(UserWarning, match="1 of 2 files of the text cache") as caught:
        found, vectors = cache.get(["one", "two"])
    assert len(caught) == 1
    assert found.sum() == 1
    np.testing.assert_array_equal(vectors[found], vectors_of(["one", "two"])[found])
    assert not bad.exists()
    cache.put(["one", "two"], vectors_of(["one", "two"]))
    assert TextCache(tmp_path, DIM).get(["one", "two"])[0].all()


def named_by_content(folder: Path, content: bytes) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{hashlib.sha256(content).hexdigest()}.npy").write_bytes(content)


def test_files_of_another_kind_with_right_names_are_refused(tmp_path: Path) -> None:
    filled(tmp_path / "other", ["one"])
    buffer = io.BytesIO()
    np.save(buffer, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    named_by_content(tmp_path / "x", buffer.getvalue())
    buffer = io.BytesIO()
    np.save(buffer, np.zeros((2, 2), np.float32))
    named_by_content(tmp_path / "x", buffer.getvalue())
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.npy", b"")
    named_by_content(tmp_path / "x", buffer.getvalue())
    named_by_content(tmp_path / "x", pickle.dumps([1]))
    named_by_content(tmp_path / "x", b"\x93NUMPY\x01\x00\x10\x00{'descr': broken")
    named_by_content(tmp_path / "x", shards(tmp_path / "other")[0].read_bytes())
    with pytest.warns(UserWarning, match="6 of 6 files"):
        found, _ = TextCache(tmp_path / "x", DIM + 1).get(["one"])
    assert not found.any()
    assert shards(tmp_path / "x") == []


def test_a_folder_that_cannot_be_written_is_warned_of_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = TextCache(tmp_path / "file" / "titles", DIM)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert not cache.get(["one"])[0].any()
        cache.put(["one"], vectors_of(["one"]))
        cache.put(["two"], vectors_of(["two"]))
    assert len(caught) == 1
    assert re.search("must be (readable|writable).*HYBRID_REC_CACHE", str(caught[0].message))
    assert cache.get(["one", "two"])[0].all()  # this process still knows them


def test_a_full_disk_is_warned_of_and_leaves_nothing_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    cache = TextCache(tmp_path, DIM)
    with pytest.warns(UserWarning, match="No space left on device"):
        cache.put(["one"], vectors_of(["one"]))
    assert list(tmp_path.iterdir()) == []


def test_many_small_files_become_one(tmp_path: Path) -> None:
    texts = [f"title {number}" for number in range(70)]
    filled(tmp_path, *([text] for text in texts), ["title 0", "extra"])
    assert len(shards(tmp_path)) == 71
    cache = TextCache(tmp_path, DIM)
    found, vectors = cache.get([*texts, "extra"])
    assert found.all()
    np.testing.assert_array_equal(vectors, vectors_of([*texts, "extra"]))
    assert len(shards(tmp_path)) == 1
    found, vectors = TextCache(tmp_path, DIM).get([*texts, "extra"])
    assert found.all()
    np.testing.assert_array_equal(vectors, vectors_of([*texts, "extra"]))


def test_merging_what_another_process_has_merged_loses_nothing(tmp_path: Path) -> None:
    texts = [f"title {number}" for number in range(70)]
    filled(tmp_path, *([text] for text in texts))
    small = {path: path.read_bytes() for path in shards(tmp_path)}
    TextCache(tmp_path, DIM).get(texts)
    (merged,) = shards(tmp_path)
    for path, content in small.items():  # as a process saw it that came a moment later
        path.write_bytes(content)
    assert TextCache(tmp_path, DIM).get(texts)[0].all()
    assert shards(tmp_path) == [merged]
    assert TextCache(tmp_path, DIM).get(texts)[0].all()


def test_what_a_killed_process_left_behind_is_removed_when_it_is_old(tmp_path: Path) -> None:
    old, young = tmp_path / "old.tmp", tmp_path / "young.tmp"
    old.write_bytes(b"half")
    young.write_bytes(b"half")
    yesterday = time.time() - 2 * 24 * 3600
    os.utime(old, (yesterday, yesterday))
    assert not TextCache(tmp_path, DIM).get(["one"])[0].any()
    assert [path.name for path in tmp_path.iterdir()] == ["young.tmp"]


WRITER = """
import sys
import numpy as np
from pathlib import Path
from hybrid_rec.blocks.text.cache import TextCache

folder, offset = Path(sys.argv[1]), int(sys.argv[2])
for lot in range(40):
    cache = TextCache(folder, 4)
    texts = [f"title {n}" for n in range(offset + lot * 5, offset + lot * 5 + 5)]
    assert not cache.get(["never"])[0].any()
    cache.put(texts, np.array([[float(t.split()[1])] * 4 for t in texts], np.float32))
"""


def test_two_processes_write_at_once(tmp_path: Path) -> None:
    # They overlap by half, read each other's files, and merge them while the other reads.
    processes = [
        subprocess.Popen([sys.executable, "-W", "error", "-c", WRITER, str(tmp_path), str(offset)])
        for offset in (0, 100)
    ]
    assert [process.wait(timeout=60) for process in processes] == [0, 0]
    found, vectors = TextCache(tmp_path, DIM).get([f"title {n}" for n in range(300)])
    assert found.all()
    np.testing.assert_array_equal(vectors[:, 0], np.arange(300))
    assert list(tmp_path.glob("*.tmp")) == []


def test_a_file_that_vanishes_while_the_folder_is_read_is_no_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(tmp_path, ["one"], ["two"])
    gone = shards(tmp_path)[0]
    listed = Path.glob

    def glob_then_vanish(self: Path, pattern: str) -> list[Path]:
        paths = list(listed(self, pattern))
        if pattern == "*.npy":
            gone.unlink()
        return paths

    monkeypatch.setattr(Path, "glob", glob_then_vanish)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert TextCache(tmp_path, DIM).get(["one", "two"])[0].sum() == 1


def test_a_hundred_thousand_titles_are_read_back(tmp_path: Path) -> None:
    dim, count = 384, 100_000
    texts = [f"title number {number}" for number in range(count)]
    vectors = np.random.default_rng(0).standard_normal((count, dim), dtype=np.float32)
    cache = TextCache(tmp_path, dim)
    for start in range(0, count, 8192):
        cache.put(texts[start : start + 8192], vectors[start : start + 8192])
    found, read = TextCache(tmp_path, dim).get(texts)
    assert found.all()
    assert np.array_equal(read, vectors)


def test_default_folder_follows_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HYBRID_REC_CACHE", str(tmp_path))
    assert default_cache_dir() == tmp_path
    monkeypatch.delenv("HYBRID_REC_CACHE")
    assert default_cache_dir() == Path(platformdirs.user_cache_dir("hybrid-rec"))
