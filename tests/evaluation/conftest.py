"""The planted world that the tests of this package share."""

from __future__ import annotations

import pytest

from hybrid_rec.data.synthetic import SyntheticDataset, synthetic_radio


@pytest.fixture(scope="session")
def world() -> SyntheticDataset:
    """400 songs in 8 genres, 600 playlists; a tenth of the songs is cold."""
    return synthetic_radio(seed=1, n_items=400, n_playlists=600)
