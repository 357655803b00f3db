"""The same data and seed give the same files, whatever the number of threads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hybrid_rec.core.config import PRESETS
from hybrid_rec.core.files import files_in, sha256

# Large enough for BLAS to part the work among its threads.
_FIT = """
import sys
from hybrid_rec import HybridConfig, HybridRecommender, synthetic_radio

preset, index, folder = sys.argv[1:]
world = synthetic_radio(seed=0, n_items=400, n_playlists=400)
config = HybridConfig(
    titles={"encoder": "tfidf"},
    blocks={"words": {"kind": "text", "columns": ["title"], "encoder": "word2vec"}},
    cooccurrence={"preset": preset, "epochs": 2},
    ranking={"trees": 10, "cases": 100, "candidates": 100, "extra": ["user_knn_by_als"]},
    index={"factory": index},
)
model = HybridRecommender(config).fit(world.playlists, world.catalog)
model.save(folder + "/fitted")
new = world.catalog.to_frame()[:30].assign(item_id=[f"n{n}" for n in range(30)])
lists = world.playlists.to_lists(world.catalog)
found = model.recommend(lists[:50]), model.recommend_for_new_items(new)
for number, answer in enumerate(found):
    answer.to_frame().to_csv(f"{folder}/answer-{number}.csv")
model.update([ids[:4] + ["n1"] for ids in lists[:20]], new).save(folder + "/updated")
"""


def fitted_by(n_threads: int, preset: str, index: str, folder: Path) -> dict[str, str]:
    """The SHA-256 of every file of a small model and its answers, by name."""
    folder.mkdir()
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _FIT, preset, index, str(folder)],
        env=os.environ | dict.fromkeys(names, str(n_threads)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {name: sha256(folder / name) for name in files_in(folder)}


@pytest.mark.parametrize(
    ("preset", "index"), [*zip(PRESETS, ("auto", "IVF8,SQ8", "HNSW16"), strict=True)]
)
def test_threads_change_no_byte(tmp_path: Path, preset: str, index: str) -> None:
    alone = fitted_by(1, preset, index, tmp_path / "alone")
    assert "fitted/ranking/statistics/ease_weights.npz" in alone
    assert fitted_by(2, preset, index, tmp_path / "together") == alone
