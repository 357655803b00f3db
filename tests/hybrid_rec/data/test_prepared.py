"""The reader of prepared data sets, and samples that know the plays of the whole."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hybrid_rec import (
    Catalog,
    DataError,
    Dataset,
    HybridConfig,
    HybridRecommender,
    Playlists,
    read_dataset,
    read_tidy,
    synthetic_radio,
)
from hybrid_rec.cli.app import run
from tests.prepared_data import assert_same, write_prepared

FAST = HybridConfig(titles={"encoder": "tfidf"}, cooccurrence={"epochs": 1, "vector_size": 16})


def small() -> Dataset:
    plays = pd.DataFrame(
        {
            "playlist_id": ["b", "b", "a", "a", "a", "c"],
            "item_id": ["x", "y", "y", "z", "x", "z"],
            "played_at": [
                "2020-01-02",
                "2020-01-01",
                "2020-01-03",
                None,
                "2020-01-01",
                "2020-01-01",
            ],
            "playlist_name": ["Chill", None, "gym", "gym", None, None],
        }
    )
    items = pd.DataFrame(
        {
            "item_id": ["x", "y", "z", "cold"],
            "title": ["One", None, "Three", "Four"],
            "tags": [["rock"], [], None, ["a", "b"]],
            "tempo": [1.5, None, 3.0, 4.0],
            "sound": [[1.0, 2.0], None, [0.0, 1.0], [3.0, 4.0]],
        }
    )
    return read_tidy(plays, items)


def test_what_was_prepared_is_read_as_it_was(tmp_path: Path) -> None:
    expected = small()
    found = read_dataset(f"prepared:{write_prepared(expected, tmp_path / 'out')}")
    assert_same(found, expected)
    assert found.playlists.elsewhere is None
    assert found.report.source.endswith("out, from DataFrame")


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda out: (out / "manifest.json").unlink(), "found no manifest.json"),
        (lambda out: (out / "manifest.json").write_text("{"), "found no manifest.json"),
        (lambda out: (out / "plays" / "00000.parquet").unlink(), "found no file plays/00000"),
        (lambda out: (out / "items" / "00001.parquet").write_bytes(b"x"), "items/00001.* SHA-256"),
        (lambda out: _told(out, format="other"), "found other 1"),
        (lambda out: _told(out, has_times="yes"), "damaged at has_times"),
        (lambda out: _told(out, counts={"items": 3}), "items must hold 3 rows, found 4"),
    ],
)
def test_a_damaged_prepared_data_set_is_refused_in_one_line(
    damage: object, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = write_prepared(small(), tmp_path / "out")
    damage(out)
    with pytest.raises(DataError, match=told):
        read_dataset(f"prepared:{out}")
    assert run(["fit", f"prepared:{out}", "--out", str(tmp_path / "model"), "--quiet"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def _told(out: Path, **changes: object) -> None:
    content = json.loads((out / "manifest.json").read_text())
    (out / "manifest.json").write_text(json.dumps(content | changes))


def test_a_sample_counts_the_plays_of_the_whole_for_popularity_and_shrinkage(
    tmp_path: Path,
) -> None:
    playlists, catalog, _ = dataset = synthetic_radio(seed=0, n_items=60, n_playlists=120)
    rng = np.random.default_rng(0)
    elsewhere = rng.integers(0, 50, 60)
    rare = int(np.argmin(playlists.play_counts + elsewhere))
    elsewhere[rare] += 10_000
    folder = write_prepared(Dataset(*dataset), tmp_path / "out", elsewhere.tolist())
    sample = read_dataset(f"prepared:{folder}").playlists
    np.testing.assert_array_equal(sample.known_plays, playlists.play_counts + elsewhere)
    np.testing.assert_array_equal(sample.play_counts, playlists.play_counts)

    usual = HybridRecommender(FAST).fit(playlists, catalog)
    known = HybridRecommender(FAST).fit(sample, catalog)
    for model, first in ((usual, np.argmax(playlists.play_counts)), (known, rare)):
        column = model.model_.index.blocks(np.arange(60))["popularity"][:, 0]
        assert np.argmax(column) == first
    # Shrunk less, as the whole says more of the item than the sample does.
    places = [m.model_.index.blocks(np.arange(60))["cooccurrence"] for m in (usual, known)]
    warm = np.flatnonzero(playlists.play_counts)
    assert not np.allclose(places[0][warm], places[1][warm])

    known.save(tmp_path / "model")
    loaded = HybridRecommender.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.model_.playlists.elsewhere, elsewhere)
    new = pd.DataFrame({"item_id": ["new"], "title": ["New"], "artist": [None]})
    loaded.update([["new", catalog.item_ids[0]]], new)
    np.testing.assert_array_equal(loaded.model_.playlists.elsewhere, [*elsewhere, 0])
    assert loaded.model_.playlists.known_plays[-1] == 1


def test_playlists_keep_what_is_played_elsewhere_only_of_their_items() -> None:
    catalog = Catalog.from_columns(["a", "b", "c"], [None] * 3, [None] * 3)
    whole = Playlists.from_lists([["a", "b"], ["b", "c"]], catalog)
    with pytest.raises(DataError, match="elsewhere must have one entry per item, 3"):
        Playlists(whole.offsets, whole.rows, whole.playlist_ids, 3, elsewhere=np.zeros(2, np.int64))
    known = Playlists(
        whole.offsets, whole.rows, whole.playlist_ids, 3, elsewhere=np.array([5, 6, 7])
    )
    # What is left out of a part is not counted: it may be what is asked for.
    part = known.select(np.array([0]))
    assert part.known_plays.tolist() == [6, 7, 7]

    from hybrid_rec.data.playlist_growth import forgetting, over_part

    hidden = np.array([False, True, False])
    assert forgetting(known, hidden).known_plays.tolist() == [6, 0, 8]
    assert over_part(known, ~hidden).known_plays.tolist() == [6, 8]
