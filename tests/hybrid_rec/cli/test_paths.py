"""Missing paths: the command says what the library says, only sooner."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hybrid_rec import HybridRecError, HybridRecommender, read_dataset, score_playlists
from hybrid_rec.batch.run import score_new_items
from hybrid_rec.cli import paths
from hybrid_rec.cli.app import run
from hybrid_rec.data.readers.tidy import read_items, read_plays


@pytest.fixture(scope="module")
def model(fitted: HybridRecommender, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("paths") / "model"
    fitted.save(folder)
    return folder


@pytest.mark.parametrize(
    ("arguments", "call"),
    [
        ("fit no.csv --out m", lambda _: read_dataset("no.csv")),
        ("fit no.TSV --out m", lambda _: read_dataset("no.TSV")),
        ("fit no.parquet --out m", lambda _: read_dataset("no.parquet")),
        ("fit no/more.csv --out m", lambda _: read_dataset("no/more.csv")),
        ("fit plays.csv --items no.csv --out m", lambda _: read_items("no.csv")),
        ("evaluate no.csv", lambda _: read_dataset("no.csv")),
        ("tune no.csv --budget 1 --out t.toml", lambda _: read_dataset("no.csv")),
        ("plan no.csv", lambda _: read_dataset("no.csv")),
        ("recommend no --item 1", lambda _: HybridRecommender.load("no")),
        ("recommend plays.csv --item 1", lambda _: HybridRecommender.load("plays.csv")),
        ("similar no --item 1", lambda _: HybridRecommender.load("no")),
        ("info no", lambda _: HybridRecommender.load("no")),
        ("score no plays.csv out", lambda _: HybridRecommender.load("no")),
        ("score MODEL no.csv out", lambda m: score_playlists(m, "no.csv", "out")),
        ("score MODEL no.parquet out", lambda m: score_playlists(m, "no.parquet", "out")),
        (
            "score MODEL out --new-items no.csv",
            lambda m: score_new_items(m, "no.csv", "out"),
        ),
        ("update no --remove 1", lambda _: HybridRecommender.load("no")),
        ("update MODEL --playlists no.csv", lambda _: read_plays("no.csv")),
        ("update MODEL --items no.parquet", lambda _: read_items("no.parquet")),
    ],
)
def test_a_missing_path_is_refused_in_the_words_of_the_library(
    arguments: str,
    call: Callable[[Path], object],
    model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("plays.csv").write_text("playlist_id,item_id\n1,a\n")
    given = [str(model) if word == "MODEL" else word for word in arguments.split()]
    assert run(given) == 2
    printed = capsys.readouterr()
    with pytest.raises(HybridRecError) as refused:
        call(model)
    assert printed.err == f"hybrid-rec: {refused.value}\n"
    assert printed.out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["plays.csv"]


@pytest.mark.parametrize("dataset", ["yes:no", "movielens:no", "mpd:no", "mpd:no*.json"])
def test_a_named_data_set_that_is_not_there(
    dataset: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["fit", dataset, "--out", "m"]) == 2
    place = dataset.partition(":")[2]
    told = f"hybrid-rec: {place} must be what the data set {dataset} is read from, found nothing"
    assert capsys.readouterr().err.startswith(told)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("place", ["s3://bucket/no.csv", "a\0b.csv"])
def test_what_cannot_be_looked_at_is_left_to_what_reads_it(place: str) -> None:
    paths.check_table(place, "a file of plays")
    paths.check_model(Path("a\0b"))


def test_a_glob_and_a_file_beside_the_data_are_paths_that_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mpd.slice.0-999.json").write_text("{}")
    for dataset in ("mpd:.", "mpd:mpd.slice.*.json", "yes:.", "synthetic", "nonsense"):
        paths.check_dataset(dataset)
