"""Plug-ins: what an installed package registers is known to the command line by itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_MODULE = '''
from typing import Literal

from hybrid_rec.blocks.numbers import NumbersBlock
from hybrid_rec.blocks.registry import register_block
from hybrid_rec.core.config.blocks import NumbersBlockConfig


class TempoConfig(NumbersBlockConfig):
    """Tempi."""

    kind: Literal["tempo"] = "tempo"


@register_block
class TempoBlock(NumbersBlock):
    """Tempi."""

    kind = "tempo"
    config_type = TempoConfig
'''
_ITEMS = "item_id,speed\na,60\nb,70\nc,150\nd,160\n"
_PLAYS = "playlist_id,item_id\n" + "".join(
    f"p{n},{item}\n" for n in range(6) for item in ("ab" if n % 2 else "cd")
)


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))
    return subprocess.run(
        [sys.executable, "-m", "hybrid_rec", *arguments],
        capture_output=True, text=True, cwd=folder, env={**os.environ, "PYTHONPATH": path},
        check=False,
    )  # fmt: skip


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder on the path with an installed package, data, and a configuration that needs it."""
    (tmp_path / "tempi.py").write_text(_MODULE)
    info = tmp_path / "tempi-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tempi\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[hybrid_rec]\ntempi = tempi\n")
    (tmp_path / "plays.csv").write_text(_PLAYS)
    (tmp_path / "items.csv").write_text(_ITEMS)
    (tmp_path / "hybrid.toml").write_text(
        '[blocks.tempo]\nkind = "tempo"\ncolumns = ["speed"]\n[ranking]\nenabled = false\n'
    )
    return tmp_path


_FIT = ("fit", "plays.csv", "--items", "items.csv", "--config", "hybrid.toml", "--out", "model")


def test_every_command_knows_the_block_of_an_installed_package(installed: Path) -> None:
    fit = _run(installed, *_FIT)
    assert fit.returncode == 0, fit.stderr
    similar = _run(installed, "similar", "model", "--item", "a", "-k", "1")
    assert similar.returncode == 0, similar.stderr
    assert similar.stdout.splitlines()[1].startswith("a\t1\tb\t")
    score = _run(installed, "score", "model", "plays.csv", "out", "-k", "2", "--workers", "2")
    assert score.returncode == 0, score.stderr


def test_a_package_that_cannot_be_imported_is_named(installed: Path) -> None:
    (installed / "tempi.py").write_text("import nothing_of_the_kind\n")
    fit = _run(installed, *_FIT)
    assert fit.returncode == 2
    assert fit.stderr.strip().splitlines()[-1] == (
        "hybrid-rec: hybrid.toml: plug-in tempi of tempi must be importable, but fails with "
        "ModuleNotFoundError: No module named 'nothing_of_the_kind'; mend or uninstall tempi."
    )
    assert not (installed / "model").exists()
