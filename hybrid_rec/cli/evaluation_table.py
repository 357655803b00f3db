"""Tables of `hybrid-rec evaluate`: what the split holds, and what was measured on it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from hybrid_rec.core.console import print_frame, write
from hybrid_rec.core.words import how_many

if TYPE_CHECKING:
    import pandas as pd

    from evaluation.comparison import Comparison
    from evaluation.draws import Draws
    from evaluation.report.section import Section
    from evaluation.splits.split import Split


def print_split(split: Split) -> None:
    """What a split holds; what it holds none of is left out."""
    import pandas as pd

    counts = {what: f"{n:,}" for what, n in split.counts().items() if n}
    table = pd.DataFrame({"what": list(counts), "count": list(counts.values())})
    print_titled(table, split.name)


def print_comparison(compared: Comparison | Draws, headline: list[str], *, as_json: bool) -> None:
    """Means with intervals, without near-copies; and with them, if there are any."""
    import pandas as pd

    from evaluation.draws import Draws

    table = compared.table(headline)
    if compared.n_near_copies:
        whole = compared.with_near_copies.table(headline)
        for metric in headline:
            table[f"{metric} with near-copies"] = whole[metric]
    winner = compared.winner(headline[0])
    if as_json:
        print_frame(table, title="", as_json=True)
        return
    shown: dict[str, object] = {"recommender": table["recommender"]}
    for metric in headline:
        shown[metric] = [
            f"{mean:.4f} [{low:.4f}, {high:.4f}]"
            for mean, low, high in zip(
                table[metric], table[f"{metric} low"], table[f"{metric} high"], strict=True
            )
        ]
    if compared.n_near_copies:
        column = f"{headline[0]} with near-copies"
        shown[column] = [f"{mean:.4f}" for mean in table[column]]
    if winner is not None:
        shown["best"] = ["winner" if name == winner else "" for name in table["recommender"]]
    print_titled(pd.DataFrame(shown), _title(compared, headline[0], winner))
    if isinstance(compared, Draws):
        _print_draws(compared, headline[0])
    peer = compared.peers.get(headline[0])
    if peer is not None:
        name = compared.names[0]
        row = compared.against(name, headline[0]).set_index("other").loc[peer]
        write(
            f"{name} against {peer}, chosen on validation, by {headline[0]}: "
            f"{row['difference']:+.4f} [{row['low']:+.4f}, {row['high']:+.4f}], "
            f"corrected p {row['p_holm']:.4f}"
        )


def print_section(section: Section, title: str, *, as_json: bool) -> None:
    """A table beside the comparison, and for people what it says in words."""
    if as_json:
        print_frame(section.table.assign(study=title), title=title, as_json=True)
        return
    print_titled(section.table, title)
    for sentence in section.sentences:
        write(f"  {sentence}")


def print_titled(table: pd.DataFrame, title: str) -> None:
    """A table for people, under its title also where the output is no terminal."""
    if not sys.stdout.isatty():
        write(title)
    print_frame(table, title=title)


def _title(compared: Comparison | Draws, metric: str, winner: str | None) -> str:
    from evaluation.draws import Draws

    title = how_many(compared.n_cases, "cases")
    if isinstance(compared, Draws):
        title += f" of {how_many(len(compared.draws), 'draws')}"
    title += "; means with bootstrap 95 % intervals"
    if compared.n_near_copies:
        title += f", without {how_many(compared.n_near_copies, 'near-copies of training')}"
    if len(compared.names) > 1:
        title += f"; best by {metric}" if winner else f"; no clear winner by {metric}"
    return title


def _print_draws(draws: Draws, metric: str) -> None:
    """The first metric of every draw, with mean and standard error."""
    table = draws.table([metric])
    shown = table[["recommender", metric, f"{metric} error"]]
    shown = shown.rename(columns={metric: "mean", f"{metric} error": "error"})
    for seed, means in draws.by_draw([metric]).groupby("seed", sort=False):
        shown[f"seed {seed}"] = means[metric].to_numpy()
    print_titled(shown, f"{metric} of each draw; error: standard error of the mean over draws")
