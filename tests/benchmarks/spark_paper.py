"""What every size takes on paper, by stated rates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from tests.benchmarks import measure

SIZES = {"1 million": 10**6, "100 million": 10**8, "4 billion": 4 * 10**9}
PLAYS, CORES = 66.35, 400
ITEMS = {"1 million": 2.26e6, "100 million": 2e7, "4 billion": 1e8}
"""Items: those of the Million Playlist Dataset, and what large catalogues of music have."""
FIT_PLAYS, FIT_BYTES, FIT_ITEM_KB = 6_800, 220, 7
"""Of a fit with ranking, by MILLION: plays a CPU second, bytes a play, KB an item."""
SCORE = 2.8e-3
"""CPU seconds of one list of 100 by the linear score on a cluster, start-up apart."""


def paper(measured: Sequence[dict[str, Any]]) -> str:
    """The table of sizes.

    Args:
        measured: What `grown` measured, the largest share last.
    """
    first, last = measured[0], measured[-1]
    jobs = {job: f"{job}, cluster, CPU s" for job in ("prepare", "statistics")}
    rates = {job: last[column] / last["plays"] for job, column in jobs.items()}
    grown = {name: last[name] / first[name] for name in ("plays", *jobs.values())}
    rows = []
    for name, n in SIZES.items():
        plays = n * PLAYS
        fit_gb = (plays * FIT_BYTES + ITEMS[name] * FIT_ITEM_KB * 1e3) / 1e9
        rows.append(
            {
                "playlists": name,
                "plays": f"{plays:.2g}",
                "tidy Parquet, GB": f"{plays * 8 / 1e9:,.0f}",
                "a whole fit, one machine, GB": f"{fit_gb:,.0f}",
                "a whole fit, one core, h": f"{plays / FIT_PLAYS / 3600:,.0f}",
                f"prepare, {CORES} cores, h": (f"{plays * rates['prepare'] / CORES / 3600:,.2g}"),
                f"statistics, {CORES} cores, h": (
                    f"{plays * rates['statistics'] / CORES / 3600:,.2g}"
                ),
                f"score all, {CORES} cores, h": f"{n * SCORE / CORES / 3600:,.2g}",
                "vectors of the items, driver, GB": f"{ITEMS[name] * 64 * 4 * 2 / 1e9:,.0f}",
            }
        )
    return (
        "## Sizes on paper\n\n"
        f"By the rates of the largest share above ({rates['prepare'] * 1e6:,.0f} and "
        f"{rates['statistics'] * 1e6:,.0f} CPU seconds a million plays for prepare and "
        f"statistics), {PLAYS} plays a playlist, a fit of {FIT_PLAYS:,} plays a CPU second with "
        f"{FIT_BYTES} bytes a play and {FIT_ITEM_KB} KB an item, {SCORE * 1e3:g} ms a list by "
        "the linear score, 8 bytes a play in Parquet, two float32 vectors of 64 numbers an item "
        "in the driver of Word2Vec. Jobs cost some seconds whatever their size, so small shares "
        "overstate the rates: from the smallest share above to the largest, plays grow "
        f"{grown['plays']:.1f} times, CPU seconds of prepare {grown[jobs['prepare']]:.1f} times "
        f"and those of statistics {grown[jobs['statistics']]:.1f} times. Hours grow as plays do; "
        "those of statistics grow as pairs, of which a longer playlist has more by its square."
        "\n\n"
        + measure.markdown(pd.DataFrame(rows))
        + "\n\nA million playlists fit on one machine of 48 GB: do all there. At 100 million "
        "prepare, count and score on the cluster, and fit a sample of a million with exact counts, "
        "on one machine: the sample costs what the table above says. At 4 billion this is the "
        "only way; vectors of the whole pay where most items are too rare for the sample. Those "
        "of Word2Vec "
        "need a driver of the last column, and ALS can take 2.1 billion playlists."
    )
