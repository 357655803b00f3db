"""Charts of intervals, of pairs and of curves, as inline SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator

from evaluation.report.svg import (
    LINE,
    MUTED,
    N_SERIES,
    PAPER,
    SERIES,
    add_tip,
    canvas,
    plain_axes,
    svg,
)

MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_DASHES = ("-", "--", ":", "-.")
_NARROW = 330
_ROW = 38
_LONGEST_NAME = 30
_STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Interval:
    """A mean with its interval."""

    mean: float
    """The mean."""
    low: float
    """Lower end of its 95 % interval."""
    high: float
    """Upper end."""


def dot_chart(
    title: str, values: Mapping[str, Interval], *, main: str, best: str | None, salt: str
) -> str:
    """Means with their intervals, one line a name, the scale from 0.

    Args:
        title: What the chart shows, for those who cannot see it.
        values: Name -> mean and interval, from the top.
        main: The name in the accent colour.
        best: The name that is marked with a star; None for none.
        salt: A word that no other chart of the page has.
    """
    top = max((value.high for value in values.values()), default=0.0)
    with canvas(_NARROW, _ROW * len(values) + 30) as figure:
        axes = _rows(figure, len(values), top)
        for row, (name, value) in enumerate(values.items()):
            colour = SERIES[0] if name == main else MUTED
            weight = "bold" if name == main else "normal"
            line = row + 0.68
            axes.hlines(line, value.low, value.high, color=colour, linewidth=2.5)
            axes.plot([value.mean], [line], "o", color=colour, markersize=8, clip_on=False)
            star = "\u2605 " if name == best else ""
            _row_text(axes, row, _short(name), f"{star}{value.mean:.3f}", weight)
            said = f"{value.mean:.4f}, 95 % interval {value.low:.4f} to {value.high:.4f}"
            _row_tip(axes, row, len(values), f"{name}\n{said}")
        return svg(figure, title, salt)


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
    with canvas(_NARROW, _ROW * len(values) + 30) as figure:
        axes = _rows(figure, len(values), top)
        for row, (name, (first, second)) in enumerate(values.items()):
            colour = SERIES[0] if name == main else MUTED
            line = row + 0.68
            axes.hlines(line, min(first, second), max(first, second), color=colour, linewidth=1.5)
            axes.plot([first], [line], "o", color=colour, markersize=8, clip_on=False)
            axes.plot(
                [second], [line], "o", color=colour, markerfacecolor=PAPER, markersize=8,
                markeredgewidth=2, clip_on=False,
            )  # fmt: skip
            weight = "bold" if name == main else "normal"
            _row_text(axes, row, _short(name), f"{first:.3f} \u2192 {second:.3f}", weight)
            _row_tip(axes, row, len(values), f"{name}\nfrom {first:.4f} to {second:.4f}")
        return svg(figure, title, salt)


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
    with canvas(*size) as figure:
        width, height = size
        axes = figure.add_axes((42 / width, 44 / height, 1 - 54 / width, 1 - 56 / height))
        plain_axes(axes)
        axes.set_xscale("log")
        # Drawn last to first, so that the curve that the report is about lies on top.
        for number, (name, curve) in reversed(list(enumerate(values.items()))):
            colour = SERIES[number % N_SERIES]
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
        _column_tips(axes, ks, values)
        axes.set_xticks(list(ks), [str(k) for k in ks])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=_STEPS))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.grid(axis="y", color=LINE, linewidth=1)
        axes.set_xlabel("k, length of the list", color=MUTED, fontsize=11.5, labelpad=7)
        return svg(figure, title, salt)


def _rows(figure: Figure, n_rows: int, top: float) -> Axes:
    """Axes of one line a name, the first on top, whose labels stand above their lines."""
    height = _ROW * n_rows + 30
    axes = figure.add_axes((4 / _NARROW, 24 / height, 1 - 8 / _NARROW, 1 - 30 / height))
    plain_axes(axes)
    axes.set_xlim(0, top * 1.04 or 1.0)
    axes.set_ylim(n_rows, 0)
    axes.yaxis.set_major_locator(NullLocator())
    axes.xaxis.set_major_locator(MaxNLocator(4, steps=_STEPS))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.hlines([row + 0.68 for row in range(n_rows)], 0, top * 1.04 or 1.0, color=LINE, lw=1)
    return axes


def _row_text(axes: Axes, row: int, name: str, value: str, weight: str) -> None:
    across = axes.get_yaxis_transform()
    axes.text(0, row + 0.3, name, transform=across, va="center", size=12.5, weight=weight)
    axes.text(
        1, row + 0.3, value, transform=across, ha="right", va="center", size=12.5, weight=weight
    )


def _row_tip(axes: Axes, row: int, n_rows: int, text: str) -> None:
    add_tip(axes, text, 0, 1 - (row + 1) / n_rows, 1, 1 / n_rows)


def _column_tips(axes: Axes, ks: Sequence[int], values: Mapping[str, Sequence[Interval]]) -> None:
    """One area a k, which shows all curves there and reaches half way to the next."""
    left, right = np.log(axes.get_xlim())
    places = (np.log(ks) - left) / (right - left)
    edges = [0.0, *((places[1:] + places[:-1]) / 2), 1.0]
    for number, k in enumerate(ks):
        there = sorted(values, key=lambda name: -values[name][number].mean)
        lines = [f"{values[name][number].mean:.4f}  {name}" for name in there]
        text = "\n".join([f"k = {k}", *lines])
        add_tip(axes, text, edges[number], 0, edges[number + 1] - edges[number], 1)


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "\u2026"
