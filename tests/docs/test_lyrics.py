"""The guide from a folder of texts to an answer: all its code and commands, on generated lyrics."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hybrid_rec import HybridRecommender, synthetic_radio
from hybrid_rec.cli.app import run
from tests.test_readme import ROOT, blocks, run_code

PAGE = ROOT / "docs" / "lyrics.md"
# What keeps a small world quick; the guide itself says nothing of it.
QUICK = """
[titles]
encoder = "tfidf"
tfidf_size = 16
[cooccurrence]
vector_size = 16
epochs = 5
[ranking]
enabled = false
[blocks.title]
enabled = false
"""


def lyrics_of(genre: int, rng: np.random.Generator) -> str:
    """Forty lines of words, of which one in three is the genre's own."""
    common = [f"word{number}" for number in range(200)]
    own = [f"genre{genre}word{number}" for number in range(30)]
    words = [str(rng.choice(own if rng.random() < 1 / 3 else common)) for _ in range(160)]
    return "\n".join(" ".join(words[start : start + 4]) for start in range(0, 160, 4))


def without_numbers(text: str) -> str:
    """The words of a text: another machine may find other last digits."""
    return " ".join(re.sub(r"[-+\u2212]?\d[\d.]*", "#", text).split())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world as files, with a text for nine songs in ten, and the guide's own code run."""
    made = tmp_path_factory.mktemp("lyrics")
    world = synthetic_radio(seed=3, n_items=400, n_playlists=500)
    catalog, playlists, rng = world.catalog, world.playlists, np.random.default_rng(0)
    ids = catalog.item_ids
    owners = playlists.playlist_ids[playlists.owners]
    plays = pd.DataFrame({"playlist_id": owners, "item_id": ids[playlists.rows]})
    plays.to_csv(made / "plays.csv", index=False)
    items = pd.DataFrame({"item_id": ids, "title": catalog.titles})
    items.to_csv(made / "items.csv", index=False)
    (made / "lyrics").mkdir()
    for item_id, genre in zip(ids, world.truth.genre_of_item, strict=True):
        if rng.random() < 0.9:
            text = lyrics_of(int(genre), rng)
            (made / "lyrics" / f"{item_id}.txt").write_text(text, encoding="utf-8")
    new = {"title": ["A New Song"], "lyrics": [lyrics_of(2, rng)]}
    pd.DataFrame(new).to_parquet(made / "new_songs.parquet")
    printed = run_code("\n".join(blocks(PAGE, "python")), made)
    n_texts = len(list((made / "lyrics").iterdir()))
    assert n_texts < 400
    assert printed == f"{n_texts} of 400 songs have a text\n"
    (made / "lyrics.toml").write_text(blocks(PAGE, "toml")[0] + QUICK, encoding="utf-8")
    return made


def test_the_commands_answer_as_the_guide_says(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    lines = [line for block in blocks(PAGE, "sh") for line in block.splitlines()]
    printed = []
    for line in lines:
        # The baselines of other tests are no part of the guide.
        added = " --baselines none --quiet" if " evaluate " in line else ""
        assert run(shlex.split(line + added)[1:]) == 0, (line, capsys.readouterr().err)
        printed.append(capsys.readouterr().out)
    warm, cold, _, similar = printed
    assert "Items that are played together are more alike by lyrics than others" in warm
    assert re.search(r"lyrics: .* \(ndcg@500 0\.\d+ without it, 0\.\d+ with it; gain ", warm)
    assert "lyrics: it pays (ndcg@500 " in cold
    assert "text" in similar
    told = without_numbers("\n".join(printed))
    quoted = blocks(PAGE, "text")
    assert len(quoted) == 3
    for sentence in quoted:
        assert without_numbers(sentence) in told
    model = HybridRecommender.load("model")
    assert model.model_.blocks.names == ("lyrics",)
    tables = json.loads(Path("report/metrics.json").read_text())["tables"]
    assert set(tables) == {"Do blocks agree?", "What each block is worth"}
