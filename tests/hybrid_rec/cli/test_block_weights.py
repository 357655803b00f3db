"""Where block weights come from is said by fit and by info, in the same words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hybrid_rec import HybridConfig
from hybrid_rec.cli.app import run
from hybrid_rec.data.synthetic import synthetic_radio
from hybrid_rec.model.weights import weights_told

GIVEN = (
    "those given (learning is off because weights are given; "
    "weights.learned = true learns from there)"
)
QUICK = (
    '[titles]\nencoder = "tfidf"\n[cooccurrence]\nepochs = 1\nvector_size = 8\n'
    "[ranking]\ncases = 60\ntrees = 5\n"
)


@pytest.mark.parametrize(
    ("config", "ranked", "line"),
    [
        ({}, True, "learned"),
        ({"weights": {"artist": 2.0, "learned": True}}, True, "learned"),
        ({"weights": {"artist": 2.0}}, True, GIVEN),
        ({"weights": {"similar_popularity": 0.5}}, True, GIVEN),
        ({"weights": {"artist": 2.0}}, False, GIVEN),
        (
            {"weights": {"learned": False}},
            True,
            "defaults (learning is off; weights.learned = true switches it on)",
        ),
        ({}, False, "defaults (too few playlists for a ranking)"),
        (
            {"weights": {"artist": 2.0, "learned": True}},
            False,
            "those given (too few playlists for a ranking)",
        ),
        (
            {"ranking": {"enabled": False}},
            False,
            "defaults (they are learned with the ranking, which is off: ranking.enabled = false)",
        ),
    ],
)
def test_the_line(config: dict[str, Any], ranked: bool, line: str) -> None:
    settings = HybridConfig(**config)
    assert weights_told(settings, has_ranking=ranked) == line
    # A saved configuration names every field, and so does one with another seed.
    again = HybridConfig(**settings.with_seed(1).model_dump(mode="json"))
    assert weights_told(again, has_ranking=ranked) == line


@pytest.mark.parametrize(
    ("n_playlists", "weights", "line"),
    [
        (300, "", "learned"),
        (300, "[weights]\nartist = 0.2\n", GIVEN),
        (40, "", "defaults (too few playlists for a ranking)"),
    ],
)
def test_fit_and_info_say_it(
    n_playlists: int,
    weights: str,
    line: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    world = synthetic_radio(seed=0, n_items=200, n_playlists=n_playlists)
    frame = world.catalog.to_frame()[["item_id", "title", "artist"]].iloc[world.playlists.rows]
    frame.insert(0, "playlist_id", world.playlists.playlist_ids[world.playlists.owners])
    frame.to_csv(tmp_path / "plays.csv", index=False)
    (tmp_path / "hybrid.toml").write_text(QUICK + weights)
    plays, model, config = (str(tmp_path / name) for name in ("plays.csv", "model", "hybrid.toml"))
    assert run(["fit", plays, "--out", model, "--config", config, "--quiet"]) == 0
    assert f"\nblock weights: {line}\n" in capsys.readouterr().out
    assert run(["info", model]) == 0
    assert f"\nblock weights: {line}\n" in capsys.readouterr().out
