"""BatchResult: what a batch run tells of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hybrid_rec.batch.queries import in_words
from hybrid_rec.core.words import how_many


@dataclass(frozen=True)
class BatchResult:
    """What a batch run has written."""

    out: str
    """The folder."""
    manifest: dict[str, Any]
    """The content of its `manifest.json`."""
    parts_scored: int
    """Parts that this run scored; the others were finished before."""

    def __str__(self) -> str:
        counts = self.manifest["counts"]
        rejected = f"{counts['rejected']:,} rejected"
        if counts["rejected"]:
            rejected += (
                f" ({in_words(self.manifest['rejected']['reasons'])}), "
                f"{counts['used_rows']:,} of {how_many(counts['input_rows'], 'input rows')} used"
            )
        return (
            f"{how_many(counts['queries'], 'queries')}, {how_many(counts['rows'], 'rows')} in "
            f"{how_many(counts['parts'], 'parts')} ({self.parts_scored:,} written now), "
            f"{rejected}: {self.out}"
        )
