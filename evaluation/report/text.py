"""Values as text: for readers, for Markdown and for JSON; and the templates that use them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import jinja2
import numpy as np
import pandas as pd

from evaluation.metrics.registry import label_of, sign_of
from hybrid_rec.core.plain_text import plain_line
from hybrid_rec.core.words import how_many

# What begins a heading, a list or a line below a heading.
_BEGINNING = re.compile(r"^(\d{1,9}(?=[.)](?:\s|$))|(?=[#+=-]))")
_MEANING = re.compile(
    # A letter or digit on both sides makes an underscore harmless, and names have many of them.
    r"[\\`*|\[\]~$]|(?<![^\W_])_|_(?![^\W_])"
    # What would be a link, and an emoji, by itself.
    r"|(?<=:)/(?=/)|(?<=www)\.|:(?=[\w+-]+:)",
    re.IGNORECASE,
)
# The spaces of "95 %", "2 s", "p < 0.001" and "0.1 to 0.2".
_INSIDE = re.compile(
    r"(?<=\d) (?=(?:%|ms|s|min|h)(?!\w))|(?<=[<=]) (?=\d)|(?<=\bp) (?=[<=])"
    r"|(?<=\d) (?=to [+\u2212]?\d)|(?<=\d to) (?=[+\u2212]?\d)"
)
FEW_CASES = 100
_ADDRESS = re.compile(r"@(?=[\w-]+\.\w)")


def environment() -> jinja2.Environment:
    """The templates of the pages, with filters for labels and numbers."""
    templates = jinja2.Environment(
        loader=jinja2.PackageLoader("evaluation.report"),
        autoescape=jinja2.select_autoescape(("html.j2",)),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters |= {
        "label": label_of,
        "sign": sign_of,
        "number": number,
        "p": p_value,
        "md": markdown,
        "duration": duration,
        "how_many": how_many,
        "few": few_cases,
        "unbroken": unbroken,
    }
    return templates


def number(value: Any, *, signed: bool = False) -> str:
    """A value for people: whole numbers with separators, others with three decimals or digits."""
    if value is None:
        return "\u2013"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    sign = "+" if signed else ""
    small = 0 < abs(value) < 0.0005
    text = f"{value:{sign}.1e}" if small else f"{value:{sign}.{3 if abs(value) < 100 else 1}f}"
    return text.replace("-", "\u2212")


def few_cases(n: int) -> str:
    """A sentence on numbers over n cases for those who would trust them; "" where n is enough."""
    if n >= FEW_CASES:
        return ""
    if n == 1:
        return "This is a single case: it shows that something can happen, not how often."
    return (
        f"These are only {n} cases. A single one moves a hit rate by {1 / n:.3f}: take the numbers "
        "for a hint, not for a result."
    )


def unbroken(text: str) -> str:
    """The text with spaces inside quantities that no line ends at: "95 %", "p < 0.001"."""
    return _INSIDE.sub("\u00a0", text)


def p_value(value: float | None) -> str:
    """A p-value with its sign, such as "= 0.012"."""
    if value is None:
        return "\u2013"
    return "< 0.001" if value < 0.001 else f"= {value:.3f}"


def duration(seconds: float | None) -> str:
    """A time for people, such as "3 min 5 s", "2.4 s" or "35 ms"."""
    if seconds is None:
        return "\u2013"
    if seconds < 1:
        return f"{1000 * seconds:.2g} ms" if seconds < 0.0995 else f"{1000 * seconds:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {left} s"


def markdown(value: Any) -> str:
    """Text for a line or a table cell of Markdown, in which it means nothing but itself.

    It makes no emphasis, code, formula, link, image or mark-up, and no line or cell ends in it.
    """
    text = plain_line(" ".join(number(value).split()))
    text = _MEANING.sub(r"\\\g<0>", text)
    text = _BEGINNING.sub(r"\1\\", text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # Readers look for addresses in the text that is left once escapes are resolved.
    return _ADDRESS.sub("@<!-- -->", text)


def plain(value: Any) -> Any:
    """The same as JSON knows it: tables as lists of records, what is no finite number as None."""
    match value:
        case pd.DataFrame():
            return [plain(record) for record in value.to_dict("records")]
        case Mapping():
            return {str(key): plain(entry) for key, entry in value.items()}
        case list() | tuple() | set() | frozenset() | np.ndarray():
            return [plain(entry) for entry in value]
        case np.generic():
            return plain(value.item())
        case float():
            return value if math.isfinite(value) else None
        case None | bool() | int() | str():
            return value
    return None if value is pd.NA or value is pd.NaT else str(value)
