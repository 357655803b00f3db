"""What `recommend` and `similar` share: the weights of a call, and the table of its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybrid_rec.core.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd

    from hybrid_rec.data.recommendations import Recommendations


def parse_weights(pairs: list[str] | None) -> dict[str, float] | None:
    """The weights of one call; None if none are given, for any at all switch the ranking off.

    Args:
        pairs: "BLOCK=NUMBER" each.

    Raises:
        ConfigError: For a pair of another form.
    """
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


def answer_frame(found: Recommendations, *, as_json: bool) -> pd.DataFrame:
    """One row for each recommendation; JSON gets whole explanations instead of their texts.

    Elsewhere the titles of items that look alike say what tells these apart.
    """
    frame = found.to_frame()
    if not as_json:
        from hybrid_rec.data.telling import titles_told_apart

        frame = titles_told_apart(frame, found.catalog)
    if as_json and found.explanations is not None:
        told = [entry.to_dict() for entry in found.explanations.ravel() if entry is not None]
        frame = frame.drop(columns="explanation")
        frame["explanation"] = told
    return frame
