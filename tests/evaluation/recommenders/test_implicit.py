"""The adapters give what implicit itself gives, alone with it and without a trace."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
import threadpoolctl
from implicit.cpu.als import AlternatingLeastSquares
from implicit.nearest_neighbours import BM25Recommender
from scipy import sparse

from evaluation.recommenders.base import Baseline
from evaluation.recommenders.implicit_als import ImplicitALS
from evaluation.recommenders.implicit_bm25 import ImplicitBM25
from hybrid_rec import ConfigError, HybridRecError, Playlists, Recommendations
from hybrid_rec.data.synthetic import SyntheticDataset


@pytest.fixture(scope="module")
def holds(world: SyntheticDataset) -> sparse.csr_matrix:
    matrix = world.playlists.matrix()
    return sparse.csr_matrix(
        (matrix.data, matrix.indices.astype(np.int32), matrix.indptr.astype(np.int32)),
        shape=matrix.shape,
    )


def check_same(found: Recommendations, rows: np.ndarray, scores: np.ndarray) -> None:
    """Equal but for the order of what scores alike to rounding."""
    np.testing.assert_allclose(found.scores, scores, rtol=1e-4, atol=1e-6)
    ids = found.catalog.item_ids[rows]
    sure = np.abs(np.diff(scores, axis=1)) > 1e-5
    alone = np.ones(scores.shape, dtype=bool)
    alone[:, 1:] &= sure
    alone[:, :-1] &= sure
    alone[:, -1] = False
    assert alone.mean() > 0.5
    assert (found.item_ids == ids)[alone].all()


def test_als_is_that_of_implicit(world: SyntheticDataset, holds: sparse.csr_matrix) -> None:
    with threadpoolctl.threadpool_limits(1, "blas"):
        own = AlternatingLeastSquares(
            8, alpha=3.0, regularization=0.5, iterations=4, num_threads=1, random_state=6
        )
        own.fit(holds, show_progress=False)
        rows, scores = own.recommend(
            np.arange(20), holds[:20], N=15, recalculate_user=True, filter_already_liked_items=True
        )
    model = ImplicitALS(8, 3.0, 0.5, 4, seed=6).fit(world.playlists, world.catalog)
    check_same(model.recommend(world.playlists.select(np.arange(20)), k=15), rows, scores)


@pytest.mark.filterwarnings("ignore:Method expects CSR input")
def test_bm25_is_that_of_implicit(world: SyntheticDataset, holds: sparse.csr_matrix) -> None:
    own = BM25Recommender(K=60, K1=0.9, B=0.4, num_threads=1)
    own.fit(holds, show_progress=False)
    rows, scores = own.recommend(np.arange(20), holds[:20], N=15)
    model = ImplicitBM25(60, k1=0.9, b=0.4).fit(world.playlists, world.catalog)
    check_same(model.recommend(world.playlists.select(np.arange(20)), k=15), rows, scores)


@pytest.mark.parametrize("make", [ImplicitALS, ImplicitBM25])
def test_repeats_count_once(make: Callable[[], Baseline], world: SyntheticDataset) -> None:
    lists = world.playlists.to_lists(world.catalog)
    repeated = Playlists.from_lists([items + items[:3] for items in lists], world.catalog)
    plain = make().fit(world.playlists, world.catalog).recommend(lists[:5])
    again = (
        make().fit(repeated, world.catalog).recommend([items + items[:2] for items in lists[:5]])
    )
    assert again.scores.tobytes() == plain.scores.tobytes()


def test_another_seed_is_another_start(world: SyntheticDataset) -> None:
    one, two = (
        ImplicitALS(iterations=1, seed=seed).fit(world.playlists, world.catalog) for seed in (1, 2)
    )
    seeds = world.playlists.select(np.arange(3))
    assert one.recommend(seeds).scores.tolist() != two.recommend(seeds).scores.tolist()


@pytest.mark.parametrize("make", [ImplicitALS, ImplicitBM25])
def test_without_the_library(
    make: Callable[[], Baseline], world: SyntheticDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("implicit", "implicit.cpu", "implicit.cpu.als", "implicit.nearest_neighbours"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(HybridRecError, match=r"pip install 'hybrid-rec\[peers\]'"):
        make().fit(world.playlists, world.catalog)


def test_blas_keeps_its_threads(world: SyntheticDataset) -> None:
    def threads() -> list[int]:
        found = threadpoolctl.threadpool_info()
        return [api["num_threads"] for api in found if api["user_api"] == "blas"]

    with threadpoolctl.threadpool_limits(2, "blas"):
        before = threads()
        model = ImplicitALS(iterations=1).fit(world.playlists, world.catalog)
        model.recommend([[]])
        assert threads() == before
        assert 2 in before


def test_the_library_is_loaded_only_to_fit() -> None:
    code = (
        "import sys, evaluation.recommenders as b; b.make_baseline('implicit-als'); "
        "sys.exit('implicit' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ImplicitALS(factors=0), "'factors' parameter of ImplicitALS"),
        (lambda: ImplicitALS(alpha=0), "'alpha' parameter of ImplicitALS must be .* above 0"),
        (lambda: ImplicitALS(regularisation=-1), "'regularisation' parameter of ImplicitALS"),
        (lambda: ImplicitALS(iterations=0), "'iterations' parameter of ImplicitALS"),
        (lambda: ImplicitALS(seed=-1), "'seed' parameter of ImplicitALS"),
        (lambda: ImplicitBM25(n_neighbours=0), "'n_neighbours' parameter of ImplicitBM25"),
        (lambda: ImplicitBM25(k1=-0.1), "'k1' parameter of ImplicitBM25"),
        (lambda: ImplicitBM25(b=-0.1), "'b' parameter of ImplicitBM25"),
    ],
)
def test_bad_parameters(make: Callable[[], Baseline], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make()
