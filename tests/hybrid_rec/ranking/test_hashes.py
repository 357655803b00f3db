"""Lines that are drawn from: how many stay, which, and that other lines have no part in it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from hybrid_rec.ranking.hashes import shortened


def lines_of(*lines: range, n: int = 5000) -> sparse.csr_array:
    ends = np.cumsum([0, *map(len, lines)])
    columns = np.concatenate([np.array(line, np.int64) for line in lines])
    return sparse.csr_array(
        (np.arange(len(columns), dtype=np.float64) + 1, columns, ends), shape=(len(lines), n)
    )


def test_short_lines_stay_as_they_are() -> None:
    holds = lines_of(range(10), range(0), range(500))
    assert shortened(holds, 500) is holds


@pytest.mark.parametrize("most", [1, 2, 300])
def test_long_lines_keep_so_many_of_their_entries(most: int) -> None:
    holds = lines_of(range(1), range(4000), range(10, 10 + most), range(5000))
    found = shortened(holds, most)
    assert np.diff(found.indptr).tolist() == [1, most, most, most]
    whole, part = holds.toarray(), found.toarray()
    assert (part[part > 0] == whole[part > 0]).all()
    assert found.has_sorted_indices


def test_every_column_is_as_likely_to_stay() -> None:
    holds = lines_of(*[range(5000)] * 40)
    kept = shortened(holds, 500).indices
    counts = np.bincount(kept // 500, minlength=10)
    # 2,000 of each tenth of the columns, give or take.
    assert abs(counts - 2000).max() < 200
    assert len(np.unique(kept)) > 4500


def test_a_line_that_grows_keeps_most_of_what_it_kept() -> None:
    before = shortened(lines_of(range(3000), range(2000)), 400)
    after = shortened(lines_of(range(3000), range(2020), range(1000)), 400)
    first, grown = (set(m.indices[m.indptr[1] : m.indptr[2]].tolist()) for m in (before, after))
    assert len(first & grown) >= 385
    same = [m.indices[: m.indptr[1]].tolist() for m in (before, after)]
    assert same[0] == same[1]
