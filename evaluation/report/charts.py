"""Charts of a report as inline SVG, which takes its colours and its font from the page."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from typing import Any

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator

from evaluation.metrics.registry import label_of

N_SERIES = 7
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_DASHES = ("-", "--", ":", "-.")

# Colours that no chart would choose, each replaced by what the page's style sheet says, so that a
# chart follows light and dark.
_INK, _MUTED, _LINE, _PAPER = "#f10001", "#f10002", "#f10003", "#f10004"
_SERIES = tuple(f"#f1001{number}" for number in range(N_SERIES))
_CSS = {
    _INK: "currentColor",
    _MUTED: "var(--muted)",
    _LINE: "var(--line)",
    _PAPER: "var(--paper)",
    **{colour: f"var(--series-{number})" for number, colour in enumerate(_SERIES)},
}
# What a page does not need or has of its own.
_REWRITES = (
    (re.compile(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", re.DOTALL), ""),
    # Groups of all figures have the same ids, and nothing refers to them.
    (re.compile(r'<g id="[^"]*"'), "<g"),
    (re.compile(r" font-family: [^;]*;"), ""),
    (re.compile(r' transform="rotate\(-0 [^"]*"'), ""),
    (re.compile(r"xlink:href"), "href"),
    (re.compile(r"\s*\n\s*"), "\n"),
)
_NARROW = 330
_ROW = 38
_LONGEST_NAME = 30
_STEPS = (1, 2, 2.5, 5, 10)


# Shapes of `MARKERS` as characters, for the legend.
_GLYPHS = dict(zip(MARKERS, "●■▲◆▼✚✖", strict=True))


@dataclass(frozen=True)
class Interval:
    """A mean with its interval."""

    mean: float
    """The mean."""
    low: float
    """Lower end of its 95 % interval."""
    high: float
    """Upper end."""


def report_charts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What the report's page shows as charts, from the numbers of its metrics.json.

    Keys: dots (headline metric -> chart), curves ("wide" and "narrow"), curve_ks, legend (of the
    curves), pairs (warm and cold targets; empty unless there are both) and pairs_metric.
    """
    main, recommenders = facts["main"], facts["recommenders"]
    dots = {
        metric: Markup(  # noqa: S704  # charts escape their text
            dot_chart(
                f"{label_of(metric)} of each recommender with 95 % interval",
                {r["name"]: Interval(**r["metrics"][metric]) for r in recommenders},
                main=main,
                best=facts["winners"][metric],
                salt=metric,
            )
        )
        for metric in facts["headline"]
    }
    ordered = sorted(recommenders, key=lambda r: r["name"] != main)
    ks = [int(k) for k in ordered[0]["hit_rate_by_k"]]
    curves = {
        r["name"]: [Interval(**value) for value in r["hit_rate_by_k"].values()] for r in ordered
    }
    deep = f"recall@{facts['ks'][-1]}"
    pairs = {
        r["name"]: (parts["warm"][deep], parts["cold"][deep])
        for r in recommenders
        if len(parts := {p["group"]: p for p in r["slices"] if p["slice"] == "target"}) == 2
    }
    return {
        "curve_ks": ks,
        "dots": dots,
        "curves": {
            kind: Markup(  # noqa: S704
                curve_chart("hit rate by length of the list", ks, curves, size=size, salt=kind)
            )
            for kind, size in (("wide", (700, 340)), ("narrow", (330, 280)))
        },
        "legend": [
            {"name": name, "series": n % N_SERIES, "glyph": _GLYPHS[MARKERS[n % len(MARKERS)]]}
            for n, name in enumerate(curves)
        ],
        "pairs": pairs
        and Markup(  # noqa: S704
            pair_chart(f"{label_of(deep)}, warm and cold targets", pairs, main=main, salt="cold")
        ),
        "pairs_metric": deep,
    }


def dot_chart(
    title: str, values: Mapping[str, Interval], *, main: str, best: str, salt: str
) -> str:
    """Means with their intervals, one line a name, the scale from 0.

    Args:
        title: What the chart shows, for those who cannot see it.
        values: Name -> mean and interval, from the top.
        main: The name in the accent colour.
        best: The name that is marked with a star.
        salt: A word that no other chart of the page has.
    """
    top = max((value.high for value in values.values()), default=0.0)
    with _canvas(_NARROW, _ROW * len(values) + 30) as figure:
        axes = _rows(figure, len(values), top)
        for row, (name, value) in enumerate(values.items()):
            colour = _SERIES[0] if name == main else _MUTED
            weight = "bold" if name == main else "normal"
            line = row + 0.68
            axes.hlines(line, value.low, value.high, color=colour, linewidth=2.5)
            axes.plot([value.mean], [line], "o", color=colour, markersize=8, clip_on=False)
            star = "\u2605 " if name == best else ""
            _row_text(axes, row, _short(name), f"{star}{value.mean:.3f}", weight)
        return _svg(figure, title, salt)


