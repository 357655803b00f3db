"""The documentation site: README, docs/, measurements, notebooks and the reference of all classes.

`make docs` builds it into build/docs. It loads nothing from the network.
"""

from __future__ import annotations

import logging
import shutil
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
_PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

project = _PROJECT["name"]
release = version = _PROJECT["version"]
copyright = _PROJECT["authors"][0]["name"]  # noqa: A001  # Sphinx wants it called so

# Sources are those of the whole repository, so that links between its pages are links of the site.
root_doc = "README"
include_patterns = [
    "README.md",
    "CHANGELOG.md",
    "docs/**.md",
    "docs/**.ipynb",
    "tests/benchmarks/*.md",
]
exclude_patterns = [".*", "build", "dist", "**/__pycache__"]
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]

html_theme = "furo"
html_title = f"hybrid-rec {version}"
html_theme_options = {"navigation_with_keys": True}
html_copy_source = html_show_sourcelink = False
html_css_files = ["site.css"]
html_static_path = ["_static"]

myst_heading_anchors = 4
# Notebooks are run by the tests, and shown with what they printed then.
nb_execution_mode = "off"

# Docstrings set names and code between single backquotes.
default_role = "code"
autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints = "none"
autodoc_preserve_defaults = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
# Classes of the public package are documented where they are public, not where they are written.
python_use_unqualified_type_names = True

# FAISS tells which of its libraries it loads.
logging.getLogger("faiss.loader").setLevel(logging.WARNING)

NAVIGATION = {
    "Use": (
        "docs/examples", "docs/command-line", "docs/data-formats", "docs/blocks", "docs/lyrics",
        "docs/radio", "docs/map", "docs/export", "docs/batch", "docs/spark", "docs/update",
        "docs/planning",
    ),
    "Notebooks": (
        "docs/notebooks/radio", "docs/notebooks/movies", "docs/notebooks/playlists",
        "docs/notebooks/own_data",
    ),
    "Judge": ("docs/evaluation", "docs/tuning", "tests/benchmarks/ACCURACY"),
    "Look up": ("docs/configuration", "docs/glossary", "CHANGELOG"),
    "Python": (
        "docs/api/recommender", "docs/api/data", "docs/api/batch", "docs/api/evaluation",
        "docs/api/errors",
    ),
    "Inside": ("docs/how-it-works", "docs/index", "docs/design-decisions"),
    "Contribute": (
        "docs/contributing", "docs/add-a-block", "docs/add-a-reader", "docs/add-a-metric",
    ),
    "Measured": (),
}  # fmt: skip
"""Pages by the heading of their part; what is not there yet is left out, and the rest follows."""
_FOLDERS = {"Notebooks": "docs/notebooks/*.ipynb", "Measured": "tests/benchmarks/*.md"}


def navigation() -> dict[str, list[str]]:
    """All pages by the heading of their part, each once."""
    parts = {
        heading: [page for page in pages if _is_there(page)]
        for heading, pages in NAVIGATION.items()
    }
    listed = {page for pages in parts.values() for page in pages}
    for heading, pattern in {**_FOLDERS, "More": "docs/**/*.md"}.items():
        found = sorted(
            file.relative_to(ROOT).with_suffix("").as_posix() for file in ROOT.glob(pattern)
        )
        fresh = [page for page in found if page not in listed]
        listed.update(fresh)
        parts.setdefault(heading, []).extend(fresh)
    return {heading: pages for heading, pages in parts.items() if pages}


def _is_there(page: str) -> bool:
    return any((ROOT / f"{page}{suffix}").is_file() for suffix in (".md", ".ipynb"))


def _add_navigation(app: Any, name: str, source: list[str]) -> None:
    """Put the list of all pages, which readers of the plain file need not see, into the README."""
    del app
    if name == root_doc:
        parts = (
            "\n".join(["```{toctree}", ":hidden:", f":caption: {heading}", "", *pages, "```"])
            for heading, pages in navigation().items()
        )
        source[0] += "\n\n" + "\n\n".join(parts) + "\n"


def _make_first_page(app: Any, failed: Exception | None) -> None:
    """Show the README where a browser looks for the first page of a folder."""
    if failed is None and app.builder.name == "html":
        shutil.copy(Path(app.outdir) / f"{root_doc}.html", Path(app.outdir) / "index.html")


def setup(app: Any) -> None:
    """What Sphinx calls."""
    app.connect("source-read", _add_navigation)
    app.connect("build-finished", _make_first_page)
