"""What batch scoring has written, and what it should have: one call a playlist."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from hybrid_rec import HybridRecommender

Lists = dict[str, list[str]]


def parts(out: Path) -> list[Path]:
    return sorted(out.glob("part-*.parquet"))


def part_bytes(out: Path) -> list[bytes]:
    return [path.read_bytes() for path in parts(out)]


def read(out: Path) -> pd.DataFrame:
    return pd.concat([pd.read_parquet(path) for path in parts(out)], ignore_index=True)


def truth(model: HybridRecommender, lists: Lists, k: int) -> pd.DataFrame:
    """The oracle: one call a playlist."""
    frames = [
        model.recommend(items, k, on_unknown="skip").to_frame().assign(query_id=name)
        for name, items in lists.items()
    ]
    return pd.concat(frames, ignore_index=True).drop(columns=["title", "artist"])


def same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    for name in ("query_id", "rank", "item_id", "source"):
        assert found[name].tolist() == expected[name].tolist()
    np.testing.assert_allclose(found["score"], expected["score"], rtol=1e-5)
