"""Tables in notebooks: the first rows, all text escaped."""

from __future__ import annotations

from html import escape

import pandas as pd

_ROWS = 20


def short_html(heading: str, frame: pd.DataFrame) -> str:
    """A heading and the first 20 rows of a frame as HTML, in which no text is mark-up."""
    table = frame.head(_ROWS).to_html(escape=True, index=False, na_rep="")
    return f"<p>{escape(heading)}</p>{table}"
