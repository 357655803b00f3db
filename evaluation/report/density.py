"""Charts of how many points lie where, as inline SVG."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.ticker import FuncFormatter, MaxNLocator
from scipy import stats

from evaluation.report.svg import INK, LINE, MUTED, SERIES, canvas, plain_axes, svg
from hybrid_rec.core.arrays import Doubles

_WIDTH, _HEIGHT = 330, 260
_HEXAGONS = 22
_PARTS = 10
_FAINTEST = 0.1
_STEPS = (1, 2, 2.5, 5, 10)


def density_chart(
    title: str,
    x: Doubles,
    y: Doubles,
    labels: tuple[str, str],
    *,
    counts: bool = False,
    salt: str,
) -> str:
    """Hexagons, the darker the more points lie in them, and a line of means.

    The line goes through the mean x and y of each tenth of the points, ordered by x.

    Args:
        title: What the chart shows, for those who cannot see it.
        x: Across, `(n_points,)`.
        y: Upwards.
        labels: What x and y are.
        counts: Whether y are counts, which stand on a logarithmic scale with a place for 0.
        salt: A word that no other chart of the page has.
    """
    shown = np.log2(1 + y) if counts else y
    with canvas(_WIDTH, _HEIGHT) as figure:
        axes = figure.add_axes((46 / _WIDTH, 44 / _HEIGHT, 1 - 56 / _WIDTH, 1 - 54 / _HEIGHT))
        plain_axes(axes)
        hexagons = axes.hexbin(x, shown, gridsize=_HEXAGONS, mincnt=1, linewidths=0)
        points = np.log1p(np.asarray(hexagons.get_array(), dtype=np.float64))
        # A sum of parts may miss 1 by a rounding error.
        strength = np.minimum(_FAINTEST + (1 - _FAINTEST) * points / points.max(), 1.0)
        hexagons.set_array(None)
        hexagons.set_facecolor([(*to_rgb(SERIES[0]), share) for share in strength])
        hexagons.set_edgecolor("none")
        # What is equal in x is of one tenth, whatever its y.
        tenth = np.ceil(_PARTS * stats.rankdata(x) / len(x))
        parts = [tenth == number for number in np.unique(tenth)]
        means = np.array([(x[part].mean(), shown[part].mean()) for part in parts])
        axes.plot(*means.T, color=INK, linewidth=2, solid_capstyle="round")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(MaxNLocator(5, steps=_STEPS))
            axis.set_major_formatter("{x:g}")
        if counts:
            axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
            axes.yaxis.set_major_formatter(FuncFormatter(lambda place, _: f"{2**place - 1:,.0f}"))
        axes.grid(axis="y", color=LINE, linewidth=1)
        axes.set_xlabel(labels[0], color=MUTED, fontsize=11.5, labelpad=7)
        axes.set_ylabel(labels[1], color=MUTED, fontsize=11.5, labelpad=5)
        return svg(figure, title, salt)
