"""The charts of a report's page, made from the numbers of its metrics.json."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from evaluation.metrics.registry import label_of
from evaluation.report.charts import MARKERS, Interval, curve_chart, dot_chart, pair_chart
from evaluation.report.section import Section
from evaluation.report.svg import N_SERIES

# Shapes of `MARKERS` as characters, for the legend.
_GLYPHS = dict(zip(MARKERS, "●■▲◆▼✚✖", strict=True))


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


def section_charts(sections: Mapping[str, Section]) -> dict[str, dict[str, Markup]]:
    """The charts of further sections: title -> caption -> chart."""
    return {
        title: {
            caption: Markup(chart)  # noqa: S704  # charts escape their text
            for caption, chart in section.charts.items()
        }
        for title, section in sections.items()
    }
