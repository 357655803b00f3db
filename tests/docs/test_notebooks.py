"""Every notebook runs from end to end without a network, and shows what it should."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.docs.notebooks import FOLDER, NOTEBOOKS, read

ROOT = FOLDER.parents[1]


def stem(path: Path) -> str:
    """What a notebook is called."""
    return path.stem


def code_of(notebook: Any) -> list[Any]:
    """The cells that are run."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def text_of(cell: Any) -> str:
    """What a cell printed and showed, as plain text."""
    found = []
    for output in cell["outputs"]:
        told = output.get("text") or output.get("data", {}).get("text/plain", "")
        found.append("".join(told))
    return "\n".join(found)


def test_there_are_four() -> None:
    assert {path.stem for path in NOTEBOOKS} == {"radio", "movies", "playlists", "own_data"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=stem)
def test_a_notebook_runs(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.docs.notebooks", "--check", path.stem],
        cwd=ROOT, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    cells = code_of(json.loads(done.stdout))
    kept = code_of(read(path))
    assert [cell["source"] for cell in kept] == ["".join(cell["source"]) for cell in cells]
    # What it shows has the same shape as what is kept, cell by cell; last digits may differ.
    for old, new in zip(kept, cells, strict=True):
        assert len(text_of(old).splitlines()) == len(text_of(new).splitlines()), old["source"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=stem)
def test_what_is_kept_is_small_and_of_no_machine(path: Path) -> None:
    notebook = read(path)
    cells = code_of(notebook)
    assert path.stat().st_size < 100_000
    for number, cell in enumerate(cells, start=1):
        assert cell["execution_count"] == number
        assert not [output for output in cell["outputs"] if output["output_type"] == "error"]
        assert not re.search(r"/(tmp|home|root|work)/", text_of(cell))
        assert cell["metadata"] == {}
    assert set(notebook["metadata"]) == {"kernelspec", "language_info"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=stem)
def test_a_variable_points_at_real_data(path: Path) -> None:
    first = code_of(read(path))[0]["source"]
    assert re.search(r"^(DATA|PLAYS, ITEMS) = None(, None)?  # or ", first, re.MULTILINE)


def shown(name: str, after: str) -> str:
    """What the first cell whose code holds a text has shown."""
    cells = code_of(read(FOLDER / f"{name}.ipynb"))
    return next(text_of(cell) for cell in cells if after in cell["source"])


def test_what_readers_are_shown_makes_sense() -> None:
    near = shown("radio", 'similar_items(["2172", "842"], k=5)')
    assert "Tears in Heaven" in near
    assert "Big Green Tractor" in near
    unknown = shown("radio", '"artist": "Nobody Yet"')
    assert "text" in unknown
    assert "popularity" in unknown
    assert shown("radio", "model.save") == "True"
    assert "Toy Story (1995)" in shown("movies", "Toy Story 3")
    share = re.findall(r"0\.\d\d", shown("playlists", "at random {"))
    assert float(share[0]) > 2 * float(share[1])
    assert "more alike by mood" in shown("own_data", "block_agreement(")
    paying = shown("own_data", "hidden.against").splitlines()[1].split()
    assert float(paying[-3]) > 0
