"""The documentation site: built without a warning, complete, and readable without a network."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import hybrid_rec

ROOT = Path(__file__).resolve().parents[2]


def build(root: Path, out: Path) -> subprocess.CompletedProcess[str]:
    """Build the site of a folder as `make docs` does."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    found = re.search(r"^docs: .*\n\t\$\(BIN\)/python (-m sphinx .*) build/docs$", makefile, re.M)
    assert found is not None
    return subprocess.run(
        [sys.executable, *found[1].split(), str(out)],
        cwd=root, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False,
        capture_output=True, text=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site")
    done = build(ROOT, out)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return out


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def test_every_page_is_in_the_navigation_of_the_first(site: Path) -> None:
    first = text_of(site / "index.html")
    sources = [*(ROOT / "docs").rglob("*.md"), *(ROOT / "docs").rglob("*.ipynb")]
    sources += (ROOT / "tests" / "benchmarks").glob("*.md")
    assert len(sources) > 40
    for source in sources:
        page = source.relative_to(ROOT).with_suffix(".html")
        assert (site / page).is_file()
        assert f'href="{page}"' in first
    assert first == text_of(site / "README.html")


def test_the_reference_has_every_public_name(site: Path) -> None:
    pages = "".join(text_of(page) for page in (site / "docs" / "api").glob("*.html"))
    for name in hybrid_rec.__all__:
        assert f'id="hybrid_rec.{name}"' in pages or f'id="hybrid_rec.core.errors.{name}"' in pages
    for method in ("recommend", "similar_items", "radio", "export", "save", "load", "find"):
        assert f'id="hybrid_rec.HybridRecommender.{method}"' in pages


def test_nothing_is_loaded_from_the_network(site: Path) -> None:
    loaded = re.compile(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=\"(?:https?:)?//[^>]*>")
    for page in site.rglob("*.html"):
        found = [tag for tag in loaded.findall(text_of(page)) if 'rel="canonical"' not in tag]
        assert not found, (page, found)
    for sheet in site.rglob("*.css"):
        assert not re.search(r"(?:@import|url\()\s*[\"']?(?:https?:)?//", text_of(sheet)), sheet


@pytest.mark.parametrize("page", ["See [that](docs/absent.md).", "# One\n\n### Three"])
def test_a_page_with_a_mistake_fails(page: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "docs" / "_static", tmp_path / "docs" / "_static")
    for file in ("docs/conf.py", "pyproject.toml"):
        shutil.copy(ROOT / file, tmp_path / file)
    (tmp_path / "README.md").write_text(f"# Start\n\n{page}\n")
    done = build(tmp_path, tmp_path / "out")
    assert done.returncode != 0
    assert "WARNING" in done.stderr
    (tmp_path / "README.md").write_text("# Start\n\nAll is well.\n")
    assert build(tmp_path, tmp_path / "again").returncode == 0


def test_the_checks_of_a_clean_checkout_build_it() -> None:
    assert re.search(r"^make .*\bdocs\b", text_of(ROOT / ".ci" / "run"), re.MULTILINE)
