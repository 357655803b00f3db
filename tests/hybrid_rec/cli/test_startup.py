"""What a command loads: nothing that it does not need."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hybrid_rec import HybridRecommender

# Each takes longer than a missing path may take to be refused.
HEAVY = {
    "faiss", "gensim", "implicit", "lightgbm", "numpy", "pandas", "pyarrow", "rich", "scipy",
    "sentence_transformers", "sklearn", "torch", "transformers", "fsspec",
}  # fmt: skip
# What reads a model and ranks needs these; the rest of HEAVY only learns, explains or reports.
ANSWERING = {"faiss", "numpy", "pandas", "pyarrow", "scipy"}
SLOW_PARTS = {"scipy.stats", "scipy.optimize", "scipy.special", "scipy.linalg", "matplotlib"}
_REPORT = "import json, sys; print(json.dumps(sorted(sys.modules)))"


def loaded(code: str, folder: Path) -> set[str]:
    """The modules that a fresh process has loaded after `code`."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{_REPORT}"],
        capture_output=True, text=True, check=True, cwd=folder,
    )  # fmt: skip
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_importing_the_package_loads_nothing_heavy(tmp_path: Path) -> None:
    found = loaded("import hybrid_rec; hybrid_rec.HybridRecError", tmp_path)
    assert found & HEAVY == set()
    assert "hybrid_rec.core.errors" in found
    assert "importlib.metadata" not in found


def test_the_help_loads_nothing_heavy(tmp_path: Path) -> None:
    found = loaded("from hybrid_rec.cli.app import run; run(['--help'])", tmp_path)
    assert found & (HEAVY | {"evaluation.run", "hybrid_rec.core.config"}) == set()
    assert "hybrid_rec.cli.tune" in found


@pytest.mark.parametrize(
    "arguments",
    [
        "fit no.csv --out m",
        "fit yes:no --out m",
        "plan no.csv",
        "evaluate no.parquet",
        "tune mpd:no --budget 1 --out t.toml",
        "recommend no --item 1",
        "similar no --item 1",
        "find no x",
        "show no --item 1",
        "info no",
        "score no in.csv out",
        "update no --playlists in.csv",
    ],
)
def test_a_missing_path_is_refused_before_anything_heavy_is_loaded(
    arguments: str, tmp_path: Path
) -> None:
    code = f"from hybrid_rec.cli.app import run; assert run({arguments.split()!r}) == 2"
    assert loaded(code, tmp_path) & HEAVY == set()


@pytest.mark.parametrize("command", ["recommend", "similar"])
def test_an_answer_loads_nothing_that_only_learns(
    command: str, ranked: HybridRecommender, tmp_path: Path
) -> None:
    ranked.save(tmp_path / "model")
    item = ranked.model_.catalog.item_ids[0]
    asked = [command, "model", "--item", item, "-k", "3"]
    code = f"from hybrid_rec.cli.app import run; assert run({asked!r}) == 0"
    found = loaded(code, tmp_path)
    assert found & (HEAVY | SLOW_PARTS) <= ANSWERING
    assert "faiss" in found
