"""What a model is asked to see whether it is whole: bytes that differ where an answer does."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd

from hybrid_rec import ArtifactError, HybridRecommender
from hybrid_rec.core.errors import RunError

REFUSED, ANSWERED = "refused", "answered"


def asked(folder: Path, *, mmap: bool) -> tuple[str, str]:
    """Load a model and ask it: `REFUSED` with the message, or `ANSWERED` with a digest."""
    try:
        model = HybridRecommender.load(folder, mmap=mmap)
    except (ArtifactError, RunError) as error:
        # A file of 2 GB is more than a trial may take, which RunError says.
        return REFUSED, str(error)
    return ANSWERED, _digest(model)


def _digest(model: HybridRecommender) -> str:
    ids = model.model_.catalog.item_ids
    n = len(ids)
    chosen = [str(ids[row % n]) for row in (0, 7, 23, n - 1)]
    found = [
        model.recommend([chosen[:2], chosen[2:], [], chosen[:1]], 15),
        model.recommend([chosen], 5, explain=True),
        model.recommend([chosen], 5, weights={"popularity": 0.5}),
        model.similar_items(chosen, 8),
    ]
    known = model.model_.playlists
    if len(known):
        found.append(model.recommend(known.select(np.array([0, len(known) - 1])), 10))
    columns = [name for name in model.model_.blocks.column_kinds if name in ("title", "artist")]
    if columns:
        new = pd.DataFrame({name: ["Iron Thunder", None] for name in columns})
        found.append(model.recommend_for_new_items(new, 4))
    digest = hashlib.sha256()
    for recommendations in found:
        digest.update(repr(recommendations.item_ids.tolist()).encode())
        digest.update(recommendations.scores.tobytes())
        digest.update(repr(recommendations.sources.tolist()).encode())
        recommendations.to_frame()
    return digest.hexdigest()
