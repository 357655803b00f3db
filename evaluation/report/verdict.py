"""The verdict: who wins, in a sentence, and what that rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evaluation.metrics.registry import label_of, sign_of
from evaluation.paired import SIGNIFICANT
from evaluation.report.text import number, p_value
from hybrid_rec.core.words import how_many


def outcome_of(
    best: str, rows: Sequence[Mapping[str, Any]], metric: str, peer: str | None = None
) -> dict[str, Any]:
    """How the main recommender stands against its peer, by default the best other one."""
    if not rows:
        return {"result": "alone", "rival": None}
    sign = sign_of(metric)
    # The best other one is the best of all, or else the one that it leads by least.
    rival = next(
        (row for row in rows if row["other"] == (peer or best)),
        min(rows, key=lambda row: sign * row["difference"]),
    )
    proven = rival["p_holm"] < SIGNIFICANT
    result = "draw" if not proven else "win" if sign * rival["difference"] > 0 else "loss"
    return {"result": result, "rival": rival["other"], **rival}


def verdict_of(facts: Mapping[str, Any]) -> dict[str, str]:
    """Who wins on the first headline metric, in a sentence, and what that rests on."""
    metric, main = facts["headline"][0], facts["main"]
    outcome, n_cases = facts["outcomes"][metric], facts["cases"]
    scores = {r["name"]: r["metrics"][metric] for r in facts["recommenders"]}
    of_cases = "one case" if n_cases == 1 else f"{n_cases:,} cases"
    if facts["draws"]:
        of_cases += f" of {len(facts['draws']['seeds'])} draws"
    if facts["near_copies"]:
        of_cases += (
            f" ({how_many(facts['near_copies'], 'more cases')}, near-copies of training "
            "playlists, left out)"
        )
    own, rival = scores[main], outcome["rival"]
    if rival is None:
        return {
            "verdict": f"{main} reaches {label_of(metric)} {own['mean']:.3f}.",
            "evidence": f"95 % interval {own['low']:.3f} to {own['high']:.3f}, {of_cases}. "
            "There is nothing to compare it with.",
        }
    chosen = "chosen on validation" if facts["peers"][metric] else "the best of the others"
    claim = {
        "win": f"{main} beats {rival}, {chosen},",
        "loss": f"{main} loses to {rival}",
        "draw": f"{main} and {rival} cannot be told apart",
    }[outcome["result"]]
    difference, low, high = (
        number(outcome[name], signed=True) for name in ("difference", "low", "high")
    )
    evidence = (
        f"Difference {difference}, 95 % interval {low} to {high}, "
        f"corrected p {p_value(outcome['p_holm'])}, {of_cases}."
    )
    if outcome["result"] == "draw" and outcome["detectable"]:
        needed = number(outcome["detectable"])
        evidence += (
            f" With so many cases a difference smaller than {needed} is likely to be missed; "
            "more cases would show it."
        )
    verdict = (
        f"{claim} on {label_of(metric)}: {own['mean']:.3f} against {scores[rival]['mean']:.3f}."
    )
    return {"verdict": verdict, "evidence": evidence}
