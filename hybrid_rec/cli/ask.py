"""What `hybrid-rec recommend` and `hybrid-rec similar` do."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from hybrid_rec.core.console import print_frame
from hybrid_rec.core.errors import ConfigError
from hybrid_rec.data.playlists import OnUnknown
from hybrid_rec.data.recommendations import Recommendations
from hybrid_rec.recommender import HybridRecommender


def run_recommend(
    model: Path,
    items: list[str],
    k: int,
    *,
    weight: list[str] | None,
    skip_unknown: bool,
    mmr: float | None,
    artist_cap: int | None,
    explain: bool,
    as_json: bool,
) -> None:
    """Print what continues a playlist.

    Args:
        model: Folder of a saved model.
        items: Ids of the items in the playlist.
        k: How many to print.
        weight: Weights of this call, "BLOCK=NUMBER" each.
        skip_unknown: Leave unknown ids out.
        mmr: Strength of diversity; None for the model's.
        artist_cap: Most items of one artist; None for the model's.
        explain: Say of each row what carried it.
        as_json: Print JSON Lines.

    Raises:
        HybridRecError: For mistakes in the options, or if there is no model.
    """
    diversity = {"mmr": mmr, "artist_cap": artist_cap}
    found = HybridRecommender.load(model, mmap=True).recommend(
        items,
        k,
        weights=_weights(weight),
        on_unknown=_on_unknown(skip_unknown),
        diversity={name: value for name, value in diversity.items() if value is not None},
        explain=explain,
    )
    frame = _frame(found, as_json=as_json).drop(columns=[] if as_json else ["query_id"])
    print_frame(frame, title=f"Goes with {', '.join(items)}", as_json=as_json)


def run_similar(
    model: Path,
    items: list[str],
    k: int,
    *,
    weight: list[str] | None,
    skip_unknown: bool,
    explain: bool,
    as_json: bool,
) -> None:
    """Print what is similar to each of some items; see `run_recommend`.

    Raises:
        HybridRecError: For mistakes in the options, or if there is no model.
    """
    recommender = HybridRecommender.load(model, mmap=True)
    found = recommender.similar_items(
        list(dict.fromkeys(items)),
        k,
        weights=_weights(weight),
        on_unknown=_on_unknown(skip_unknown),
        explain=explain,
    )
    frame = _frame(found, as_json=as_json)
    if as_json or not sys.stdout.isatty():
        print_frame(frame, title="", as_json=as_json)
        return
    catalog = recommender.model_.catalog
    for query_id in found.query_ids:
        row = int(catalog.rows([query_id])[0])
        title = f"Similar to {query_id}: {catalog.titles[row]} by {catalog.artists[row]}"
        part = frame[frame["query_id"] == query_id].drop(columns="query_id")
        print_frame(part, title=title)


def _on_unknown(skip: bool) -> OnUnknown:
    return "skip" if skip else "raise"


def _frame(found: Recommendations, *, as_json: bool) -> pd.DataFrame:
    """A row a recommendation; JSON gets whole explanations instead of their texts."""
    frame = found.to_frame()
    if as_json and found.explanations is not None:
        told = [entry.to_dict() for entry in found.explanations.ravel() if entry is not None]
        frame = frame.drop(columns="explanation")
        frame["explanation"] = told
    return frame


def _weights(pairs: list[str] | None) -> dict[str, float] | None:
    """The weights of one call; None if none are given, for any at all switch the ranking off."""
    if not pairs:
        return None
    weights = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        try:
            weights[name] = float(value)
        except ValueError:
            raise ConfigError(
                f"--weight must be BLOCK=NUMBER, such as artist=0.5, got {pair!r}."
            ) from None
    return weights
