"""Contexts in which BLAS has one thread, one after the other and at the same time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Barrier

import pytest
import scipy.linalg  # noqa: F401
from threadpoolctl import threadpool_info, threadpool_limits

from hybrid_rec.core.linalg import one_blas_thread, reproducible


def threads() -> set[int]:
    """How many threads the BLAS of NumPy and SciPy have."""
    found = [api for api in threadpool_info() if api["user_api"] == "blas"]
    ours = [api for api in found if "faiss" not in Path(api["filepath"]).parent.name]
    return {api["num_threads"] for api in ours}


@pytest.fixture(autouse=True)
def _two_threads() -> Iterator[None]:
    with threadpool_limits(2, "blas"):
        yield


@pytest.mark.parametrize("context", [one_blas_thread, reproducible])
def test_one_thread_inside_and_as_many_as_before_afterwards(
    context: type[ExitStack[None]],
) -> None:
    assert threads() == {2}
    with context():
        assert threads() == {1}
        with context():
            assert threads() == {1}
        assert threads() == {1}
    assert threads() == {2}


def test_an_error_gives_the_threads_back() -> None:
    with pytest.raises(ZeroDivisionError), one_blas_thread():
        raise ZeroDivisionError
    assert threads() == {2}


def test_contexts_that_overlap() -> None:
    first, second = ExitStack(), ExitStack()
    first.enter_context(one_blas_thread())
    second.enter_context(one_blas_thread())
    first.close()
    assert threads() == {1}
    second.close()
    assert threads() == {2}


def test_contexts_of_many_threads() -> None:
    begin = Barrier(4)

    def work(number: int) -> set[int]:
        del number
        begin.wait()
        seen: set[int] = set()
        for _ in range(200):
            with one_blas_thread():
                seen |= threads() if len(seen) == 0 else set()
        return seen

    with ThreadPoolExecutor(4) as pool:
        assert set().union(*pool.map(work, range(4))) == {1}
    assert threads() == {2}
