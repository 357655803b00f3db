"""Playlists as files for gensim: nothing is lost in them, and gensim loses nothing of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hybrid_rec import Playlists
from hybrid_rec.blocks import corpus_files as module
from hybrid_rec.blocks.corpus_files import CorpusFiles, item_tokens, shuffled
from hybrid_rec.core.errors import RunError

N_ITEMS = 120


def make(lengths: list[int], seed: int = 0) -> Playlists:
    rows = np.random.default_rng(seed).integers(N_ITEMS, size=sum(lengths))
    return Playlists.from_rows(np.array(lengths, np.int64), rows, N_ITEMS)


def read(path: Path) -> list[list[int]]:
    """The lines of a file as rows, those that fill a batch left out."""
    lines = [line.split() for line in path.read_text().splitlines()]
    return [[int(word) for word in line] for line in lines if line[0] != "x"]


def test_tokens_are_rows_of_one_width() -> None:
    assert item_tokens(1).tolist() == [b"0"]
    assert item_tokens(11).tolist()[9:] == [b"09", b"10"]
    assert item_tokens(2_000_000)[[0, 1_234_567]].tolist() == [b"0000000", b"1234567"]


@pytest.mark.parametrize("n_files", [1, 3])
def test_files_hold_every_play_in_order(tmp_path: Path, n_files: int) -> None:
    playlists = make([0, 5, 1, 0, 7, 12, 3, 0])
    corpus = CorpusFiles(playlists, tmp_path, n_files, None)
    corpus.write()
    lines = [line for part in corpus.parts for line in read(part.path)]
    assert lines == [playlists[i].tolist() for i in (1, 2, 4, 5, 6)]
    for part in corpus.parts:
        text = part.path.read_text()
        assert (part.lines, part.words) == (text.count("\n"), len(text.split()))


def test_more_files_than_playlists_leave_some_empty(tmp_path: Path) -> None:
    corpus = CorpusFiles(make([3]), tmp_path, 4, None)
    corpus.write()
    assert sum(len(read(part.path)) for part in corpus.parts) == 1
    assert sum(part.words > 0 for part in corpus.parts) == 1


def test_files_have_about_as_many_plays(tmp_path: Path) -> None:
    corpus = CorpusFiles(make([7] * 3000 + [70] * 300), tmp_path, 2, None)
    corpus.write()
    plays = [sum(map(len, read(part.path))) for part in corpus.parts]
    assert sum(plays) == 42_000
    assert abs(plays[0] - plays[1]) <= 70


@settings(max_examples=40, deadline=None)
@given(
    lengths=st.lists(st.one_of(st.integers(0, 40), st.integers(0, 400)), min_size=1, max_size=60),
    n_files=st.integers(1, 3),
    shuffle=st.booleans(),
    chunk=st.sampled_from([1, 50, 10_000]),
)
@example(lengths=[1] * 60, n_files=1, shuffle=False, chunk=10_000)
@example(lengths=[30, 29, 1, 100], n_files=1, shuffle=False, chunk=10_000)
def test_gensim_reads_every_play_whatever_the_lengths(
    lengths: list[int],
    n_files: int,
    shuffle: bool,
    chunk: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """With its limit made 30 plays, for speed; what gensim's batch cuts off is cut off here."""
    folder = tmp_path_factory.mktemp("corpus")
    playlists = make(lengths)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_GENSIM_BATCH", 30)
        patch.setattr(module, "_LONGEST_BATCH", 29)
        patch.setattr(module, "_CHUNK", chunk)
        rng = np.random.default_rng(1) if shuffle else None
        corpus = CorpusFiles(playlists, folder, n_files, rng)
        corpus.write()
    counts = np.zeros(N_ITEMS, np.int64)
    for part in corpus.parts:
        for batch in gensim_batches(part.path, 30):
            assert len(batch) <= 30  # gensim has no room for more lines
            used = [int(word) for line in batch for word in line if word != "x"][:30]
            np.add.at(counts, used, 1)
    np.testing.assert_array_equal(counts, playlists.play_counts)


def gensim_batches(path: Path, limit: int) -> list[list[list[str]]]:
    """What `CythonLineSentence` of gensim 4.4 hands out, batch by batch."""
    from gensim.models.word2vec_corpusfile import CythonLineSentence

    stream = CythonLineSentence(str(path), 0, limit)
    stream.reset()
    batches = []
    while not stream.is_eof():
        batch = [[word.decode() for word in line] for line in stream.next_batch()]
        batches.append([line for line in batch if line])
    return batches


def test_every_write_draws_a_new_order_within_playlists(tmp_path: Path) -> None:
    playlists = make([20, 30])
    corpus = CorpusFiles(playlists, tmp_path, 1, np.random.default_rng(0))
    orders = []
    for _ in range(2):
        corpus.write()
        orders.append(read(corpus.parts[0].path))
    assert orders[0] != orders[1]
    for lines in orders:
        for line, playlist in zip(lines, (playlists[0], playlists[1]), strict=True):
            assert sorted(line) == sorted(playlist.tolist())


def test_shuffling_in_parts_is_shuffling_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    playlists = make([4, 0, 9, 2, 30, 1, 8])
    monkeypatch.setattr(module, "_CHUNK", 5)
    corpus = CorpusFiles(playlists, tmp_path, 1, np.random.default_rng(3))
    corpus.write()
    written = [row for line in read(corpus.parts[0].path) for row in line]
    whole = shuffled(playlists.rows, playlists.owners, np.random.default_rng(3))
    assert written == whole.tolist()


def test_without_shuffling_files_are_written_once_or_when_they_are_gone(tmp_path: Path) -> None:
    corpus = CorpusFiles(make([4, 5]), tmp_path, 1, None)
    path = corpus.parts[0].path
    corpus.write()
    text = path.read_text()
    path.write_text("as it was")
    corpus.write()
    assert path.read_text() == "as it was"
    path.unlink()
    corpus.write()
    assert path.read_text() == text


def test_a_folder_that_takes_no_files_is_an_error_that_names_the_way_out(tmp_path: Path) -> None:
    corpus = CorpusFiles(make([4, 5]), tmp_path / "gone", 1, None)
    with pytest.raises(RunError, match=r"gone must take 0 MB .* No such file.* Point TMPDIR"):
        corpus.write()
    corpus.clear()  # no second error on the way out


def test_a_thread_that_reads_cleared_files_comes_to_its_end(tmp_path: Path) -> None:
    from gensim.models.word2vec_corpusfile import CythonLineSentence

    corpus = CorpusFiles(make([300] * 3000), tmp_path, 1, None)
    corpus.write()
    stream = CythonLineSentence(str(corpus.parts[0].path))
    stream.reset()
    assert stream.next_batch()
    corpus.clear()
    left = 0
    while not stream.is_eof():
        stream.next_batch()
        left += 1
    assert left < 5  # of 91
