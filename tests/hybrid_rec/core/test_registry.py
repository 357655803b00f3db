"""Registries: a new file is known everywhere, in an order that imports do not change."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from evaluation.metrics.rankings import evaluate_rankings
from evaluation.metrics.registry import METRICS, MetricAtK, label_of, register_metric
from evaluation.recommenders.registry import BASELINES
from evaluation.splits.registry import SPLITS
from evaluation.studies.registry import STUDIES
from hybrid_rec import ConfigError, Playlists
from hybrid_rec.core.arrays import Doubles, Mask, Rows
from hybrid_rec.core.registry import Registry


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A package of two files, of which the later one adds the earlier name."""
    folder = tmp_path / "planted_package"
    folder.mkdir()
    (folder / "__init__.py").write_text(
        "from hybrid_rec.core.registry import Registry\nFOUND = Registry('thing', __name__)\n"
    )
    for file, names in (("a_file", ("zebra", "yak")), ("b_file", ("ant",))):
        lines = [f"FOUND.add({name!r}, {number}, __name__)" for number, name in enumerate(names)]
        code = "from planted_package import FOUND\n" + "\n".join(lines) + "\n"
        (folder / f"{file}.py").write_text(code)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "planted_package"
    for name in [name for name in sys.modules if name.startswith("planted_package")]:
        del sys.modules[name]


@pytest.mark.parametrize("first", [None, "a_file", "b_file"])
def test_files_are_found_and_ordered_alike_whatever_is_imported_first(
    package: str, first: str | None
) -> None:
    if first is not None:
        importlib.import_module(f"{package}.{first}")
    found: Registry[int] = importlib.import_module(package).FOUND
    assert dict(found) == {"zebra": 0, "yak": 1, "ant": 0}
    assert list(found) == ["zebra", "yak", "ant"]
    assert len(found) == 3


def test_mistakes(package: str) -> None:
    found: Registry[int] = importlib.import_module(package).FOUND
    with pytest.raises(ConfigError, match="thing must be one of zebra, yak, ant, got 'cow'"):
        found.named("cow")
    with pytest.raises(ConfigError, match=r"'ant' of elsewhere is already defined in planted_.*b_"):
        found.add("ant", 5, "elsewhere")


@pytest.mark.parametrize("registry", [METRICS, SPLITS, BASELINES, STUDIES])
def test_every_entry_is_complete(registry: Registry[object]) -> None:
    assert len(registry) > 2
    for name in registry:
        assert name == name.strip().lower()


def test_a_new_metric_is_measured_and_labelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(METRICS, "_entries", {**METRICS._entries} if len(METRICS) else {})

    @register_metric("misses", "recommendations that are no target", lower_is_better=True)
    def n_misses(hits: Mask, n_targets: Rows, k: int) -> Doubles:
        misses: Doubles = (~hits[:, :k]).sum(axis=1).astype(np.float64)
        return misses

    targets = Playlists.from_rows([1], np.array([2]), 5)
    values = evaluate_rankings(np.array([[1, 2, 3]]), targets, [3])
    assert values["n_misses@3"] == [2]
    assert MetricAtK.parse("n_misses@3").sign == -1
    assert label_of("n_misses@3") == "misses@3"


def test_names_are_looked_up_only_when_asked_for() -> None:
    code = (
        "import sys, hybrid_rec.cli.app; "
        "sys.exit(any(name.startswith('evaluation') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
