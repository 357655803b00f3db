"""The page of accuracy, from the results of all draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from evaluation.metrics.registry import label_of, sign_of
from evaluation.paired import SIGNIFICANT
from evaluation.run import HYBRID
from tests.benchmarks import measure
from tests.benchmarks.stored import Stored

_N_SHOWN = 2


def page(
    results: Mapping[str, Sequence[Mapping[str, Any]]],
    sets: Sequence[str],
    n_draws: Mapping[str, int],
) -> str:
    """The page that says it all.

    Args:
        results: What was measured of each draw, by set.
        sets: All sets, in the order of the page.
        n_draws: Draws wanted of each.
    """
    tasks = {
        name: {
            heading: Stored([d["tasks"][heading] for d in draws if heading in d["tasks"]])
            for heading in dict.fromkeys(heading for d in draws for heading in d["tasks"])
        }
        for name, draws in results.items()
    }
    parts = [
        "Playlists with at least 10 different items; 80 / 10 / 10 by playlist at random, five "
        "draws with the seeds 0 to 4 (triplej: by time, one draw, held-out playlists cut at 60 "
        "items; all but playlists that go on is asked in one draw), everything fitted anew for "
        "each; the whole catalogue competes, seeds excluded; "
        "500 recommendations. Test part, default configuration everywhere. Near-copies of "
        "training playlists (80 % of the items in common with one) do not count; the numbers with "
        "them stand beside. Of the baselines the one to compare with is chosen for each metric "
        "on the validation parts. Differences are over the cases of all draws, with 95 % bootstrap "
        "intervals and p of a paired randomisation test, both by playlist, uncorrected. `als "
        "64/10` is implicit's ALS with 64 factors and alpha 10; EASE is left out where more than "
        "20,000 items have plays. SASRec is a small one of our own, trained on the CPU. Where "
        "queries are learned, every recommender may learn from the given halves of all cases "
        "before it answers.",
        "## The hybrid against the baseline chosen on validation",
        measure.markdown(pd.DataFrame(_summary(tasks))),
    ]
    missing = [name for name in sets if name not in results]
    if missing:
        parts.append(f"Without a section yet: {', '.join(missing)}.")
    fewer = [
        f"{name} {n}"
        for name, found in tasks.items()
        if "half" in found and (n := len(found["half"].draws)) < n_draws.get(name, 1)
    ]
    if fewer:
        parts.append(f"Measured in fewer draws so far: {', '.join(fewer)}.")
    lacking = [name for name, found in tasks.items() if "item to item" not in found]
    if lacking:
        parts.append(f"Only playlists that go on were measured so far: {', '.join(lacking)}.")
    for name, draws in results.items():
        parts += _section(name, draws, tasks[name])
    return "\n\n".join(parts)


def _summary(tasks: Mapping[str, Mapping[str, Stored]]) -> list[dict[str, str]]:
    rows = []
    for name, headings in tasks.items():
        for heading, found in headings.items():
            for metric in found.metrics[:_N_SHOWN]:
                peer = found.peer(metric, HYBRID)
                values = found.values(metric)
                ours, theirs = (values[found.names.index(n)].mean() for n in (HYBRID, peer))
                against = found.against(HYBRID, metric).set_index("other").loc[peer]
                better = sign_of(metric) * against["difference"] > 0
                verdict = "better" if better else "worse"
                rows.append(
                    {
                        "set": name,
                        "asked": heading,
                        "metric": label_of(metric),
                        "hybrid": f"{ours:.4f}",
                        "peer": f"{theirs:.4f} {peer}",
                        "ratio": f"{ours / theirs:.2f}" if theirs else "-",
                        "difference": f"{against['difference']:+.4f} "
                        f"[{against['low']:+.4f}, {against['high']:+.4f}]",
                        "p": f"{against['p']:.4f}",
                        "shown": verdict if against["p"] < SIGNIFICANT else "no difference",
                    }
                )
    return rows


def _section(
    name: str, draws: Sequence[Mapping[str, Any]], tasks: Mapping[str, Stored]
) -> list[str]:
    first = draws[0]["splits"]
    parts = [f"## {name}"]
    for heading, found in tasks.items():
        copies = sum(draw["near_copies"] for draw in found.draws)
        parts += [
            f"### {name}: {heading}",
            f"{found.n_cases:,} cases of {len(found.draws)} draw"
            f"{'s' if len(found.draws) > 1 else ''} count"
            + (f"; {copies:,} near-copies do not." if copies else "."),
            measure.markdown(pd.DataFrame([_row(found, other) for other in found.names])),
        ]
    account = next(iter(first.values()))
    counts = pd.DataFrame(
        {"first draw": list(account["counts"]), "": [f"{n:,}" for n in account["counts"].values()]}
    )
    findings = "\n".join(f"- {finding}" for finding in account["findings"])
    return [*parts, f"### {name}: the split", measure.markdown(counts), findings]


def _row(found: Stored, name: str) -> dict[str, str]:
    row = {"recommender": name}
    for metric in found.metrics:
        draws = found.of_draws(name, metric)
        mean = found.values(metric)[found.names.index(name)].mean()
        row[label_of(metric)] = f"{mean:.4f}" + (
            f" ± {draws.std(ddof=1) / np.sqrt(len(draws)):.4f}" if len(draws) > 1 else ""
        )
    main = found.metrics[1]
    row[f"{label_of(main)} of each draw"] = " ".join(
        f"{value:.3f}" for value in found.of_draws(name, main)
    )
    row[f"{label_of(main)} with near-copies"] = f"{found.near_copies(name, main):.4f}"
    return row
