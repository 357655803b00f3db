"""A project that has packages of the same names as ours is told so."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = str(Path(__file__).parents[3])


def run(
    folder: Path, *arguments: str, path: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Python in `folder`, with this repository behind `path`."""
    places = [str(path), ROOT] if path else [ROOT]
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(places)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(params=["indexes/__init__.py", "evaluation.py"])
def shadow(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder or file of the user's own, in a folder `project`."""
    file = tmp_path / "project" / str(request.param)
    file.parent.mkdir(parents=True)
    file.touch()
    return file.parent if file.name == "__init__.py" else file


def told(shadow: Path) -> str:
    kind = "file" if shadow.suffix else "folder"
    return (
        f"hybrid-rec needs its own package '{shadow.stem}', but {shadow} is found first; rename "
        f"that {kind}, or run from another folder, or take {shadow.parent} off Python's path.\n"
    )


@pytest.mark.parametrize("statement", ["import hybrid_rec", "import hybrid_rec.core.config"])
def test_an_import_names_what_is_in_the_way(shadow: Path, statement: str) -> None:
    done = run(shadow.parent, "-c", statement)
    assert done.returncode == 1
    assert done.stderr.endswith(f"hybrid_rec.core.errors.ShadowedPackageError: {told(shadow)}")
    caught = run(
        shadow.parent,
        "-c",
        f"try: {statement}\nexcept ImportError as error: print(error)",
    )
    assert (caught.stdout, caught.stderr) == (told(shadow), "")


def test_one_that_was_imported_before_is_found_too(shadow: Path) -> None:
    done = run(
        shadow.parent, "-c", f"import {shadow.stem}, sys; del sys.path[0]; import hybrid_rec"
    )
    assert done.stderr.endswith(told(shadow))


def test_the_command_says_it_in_one_line(shadow: Path) -> None:
    done = run(shadow.parent, "-m", "hybrid_rec", "--version")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"hybrid-rec: {told(shadow)}"


def test_so_does_the_script_that_pip_installs(shadow: Path, tmp_path: Path) -> None:
    script = tmp_path / "bin" / "hybrid-rec"
    script.parent.mkdir()
    script.write_text("from hybrid_rec.__main__ import main\nmain()\n")
    done = run(tmp_path, str(script), "--version", path=shadow.parent)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"hybrid-rec: {told(shadow)}"
    assert run(tmp_path, str(script), "--version").stdout.startswith("hybrid-rec 0.")


def test_folders_that_hide_nothing_are_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "indexes").mkdir()
    (tmp_path / "evaluation").mkdir()
    done = run(tmp_path, "-c", "import hybrid_rec, indexes.base; print(indexes.__file__)")
    assert (done.stdout, done.stderr) == (f"{ROOT}/indexes/__init__.py\n", "")


def test_a_copy_of_all_three_packages_is_whole(tmp_path: Path) -> None:
    # What a wheel unpacks to, and by a link, as some installers lay it out.
    place = tmp_path / "site-packages"
    place.mkdir()
    for name in ("hybrid_rec", "indexes", "evaluation"):
        (place / name).symlink_to(Path(ROOT) / name, target_is_directory=True)
    done = run(tmp_path, "-c", "import hybrid_rec; print(hybrid_rec.__file__)", path=place)
    assert (done.stdout, done.stderr) == (f"{place}/hybrid_rec/__init__.py\n", "")
