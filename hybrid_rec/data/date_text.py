"""Dates written as text: the forms that are known, and what each of them says.

A form is what is left of a text when every digit is a 0. Each form has a format of `strptime` for
every reading: "00/00/0000 00:00" is `%d/%m/%Y %H:%M` read with the day first and `%m/%d/%Y %H:%M`
read with the month first. A text of no known form, such as "now" or "21:10", is no date.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hybrid_rec.core.arrays import Rows
from hybrid_rec.data.arrow_types import TEXT

Reading = Literal["day-first", "month-first", "year-first"]
"""In which order day, month and year stand; "year-first" is a year of two digits."""
READINGS: tuple[Reading, ...] = get_args(Reading)
Formats = tuple[str | None, str | None, str | None]
"""The format of a form for each of READINGS; None where it cannot be read so."""
Times = NDArray[np.datetime64]

NO_TIME = np.datetime64("NaT", "us")

# Texts of digits and single separators, of which most columns are full.
_PLAIN = r"^\d{1,6}(?:[-/:. T+]\d{1,6})*Z?$"
# What is written in several ways is written in one first.
_ALIKE = (
    ("[\\s\u00a0\u202f]+", " "),
    (r"(\d)(?:st|nd|rd|th)\b", r"\1"),
    (r"(?i)\bsept\b", "Sep"),
    (r"(?i)\b([ap])\.m\.", r"\1m"),
    (r"([.,]\d{6})\d+", r"\1"),  # microseconds are kept
)
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_NAME = f"(?P<name>{'|'.join((*_MONTHS, *(month[:3] for month in _MONTHS)))})"
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY = f"(?:(?P<weekday>{'|'.join((*_DAYS, *(day[:3] for day in _DAYS)))}),? )"
_CLOCK = (
    r"(?:(?P<H>00?):(?P<M>00)(?::(?P<S>00)(?:[.,](?P<f>0{1,6}))?)?(?: ?(?P<p>[ap]m))?"
    r"|(?P<h>00?) ?(?P<q>[ap]m))"
)
_ZONE = r"(?: ?\(?(?:z|utc|gmt)\)?| ?(?:utc|gmt)?(?P<z>[+-]00(?::?00)?)(?: \(?(?:utc|gmt)\)?)?)"
_TIME = f"(?:(?:T|,? (?:at )?| - ){_CLOCK}{_ZONE}?)"
_COMPACT = f"(?:[T ](?P<K>00)(?P<L>00)(?:(?P<N>00)(?:[.,](?P<g>0{{1,6}}))?)?{_ZONE}?)"

_YEAR, _ANY_YEAR = "(?P<Y>0000)", "(?P<Y>0000|00)"
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"{_YEAR}(?P<sep>[-/.] ?| )(?P<m>00?)(?P=sep)(?P<d>00?){_TIME}?",
        rf"{_YEAR}(?P<m>00)(?P<d>00)(?:{_TIME})",
        rf"{_YEAR}(?P<m>00)(?P<d>00){_COMPACT}",
        rf"{_YEAR}-(?P<m>00)-(?P<d>00){_COMPACT}",
        rf"(?P<a>00?)(?P<sep>[-/.] ?| )(?P<b>00?)(?P=sep)(?P<c>0000|00){_TIME}?",
        rf"{_DAY}?(?P<d>00?)(?:\. ?|[-/ ]){_NAME}(?:\. |[-/ .]|, ?){_ANY_YEAR}{_TIME}?",
        rf"{_DAY}?{_NAME}(?:\. ?|[-/ ])(?P<d>00?)(?:, ?|[-/ ]){_ANY_YEAR}{_TIME}?",
        rf"{_DAY}?{_NAME} (?P<d>00?) {_CLOCK}{_ZONE}? {_YEAR}",
        rf"{_YEAR}(?P<sep>[-/. ]){_NAME}(?P=sep)(?P<d>00?){_TIME}?",
        rf"{_NAME}(?:[-/ ]|, ){_YEAR}",
        rf"{_YEAR}[-/](?P<m>00?)",
        rf"(?P<m>00?)[-/]{_YEAR}",
    )
)
_DIRECTIVES = {
    "d": "%d", "m": "%m", "M": "%M", "S": "%S", "f": "%f", "p": "%p", "q": "%p", "z": "%z",
    "h": "%I", "K": "%H", "L": "%M", "N": "%S", "g": "%f",
}  # fmt: skip
# What the three numbers of a date are in each reading.
_THREE = {"day-first": "dmY", "month-first": "mdY", "year-first": "Ymd"}


def alike(texts: pa.Array) -> pa.Array:
    """Texts with one space where there are several, and other small things written in one way."""
    if pc.all(pc.match_substring_regex(texts, _PLAIN)).as_py():
        return texts
    texts = pc.utf8_trim_whitespace(texts)
    for pattern, replacement in _ALIKE:
        texts = pc.replace_substring_regex(texts, pattern, replacement)
    return texts


def forms_of(texts: pa.Array) -> tuple[Rows, list[Formats | None]]:
    """The form of each text, as a number, and the formats of each form.

    Args:
        texts: `(n,)` strings, as `alike` writes them, without nulls.
    """
    validity, offsets, data = texts.buffers()
    letters = np.frombuffer(data or b"", np.uint8).copy()
    letters[(letters >= ord("0")) & (letters <= ord("9"))] = ord("0")
    parts = [validity, offsets, pa.py_buffer(letters)]
    plain = pa.Array.from_buffers(TEXT, len(texts), parts, offset=texts.offset)
    forms = plain.dictionary_encode()
    codes = forms.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return codes, [formats_of(form) for form in forms.dictionary.to_pylist()]


@lru_cache(maxsize=4096)
def formats_of(form: str) -> Formats | None:
    """The formats of a form; None if it is of no known one."""
    for pattern in _FORMS:
        found = pattern.fullmatch(form)
        if found:
            day, month, year = (_format(form, found, reading) for reading in READINGS)
            return day, month, year
    return None


def times_of(texts: pa.Array, reading: Reading) -> Times:
    """When the texts say in one reading, `(n,)` in UTC; NaT for what is no date in it.

    Without a time zone a time counts as UTC.

    Args:
        texts: `(n,)` strings, as `alike` writes them, without nulls.
        reading: How dates are read that can be read in several ways.
    """
    codes, forms = forms_of(texts)
    place = READINGS.index(reading)
    times = np.full(len(texts), NO_TIME)
    of_form = pd.Series([form and form[place] for form in forms], dtype=object)
    for form in of_form.dropna().unique():
        rows = np.flatnonzero((of_form == form).to_numpy(bool)[codes])
        times[rows] = strptime(texts.take(pa.array(rows)), form)
    return times


def strptime(texts: pa.Array, form: str) -> Times:
    """When texts of one format say, `(n,)` in UTC; NaT for those of another.

    Raises:
        ValueError: If the format is none.
    """
    cells = pd.Series(texts.cast(TEXT).to_pylist(), dtype=object)
    parsed = pd.to_datetime(cells, format=form, errors="coerce", utc=True, exact=True)
    return as_times(parsed)


def as_times(parsed: pd.Series[Any]) -> Times:
    """Times with a zone in UTC without it."""
    times: Times = parsed.dt.tz_localize(None).to_numpy().astype("datetime64[us]")
    return times


def _format(form: str, found: re.Match[str], reading: Reading) -> str | None:
    groups = {name: text for name, text in found.groupdict().items() if text is not None}
    directives = {name: _DIRECTIVES[name] for name in groups if name in _DIRECTIVES}
    if "a" in groups:
        if reading == "year-first" and not len(groups["a"]) == len(groups["c"]) == 2:
            return None
        directives |= dict(zip("abc", map("%{}".format, _THREE[reading]), strict=True))
    for name in groups:
        if name == "Y" or directives.get(name) == "%Y":
            directives[name] = "%y" if len(groups[name]) == 2 else "%Y"
    if "H" in groups:
        directives["H"] = "%I" if "p" in groups else "%H"
    if "name" in groups:
        directives["name"] = "%b" if len(groups["name"]) == 3 else "%B"
    if "weekday" in groups:
        directives["weekday"] = "%a" if len(groups["weekday"]) == 3 else "%A"
    written, end = "", 0
    for start, stop, name in sorted((*found.span(name), name) for name in groups if name != "sep"):
        written += form[end:start] + directives[name]
        end = stop
    return written + form[end:]
