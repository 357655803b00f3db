"""The notebooks of docs/notebooks: how they are run, and what is kept of what they print.

`python -m tests.docs.notebooks [NAME ...]` runs them, or all, and keeps their outputs. With
`--check` nothing is kept, and what was shown is written to standard output as a notebook.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def read(path: Path) -> Any:
    """A notebook, valid."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def run(notebook: Any) -> Any:
    """Run a notebook from its first cell, without a network, and return it with its outputs.

    Raises:
        CellExecutionError: If a cell fails; it tells the cell and the traceback.
    """
    os.environ |= {
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
        # Threads that wait for each other on a busy machine would burn its processors.
        "OMP_WAIT_POLICY": "passive",
    }
    client = NotebookClient(
        notebook, timeout=None, startup_timeout=600, kernel_name="python3",
        record_timing=False, resources={"metadata": {"path": str(FOLDER)}},
    )  # fmt: skip
    asyncio.run(client.async_execute())
    return notebook


def write(notebook: Any, path: Path) -> None:
    """Keep a notebook as Jupyter writes it, without what differs from machine to machine."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        cell.metadata = {}
    nbformat.write(notebook, path)


def main(arguments: list[str]) -> None:
    """Run notebooks; keep their outputs, or write them to standard output."""
    names = [argument for argument in arguments if argument != "--check"]
    for path in NOTEBOOKS:
        if names and path.stem not in names:
            continue
        notebook = run(read(path))
        if "--check" in arguments:
            sys.stdout.write(nbformat.writes(notebook))
        else:
            write(notebook, path)


if __name__ == "__main__":
    main(sys.argv[1:])
