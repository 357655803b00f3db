"""Registry of studies: each by its name on the command line, with the heading of what it found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from evaluation.harness import DEFAULT_KS
from evaluation.report.section import Section, as_section
from evaluation.splits.split import Split
from hybrid_rec.core.progress import Progress
from hybrid_rec.core.registry import Registry
from hybrid_rec.recommender import HybridRecommender

_SILENT = Progress()


@dataclass(frozen=True, eq=False)
class Studied:
    """What a study looks at."""

    hybrid: HybridRecommender
    """A fitted recommender; its configuration is that of all further fits."""
    split: Split
    """Training playlists and cases."""
    k: Sequence[int] = DEFAULT_KS
    """Cut-offs."""
    seed: int = 0
    """Seed of all that is drawn."""
    progress: Progress = _SILENT
    """Told while a study is made."""


Run = Callable[[Studied], pd.DataFrame | Section]


@dataclass(frozen=True)
class Study:
    """A registered study."""

    title: str
    """Heading of its table."""
    n_fits: int | str
    """How often it fits the hybrid anew, which is what takes its time; or that in words."""
    run: Run
    """Makes the table, or also sentences and charts."""


STUDIES: Registry[Study] = Registry("study", "evaluation.studies")
"""All studies by name."""


def register_study(name: str, title: str, *, n_fits: int | str) -> Callable[[Run], Run]:
    """A decorator that makes a function a study.

    Args:
        name: Its name on the command line.
        title: Heading of its table.
        n_fits: How often it fits the hybrid anew, or words such as "one for each block".
    """

    def register(run: Run) -> Run:
        STUDIES.add(name, Study(title, n_fits, run), run.__module__)
        return run

    return register


def run_studies(names: Sequence[str], studied: Studied) -> dict[str, Section]:
    """What each study found, by its heading.

    Args:
        names: Of `STUDIES`.
        studied: What they look at.

    Raises:
        ConfigError: For an unknown study.
        DataError: If the split does not allow a study.
    """
    chosen = [STUDIES.named(name) for name in names]
    found = {}
    for study in chosen:
        with studied.progress.stage(f"study: {study.title}"):
            found[study.title] = as_section(study.run(studied))
    return found
