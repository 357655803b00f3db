"""Rows of any order: a log, in which the rows of a user do not stand together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hybrid_rec import DataError, HybridRecommender, score_playlists
from hybrid_rec.cli.app import run
from tests.scored import Lists, part_bytes, parts, read, same, truth

Log = pd.DataFrame


@pytest.fixture(scope="module")
def model(small_ranked: Path) -> HybridRecommender:
    return HybridRecommender.load(small_ranked)


@pytest.fixture(scope="module")
def log(model: HybridRecommender) -> Log:
    """Six hundred plays of twelve users, one a minute."""
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "playlist_id": [f"u{user}" for user in rng.integers(12, size=600)],
            "item_id": rng.choice(model.model_.catalog.item_ids[:200], 600),
            "played_at": 1_600_000_000 + 60 * np.arange(600),
        }
    )


def scored(model: Path, log: Log | Path, out: Path, k: int = 5, **settings: Any) -> pd.DataFrame:
    path = log
    if isinstance(log, pd.DataFrame):
        path = out.parent / f"{out.name}.parquet"
        log.to_parquet(path)
    score_playlists(model, path, out, k, **settings)
    return read(out)


def lists_of(log: Log) -> Lists:
    """The items of each user, by user."""
    return {str(name): items.tolist() for name, items in log.groupby("playlist_id")["item_id"]}


def test_a_log_in_order_of_time_is_grouped(
    small_ranked: Path, model: HybridRecommender, log: Log, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    found = scored(small_ranked, log, out)
    same(found, truth(model, lists_of(log), 5))
    held = log.groupby("playlist_id")["item_id"].agg(set)
    assert not any(
        item in held[user] for user, item in zip(found["query_id"], found["item_id"], strict=True)
    )
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["counts"]["used_rows"] == manifest["counts"]["input_rows"] == 600
    assert manifest["counts"]["rejected"] == 0
    assert {path.name for path in out.iterdir()} == {
        ".lock", "job.json", "manifest.json", "rejected.parquet", "part-000000.parquet",
    }  # fmt: skip


@pytest.mark.parametrize("unit", ["seconds", "times", "text", "position"])
def test_the_order_of_rows_changes_nothing(
    small_ranked: Path, log: Log, tmp_path: Path, unit: str
) -> None:
    # Many plays share a moment.
    moments = log["played_at"] // 1200 * 1200
    times = pd.to_datetime(moments, unit="s").dt.tz_localize("Europe/Berlin")
    told: dict[str, Any] = {
        "seconds": moments, "times": times, "text": times.astype(str), "position": moments * 0.5,
    }  # fmt: skip
    name = "position" if unit == "position" else "played_at"
    whole = log.drop(columns="played_at").assign(**{name: told[unit]})
    grouped = whole.sort_values(["playlist_id", "item_id"])
    expected = content_of(small_ranked, grouped, tmp_path / "grouped")
    for number in range(3):
        shuffled = whole.sample(frac=1, random_state=number)
        assert content_of(small_ranked, shuffled, tmp_path / f"out{number}") == expected
    folder = tmp_path / "several"
    (folder / "b").mkdir(parents=True)
    shuffled[:250].to_parquet(folder / "a.parquet", row_group_size=10)
    shuffled[250:251].to_csv(folder / "b" / "b.csv", index=False)
    shuffled[251:].to_parquet(folder / "c.parquet")
    assert content_of(small_ranked, folder, tmp_path / "out") == expected


def content_of(model: Path, log: Log | Path, out: Path) -> list[bytes]:
    scored(model, log, out, chunk_size=5)
    return part_bytes(out)


def test_workers_chunks_and_batches_change_nothing(
    small_ranked: Path, log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = scored(small_ranked, log, tmp_path / "one")
    two = scored(small_ranked, log, tmp_path / "two", chunk_size=5, workers=2)
    same(two, expected)
    monkeypatch.setattr("hybrid_rec.batch.input._BATCH_ROWS", 7)
    monkeypatch.setattr("hybrid_rec.batch.sorting._BATCH_ROWS", 11)
    scored(small_ranked, log, tmp_path / "small", chunk_size=5)
    assert part_bytes(tmp_path / "small") == part_bytes(tmp_path / "two")


def test_without_times_plays_stand_as_they_appear(
    small_ranked: Path, model: HybridRecommender, log: Log, tmp_path: Path
) -> None:
    bare = log.drop(columns="played_at").sample(frac=1, random_state=3)
    same(scored(small_ranked, bare, tmp_path / "out"), truth(model, lists_of(bare), 5))


def test_plays_without_a_time_come_last_as_they_appear(
    small_ranked: Path, model: HybridRecommender, tmp_path: Path
) -> None:
    a, b, c, d, e = model.model_.catalog.item_ids[:5].tolist()
    rows = [
        ("q", e, None), ("p", d, None), ("p", c, 2), ("q", b, 1), ("p", b, 2), ("p", a, None),
        ("q", d, None), ("p", e, 1), ("q", a, None),
    ]  # fmt: skip
    mixed = pd.DataFrame(rows, columns=["playlist_id", "item_id", "position"])
    expected = truth(model, {"p": [e, b, c, d, a], "q": [b, e, d, a]}, 4)
    same(scored(small_ranked, mixed, tmp_path / "apart", 4), expected)
    together = mixed.sort_values("playlist_id", kind="stable")
    same(scored(small_ranked, together, tmp_path / "together", 4), expected)


def test_rows_that_stand_together_are_not_sorted(
    small_ranked: Path, log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("sorted")

    monkeypatch.setattr("hybrid_rec.batch.source.sorted_rows", refuse)
    # Neither ids in another order nor rows without one are a reason to sort.
    order = {f"u{number}": -number for number in range(12)}
    together = log.sort_values("playlist_id", key=lambda ids: ids.map(order), kind="stable")
    together = pd.concat([together[:100], log[:3].assign(playlist_id=None), together[100:]])
    found = scored(small_ranked, together, tmp_path / "out", chunk_size=4)
    assert found["query_id"].unique().tolist() == [f"u{number}" for number in range(11, -1, -1)]
    with pytest.raises(AssertionError, match="sorted"):
        scored(small_ranked, log, tmp_path / "apart")


def test_ids_of_every_kind_come_through(
    small_ranked: Path, model: HybridRecommender, tmp_path: Path
) -> None:
    items = model.model_.catalog.item_ids[:3].tolist()
    names = [
        "é",
        "e\u0301",
        "\x00",
        "a\x00b",
        "a",
        "A",
        "\U0001f3b5",
        " ",
        "NULL",
        "10",
        "9",
        "x" * 5000,
    ]
    rows = [(name, item) for item in items for name in names]
    frame = pd.DataFrame(rows, columns=["playlist_id", "item_id"])
    found = scored(small_ranked, frame, tmp_path / "out", 3, chunk_size=5)
    same(found, truth(model, dict.fromkeys(sorted(names), items), 3))


def test_bad_rows_of_a_log_are_listed_and_counted_as_fit_does(
    small_ranked: Path,
    model: HybridRecommender,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    a, b = model.model_.catalog.item_ids[:2].tolist()
    rows = [
        ("p", a, 1), (None, a, 1), ("q", a, 1), ("p", "nope", 2), ("q", None, 2), ("", b, 3),
        ("p", b, "soon"), ("r", "", 1), ("q", b, 3),
    ]  # fmt: skip
    log = pd.DataFrame(rows, columns=["playlist_id", "item_id", "played_at"])
    path, out = tmp_path / "log.csv", tmp_path / "out"
    log.to_csv(path, index=False)
    arguments = ["score", str(small_ranked), str(path), str(out), "-k", "3", "--quiet"]
    assert run(arguments) == 0
    assert capsys.readouterr().out == (
        "3 queries, 9 rows in 1 part (1 written now), 6 rejected (4 rows with missing ids, "
        "1 play of items that the catalogue lacks, 1 row with an unreadable position or "
        f"played_at), 3 of 9 input rows used: {out}\n"
    )
    listed = pq.read_table(out / "rejected.parquet").to_pylist()
    assert [tuple(row.values()) for row in listed] == [
        ("log.csv", 1, None, None, "missing id"),
        ("log.csv", 5, None, None, "missing id"),
        ("log.csv", 3, "p", "nope", "unknown item_id"),
        ("log.csv", 6, "p", b, "unreadable position or played_at"),
        ("log.csv", 4, "q", None, "missing item_id"),
        ("log.csv", 7, "r", None, "missing item_id"),
    ]
    same(pd.read_parquet(parts(out)[0]), truth(model, {"p": [a], "q": [a, b], "r": []}, 3))
    with pytest.raises(DataError, match=r"log\.csv, row 1, query None: missing id .*strict"):
        score_playlists(small_ranked, path, tmp_path / "strict", strict=True)
    log.assign(playlist_id=None).to_csv(path, index=False)
    with pytest.raises(DataError, match="at least one row with a playlist_id, but all 9 lack it"):
        score_playlists(small_ranked, path, tmp_path / "nameless")


def test_many_rows_without_an_id_are_listed(
    small_ranked: Path, log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hybrid_rec.batch.input._BATCH_ROWS", 50)
    half = log.assign(playlist_id=log["playlist_id"].where(np.arange(600) % 2 == 0))
    found = scored(small_ranked, half, tmp_path / "out", chunk_size=5)
    same(found, scored(small_ranked, log[::2], tmp_path / "without", chunk_size=5))
    assert part_bytes(tmp_path / "out") == part_bytes(tmp_path / "without")
    listed = pq.read_table(tmp_path / "out" / "rejected.parquet")
    assert listed["row"].to_pylist() == list(range(1, 600, 2))
    counts = json.loads((tmp_path / "out" / "manifest.json").read_text())["counts"]
    assert [counts[name] for name in ("input_rows", "used_rows", "rejected")] == [600, 300, 300]


@pytest.mark.parametrize("seed", [0, 1])
def test_of_one_endless_playlist_the_first_plays_count(
    small_ranked: Path,
    model: HybridRecommender,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
) -> None:
    for module in ("chunks", "queries", "survey"):
        monkeypatch.setattr(f"hybrid_rec.batch.{module}.LONGEST", 6)
    monkeypatch.setattr("hybrid_rec.batch.input._BATCH_ROWS", 4)
    monkeypatch.setattr("hybrid_rec.batch.sorting._BATCH_ROWS", 4)
    ids = model.model_.catalog.item_ids.tolist()
    rows = [("a", ids[0], 0), ("b", ids[1], 0), *(("long", ids[n], n // 2) for n in range(50))]
    whole = pd.DataFrame(rows, columns=["playlist_id", "item_id", "position"])
    mixed = whole.sample(frac=1, random_state=seed)
    found = scored(small_ranked, mixed, tmp_path / "out", 3)
    same(found, truth(model, {"a": ids[:1], "b": ids[1:2], "long": ids[:6]}, 3))
    counts = json.loads((tmp_path / "out" / "manifest.json").read_text())["counts"]
    assert [counts[name] for name in ("input_rows", "used_rows")] == [52, 8]


def test_lists_are_not_grouped(
    small_ranked: Path, model: HybridRecommender, tmp_path: Path
) -> None:
    a, b = model.model_.catalog.item_ids[:2].tolist()
    table = pa.table({"playlist_id": ["p", "q", "p"], "item_ids": [[a], [b], [b]]})
    pq.write_table(table, tmp_path / "lists.parquet")
    result = score_playlists(small_ranked, tmp_path / "lists.parquet", tmp_path / "out", 3)
    assert result.manifest["rejected"]["reasons"] == {"the id stood before": 1}
    assert "1 rejected (1 query whose id stood before), 2 of 3 input rows used" in str(result)