def pair_chart(
    title: str, values: Mapping[str, tuple[float, float]], *, main: str, salt: str
) -> str:
    """Two values a name, joined by a line: the first a full dot, the second a ring.

    Args:
        title: What the chart shows.
        values: Name -> the two values.
        main: The name in the accent colour.
        salt: A word that no other chart of the page has.
    """
    top = max((max(pair) for pair in values.values()), default=0.0)
    with _canvas(_NARROW, _ROW * len(values) + 30) as figure:
        axes = _rows(figure, len(values), top)
        for row, (name, (first, second)) in enumerate(values.items()):
            colour = _SERIES[0] if name == main else _MUTED
            line = row + 0.68
            axes.hlines(line, min(first, second), max(first, second), color=colour, linewidth=1.5)
            axes.plot([first], [line], "o", color=colour, markersize=8, clip_on=False)
            axes.plot(
                [second], [line], "o", color=colour, markerfacecolor=_PAPER, markersize=8,
                markeredgewidth=2, clip_on=False,
            )  # fmt: skip
            weight = "bold" if name == main else "normal"
            _row_text(axes, row, _short(name), f"{first:.3f} \u2192 {second:.3f}", weight)
        return _svg(figure, title, salt)


def curve_chart(
    title: str,
    ks: Sequence[int],
    values: Mapping[str, Sequence[Interval]],
    *,
    size: tuple[int, int],
    salt: str,
) -> str:
    """Curves over k on a logarithmic axis; the first has a band for its intervals.

    Args:
        title: What the chart shows.
        ks: Cut-offs, ascending.
        values: Name -> a mean and interval for each k.
        size: Width and height in pixels.
        salt: A word that no other chart of the page has.
    """
    with _canvas(*size) as figure:
        width, height = size
        axes = figure.add_axes((42 / width, 44 / height, 1 - 54 / width, 1 - 56 / height))
        _plain(axes)
        axes.set_xscale("log")
        # Drawn last to first, so that the curve that the report is about lies on top.
        for number, (name, curve) in reversed(list(enumerate(values.items()))):
            colour = _SERIES[number % N_SERIES]
            means = [value.mean for value in curve]
            if number == 0:
                low, high = [value.low for value in curve], [value.high for value in curve]
                axes.fill_between(ks, low, high, color=colour, alpha=0.16, linewidth=0)
            axes.plot(
                ks, means, color=colour, label=name, linewidth=2.6 if number == 0 else 1.6,
                linestyle=_DASHES[number // N_SERIES % len(_DASHES)],
                marker=MARKERS[number % len(MARKERS)], markersize=5.5 if number == 0 else 4.5,
                clip_on=False, zorder=3 if number == 0 else 2,
            )  # fmt: skip
        axes.set_xlim(ks[0] * 0.92, max(ks[-1] * 1.08, ks[0] * 1.2))
        axes.set_ylim(0, None)
        axes.set_xticks(list(ks), [str(k) for k in ks])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=_STEPS))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.grid(axis="y", color=_LINE, linewidth=1)
        axes.set_xlabel("k, length of the list", color=_MUTED, fontsize=11.5, labelpad=7)
        return _svg(figure, title, salt)


@contextmanager
def _canvas(width: int, height: int) -> Iterator[Figure]:
    """An empty figure whose points are the page's pixels."""
    with mpl.rc_context({"text.parse_math": False}), warnings.catch_warnings():
        # The browser draws the text, with fonts of its own.
        warnings.filterwarnings("ignore", message="Glyph")
        yield Figure(figsize=(width / 72, height / 72))


def _rows(figure: Figure, n_rows: int, top: float) -> Axes:
    """Axes of one line a name, the first on top, whose labels stand above their lines."""
    height = _ROW * n_rows + 30
    axes = figure.add_axes((4 / _NARROW, 24 / height, 1 - 8 / _NARROW, 1 - 30 / height))
    _plain(axes)
    axes.set_xlim(0, top * 1.04 or 1.0)
    axes.set_ylim(n_rows, 0)
    axes.yaxis.set_major_locator(NullLocator())
    axes.xaxis.set_major_locator(MaxNLocator(4, steps=_STEPS))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.hlines([row + 0.68 for row in range(n_rows)], 0, top * 1.04 or 1.0, color=_LINE, lw=1)
    return axes


def _row_text(axes: Axes, row: int, name: str, value: str, weight: str) -> None:
    across = axes.get_yaxis_transform()
    axes.text(0, row + 0.3, name, transform=across, va="center", size=12.5, weight=weight)
    axes.text(
        1, row + 0.3, value, transform=across, ha="right", va="center", size=12.5, weight=weight
    )


def _plain(axes: Axes) -> None:
    axes.patch.set_visible(False)
    for side in ("left", "top", "right"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_LINE)
    axes.tick_params(length=0, pad=5, labelcolor=_MUTED, labelsize=11)
    axes.set_axisbelow(True)


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "\u2026"


def _svg(figure: Figure, title: str, salt: str) -> str:
    """The figure as an element of an HTML page; the same figure gives the same bytes."""
    figure.patch.set_visible(False)
    for text in figure.findobj(match=lambda artist: hasattr(artist, "get_text")):
        if text.get_color() == "black":  # type: ignore[attr-defined]
            text.set_color(_INK)  # type: ignore[attr-defined]
    written = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": salt}):
        figure.savefig(written, format="svg", metadata={"Date": None}, transparent=True)
    svg = written.getvalue()
    body = svg[svg.index(">", svg.index("<svg")) + 1 :]
    for pattern, replacement in _REWRITES:
        body = pattern.sub(replacement, body)
    for colour, css in _CSS.items():
        body = body.replace(colour, css)
    width, height = (round(72 * inches) for inches in figure.get_size_inches())
    return (
        f'<svg class="chart" role="img" aria-label="{escape(title)}" width="{width}" '
        f'height="{height}" viewBox="0 0 {width} {height}">{body}'
    )
