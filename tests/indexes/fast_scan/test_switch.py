"""The switch: off, no copy is made, and the results are the same."""

from __future__ import annotations

import numpy as np
import pytest

from indexes.faiss_index import FaissIndex
from indexes.fast_scan import switch


@pytest.mark.parametrize("span", [slice(0, 256), slice(0, 32)], ids=["all columns", "a few"])
def test_without_copies(span: slice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexes.fast_scan.scan_copy.pays", lambda _: True)
    monkeypatch.setattr("indexes.fast_scan.scan_copy._FEW_DIMENSIONS", 1)
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((3_000, 256), dtype=np.float32)
    queries = np.zeros((10, 256), np.float32)
    queries[:, span] = vectors[:10, span]
    found, copies = [], []
    for value in ("1", "0"):
        monkeypatch.setenv(switch.VARIABLE, value)
        index = FaissIndex.build(vectors)
        found.append(index.search(queries, 20))
        copies.append(len(index._scanner._copies._copies))
    assert copies == [1, 0]
    assert found[0].rows.tobytes() == found[1].rows.tobytes()
    assert found[0].scores.tobytes() == found[1].scores.tobytes()


def test_it_is_on_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(switch.VARIABLE, raising=False)
    assert switch.is_on()
