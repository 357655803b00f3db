"""Whether a fit learned anything: measured on held-out playlists, and told wherever a fit is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hybrid_rec import ArtifactError, Catalog, HybridConfig, HybridRecommender, Playlists
from hybrid_rec.cli.app import run
from hybrid_rec.model.held_out import HeldOut, held_out_told, measure_held_out
from hybrid_rec.model.manifest import as_text
from hybrid_rec.ranking.cross_fitting import Fold
from tests.tastes import tastes

SHOP = (10,) * 4
NOTHING = {"sample": 1e-6, "repeats": 1}


def fitted(
    playlists: Playlists, *, ranking: bool = False, **cooccurrence: Any
) -> HybridRecommender:
    ids = [str(row) for row in range(playlists.n_items)]
    catalog = Catalog.from_columns(ids, [None] * len(ids), [None] * len(ids))
    config = HybridConfig(
        cooccurrence={"vector_size": 32, **cooccurrence}, ranking={"enabled": ranking, "trees": 5}
    )
    return HybridRecommender(config).fit(playlists, catalog)


def shop(n_lists: int, seed: int = 0) -> Playlists:
    return tastes(SHOP, n_lists, 6, np.random.default_rng(seed))[0]


@pytest.mark.parametrize("ranking", [False, True])
@pytest.mark.parametrize("n_lists", [30, 100])
def test_a_fit_that_learned_says_so_and_one_that_did_not(n_lists: int, ranking: bool) -> None:
    good, bad = (
        fitted(shop(n_lists), ranking=ranking, **settings).model_.held_out
        for settings in ({}, NOTHING)
    )
    assert good is not None
    assert bad is not None
    assert good.learned
    assert good.share > 0.85
    assert not bad.learned
    assert bad.share == pytest.approx(0.5, abs=0.15)
    assert "nothing learned" not in str(good)
    assert str(bad).startswith("nothing learned: ")


@pytest.mark.parametrize("seed", range(3))
def test_playlists_without_any_taste_teach_nothing(seed: int) -> None:
    playlists, _ = tastes((40,), 150, 6, np.random.default_rng(seed))
    found = fitted(playlists).model_.held_out
    assert found is not None
    assert not found.learned


def test_to_be_popular_is_no_advantage() -> None:
    """Popular items lie close together here, and nothing else is known of anything."""
    rng = np.random.default_rng(0)
    chance = 1 / np.arange(1, 101)
    rows = [rng.choice(100, 6, replace=False, p=chance / chance.sum()) for _ in range(400)]
    joined = Playlists.from_rows([3] * 800, np.concatenate(rows), 100)
    fold = Fold(joined, joined.select(np.arange(0, 800, 2)), joined.select(np.arange(1, 800, 2)))
    vectors = np.zeros((100, 2), np.float32)
    vectors[:10, 0], vectors[10:, 1] = 1, 1
    found = measure_held_out([fold], [vectors])
    assert found is not None
    assert not found.learned


def test_the_share_by_hand() -> None:
    given = Playlists.from_rows([1] * 12, np.array([0, 2] * 6), 4)
    hidden = Playlists.from_rows([1] * 12, np.array([1, 3] * 6), 4)
    fold = Fold(given, given, hidden)
    vectors = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], np.float32)
    found = measure_held_out([fold], [vectors])
    # Of the eleven other hidden items six are of the other pair and five are the same item: ties.
    assert found == HeldOut(12, pytest.approx((6 + 5 / 2) / 11), pytest.approx(0))
    assert measure_held_out([fold], [np.zeros_like(vectors)]) is None


def test_too_few_playlists_are_not_measured() -> None:
    assert fitted(shop(9)).model_.held_out is None
    assert "not measured" in held_out_told(None)


def test_measuring_changes_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    with_check = fitted(shop(30))
    monkeypatch.setattr("hybrid_rec.model.training.folds_to_check", lambda *_: [])
    without = fitted(shop(30))
    assert without.model_.held_out is None
    ids = [str(row) for row in range(40)]
    assert (with_check.similar_items(ids).scores == without.similar_items(ids).scores).all()


def test_python_is_warned_once() -> None:
    with pytest.warns(UserWarning, match=r"^nothing learned: in 30 held-out playlists") as told:
        fitted(shop(30), **NOTHING)
    assert len(told) == 1
    assert told[0].filename == __file__


def test_a_saved_model_keeps_the_finding(tmp_path: Path) -> None:
    model = fitted(shop(30), **NOTHING)
    model.save(tmp_path / "model")
    assert HybridRecommender.load(tmp_path / "model").model_.held_out == model.model_.held_out


@pytest.mark.parametrize("wrong", [{"share": "high"}, {"error": float("nan")}, {"more": 1}])
def test_a_finding_that_is_none_is_refused(tmp_path: Path, wrong: dict[str, Any]) -> None:
    fitted(shop(30)).save(tmp_path / "model")
    path = tmp_path / "model" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["held_out"] |= wrong
    path.write_text(as_text(manifest))
    with pytest.raises(ArtifactError, match=r"held_out|HeldOut"):
        HybridRecommender.load(tmp_path / "model")


@pytest.mark.parametrize("sample", [None, 1e-6])
def test_fit_and_info_print_it(
    tmp_path: Path, sample: float | None, capsys: pytest.CaptureFixture[str]
) -> None:
    playlists = shop(30)
    plays = {"playlist_id": playlists.owners, "item_id": playlists.rows}
    pd.DataFrame(plays).to_csv(tmp_path / "plays.csv", index=False)
    limits = "" if sample is None else f"sample = {sample:.9f}\nrepeats = 1\n"
    (tmp_path / "config.toml").write_text(
        f"[cooccurrence]\nvector_size = 32\n{limits}[ranking]\nenabled = false\n"
    )
    model = str(tmp_path / "model")
    fit = ["fit", str(tmp_path / "plays.csv"), "--config", str(tmp_path / "config.toml")]
    assert run([*fit, "--out", model, "--quiet"]) == 0
    assert run(["info", model]) == 0
    told = [
        line
        for line in capsys.readouterr().out.splitlines()
        if line.startswith("co-occurrence: ") and "held-out playlists" in line
    ]
    assert len(told) == 2
    assert all(("nothing learned" in line) == (sample is not None) for line in told)
