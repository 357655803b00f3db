"""Figures as inline SVG that takes its colours and its font from the page."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

N_SERIES = 7
_TIP = "tip-"

# Placeholder colours that no chart would use otherwise. Each is replaced by a colour of the page's
# style sheet, so that charts follow its light and dark modes.
INK, MUTED, LINE, PAPER = "#f10001", "#f10002", "#f10003", "#f10004"
SERIES = tuple(f"#f1001{number}" for number in range(N_SERIES))
_CSS = {
    INK: "currentColor",
    MUTED: "var(--muted)",
    LINE: "var(--line)",
    PAPER: "var(--paper)",
    **{colour: f"var(--series-{number})" for number, colour in enumerate(SERIES)},
}
# What the page does not need or brings itself.
_REWRITES = (
    (re.compile(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", re.DOTALL), ""),
    # Groups of all figures have the same ids, and nothing refers to them.
    (re.compile(r'<g id="(?!tip-)[^"]*"'), "<g"),
    (re.compile(r" font-family: [^;]*;"), ""),
    (re.compile(r' transform="rotate\(-0 [^"]*"'), ""),
    (re.compile(r"xlink:href"), "href"),
    (re.compile(r"\s*\n\s*"), "\n"),
)


@contextmanager
def canvas(width: int, height: int) -> Iterator[Figure]:
    """An empty figure whose points are the page's pixels."""
    with mpl.rc_context({"text.parse_math": False}), warnings.catch_warnings():
        # The browser draws the text, with fonts of its own.
        warnings.filterwarnings("ignore", message="Glyph")
        yield Figure(figsize=(width / 72, height / 72))


def plain_axes(axes: Axes) -> None:
    """Leave of the frame the bottom line only, in the colours of the page."""
    axes.patch.set_visible(False)
    for side in ("left", "top", "right"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(LINE)
    axes.tick_params(length=0, pad=5, labelcolor=MUTED, labelsize=11)
    axes.set_axisbelow(True)


def add_tip(axes: Axes, text: str, x: float, y: float, width: float, height: float) -> None:
    """Add an unseen area that shows a text where the pointer rests on it.

    Args:
        axes: Where to.
        text: What it shows; lines are kept.
        x: Left edge; as all that follows, as a share of the axes from the bottom left.
        y: Lower edge.
        width: To the right.
        height: Upwards.
    """
    area = Rectangle((x, y), width, height, transform=axes.transAxes, fill=False, linewidth=0)
    area.set_clip_on(False)
    area.set_label(text)
    area.set_gid(_TIP)
    # Below all that is drawn, so that its colour under the pointer covers nothing.
    area.set_zorder(0)
    axes.add_patch(area)


def svg(figure: Figure, title: str, salt: str) -> str:
    """The figure as an element of an HTML page; the same figure gives the same bytes."""
    tips = figure.findobj(match=lambda artist: artist.get_gid() == _TIP)
    for number, tip in enumerate(tips):
        tip.set_gid(f"{_TIP}{number}")
    figure.patch.set_visible(False)
    for label in figure.findobj(match=lambda artist: hasattr(artist, "get_text")):
        if label.get_color() == "black":  # type: ignore[attr-defined]
            label.set_color(INK)  # type: ignore[attr-defined]
    written = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": salt}):
        figure.savefig(written, format="svg", metadata={"Date": None}, transparent=True)
    text = written.getvalue()
    body = text[text.index(">", text.index("<svg")) + 1 :]
    for pattern, replacement in _REWRITES:
        body = pattern.sub(replacement, body)
    for colour, css in _CSS.items():
        body = body.replace(colour, css)
    for number, tip in enumerate(tips):
        shown = f'<g class="tip"><title>{escape(str(tip.get_label()))}</title>'
        body = body.replace(f'<g id="{_TIP}{number}">', shown)
    width, height = (round(72 * inches) for inches in figure.get_size_inches())
    return (
        f'<svg class="chart" role="img" aria-label="{escape(title)}" width="{width}" '
        f'height="{height}" viewBox="0 0 {width} {height}">{body}'
    )
