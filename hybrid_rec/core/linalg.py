"""Rows of length one, the inverse of a ridge problem, and the threads of BLAS."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

import numpy as np
from scipy import sparse
from threadpoolctl import ThreadpoolController

from hybrid_rec.core.arrays import Doubles, Floats
from indexes.forks import lock_over_forks

Matrix = TypeVar("Matrix", Floats, Doubles)


def unit_rows(vectors: Floats) -> Floats:
    """Rows of length 1, `(n, dim)` float32; zero rows stay zero."""
    norms = np.sqrt((vectors * vectors).sum(axis=1, keepdims=True))
    units: Floats = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0)
    return units


def unit_sparse_rows(matrix: sparse.csr_array) -> sparse.csr_array:
    """Rows of length 1, float32; empty rows stay empty."""
    norms = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    scaled = sparse.csr_array(matrix, dtype=np.float32, copy=True)
    scaled.data /= np.repeat(norms, np.diff(scaled.indptr)).astype(np.float32)
    return scaled


def ridge_inverse(gram: Matrix, ridge: float) -> Matrix:
    """The upper triangle of the inverse of `gram + ridge I`, `(n, n)`; below it lies anything.

    By Cholesky's method in place: half the time and memory of a general inverse.

    Args:
        gram: A product `X'X`, float32 or float64, of which only the upper triangle is read. If it
            is in Fortran order, it is overwritten, so that no second matrix of its size is needed.
        ridge: Strength of the L2 penalty, above 0.
    """
    # Only fitting needs it, and it takes a while to load.
    from scipy.linalg import lapack

    gram[np.diag_indices_from(gram)] += ridge
    cholesky, invert = (
        (lapack.spotrf, lapack.spotri)
        if gram.dtype == np.float32
        else (lapack.dpotrf, lapack.dpotri)
    )
    factor, _ = cholesky(gram, lower=False, clean=False, overwrite_a=True)
    inverse: Matrix
    inverse, _ = invert(factor, lower=False, overwrite_c=True)
    return inverse


class _Hold:
    """What BLAS has one thread for: its number of threads is one of the whole process."""

    def __init__(self) -> None:
        self._lock = lock_over_forks()
        self._holders = 0
        self._before: list[tuple[Any, int]] = []

    def begin(self) -> None:
        """Take one thread, also of libraries that came since the last time."""
        with self._lock:
            self._holders += 1
            held = [library for library, _ in self._before]
            for library in _blas("scipy.linalg" in sys.modules):
                if not any(library.filepath == other.filepath for other in held):
                    self._before.append((library, library.get_num_threads()))
                    _set_threads(library, 1)

    def end(self) -> None:
        """Give the threads back, if nobody else wants one."""
        with self._lock:
            self._holders -= 1
            while self._before and not self._holders:
                library, n_threads = self._before.pop()
                _set_threads(library, n_threads)


_hold = _Hold()


def _set_threads(library: Any, n_threads: int) -> None:
    """Set them, whichever thread was the last to do so: newer threadpoolctl would let no other."""
    release = getattr(library, "clear_controlling_thread", lambda **_: None)
    release(force=True)
    library.set_num_threads(n_threads)
    release(force=True)


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """A context in which the BLAS of NumPy and SciPy has one thread; as it was outside of it.

    With another number of threads it sums in another order, to other last digits. Contexts may
    overlap, also those of several threads: the last one to end gives the threads back.
    """
    _hold.begin()
    try:
        yield
    finally:
        _hold.end()


@contextmanager
def reproducible() -> Iterator[None]:
    """`one_blas_thread` for what is fitted, so that its bytes do not depend on the cores.

    Libraries with threads of their own, such as FAISS and LightGBM, are told where they are called.
    """
    # SciPy has a BLAS of its own, which must be there to be told.
    import scipy.linalg  # noqa: F401

    with one_blas_thread():
        yield


@cache
def _blas(with_scipy: bool) -> list[Any]:
    """The BLAS libraries that are loaded; that of SciPy comes later than that of NumPy."""
    del with_scipy
    # Looking for the libraries takes longer than what is done with one thread.
    return [
        library
        for library in ThreadpoolController().lib_controllers
        # What takes its threads from OpenMP, as FAISS's does, has no number for all threads.
        if library.user_api == "blas" and getattr(library, "threading_layer", None) != "openmp"
    ]
