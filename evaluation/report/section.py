"""Section: a further part of a report, such as what a study found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd


@dataclass(frozen=True, eq=False)
class Section:
    """A table, and what is said and drawn above it."""

    table: pd.DataFrame
    """Its numbers."""
    sentences: tuple[str, ...] = ()
    """What they say, in plain words."""
    charts: Mapping[str, str] = field(default_factory=dict)
    """Caption -> an SVG element for the page."""


def as_section(found: pd.DataFrame | Section) -> Section:
    """A table alone as a section; a section as it is."""
    return found if isinstance(found, Section) else Section(found)
