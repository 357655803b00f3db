"""Page: one file of HTML that holds a map, its script and all that it shows."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import jinja2
from markupsafe import Markup
from numpy.typing import NDArray

from hybrid_rec.explore.map.payload import packed

# The library that draws, as its makers publish it, and the scripts of the page in their order.
_LIBRARY = "vendor/deck.gl-9.4.0.min.js"
_SCRIPTS = ("data.js", "colours.js", "view.js", "panel.js", "start.js")


def page(title: str, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> str:
    """The page. It loads nothing, and no script runs in it but its own.

    Args:
        title: Of the page.
        facts: What the scripts are told, as JSON can hold it; see `map.drawn`.
        arrays: Numbers for the scripts; see `payload.packed`.
    """
    templates = jinja2.Environment(
        loader=jinja2.PackageLoader("hybrid_rec.explore.map"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    scripts = [_text(_LIBRARY), "\n".join(_text(f"templates/{name}") for name in _SCRIPTS)]
    hashes = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src {hashes}; "
        "base-uri 'none'; form-action 'none'"
    )
    text: str = templates.get_template("map.html.j2").render(
        title=title,
        policy=Markup(policy),  # noqa: S704  # of hashes
        style=Markup(_text("templates/map.css")),  # noqa: S704  # a file of the package
        scripts=[Markup(script) for script in scripts],  # noqa: S704  # files of the package
        data=packed(facts, arrays),
    )
    return text


def _text(name: str) -> str:
    text = (files("hybrid_rec.explore.map") / name).read_text(encoding="utf-8")
    # The parser of a page knows one kind of line end, and a script must not end its own element.
    return text.replace("\r\n", "\n").replace("</script", "<\\/script")


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
