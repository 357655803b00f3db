"""FAISS indexes from factory strings, with what a factory string cannot say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import faiss

from indexes.base import VectorIndexError, Vectors

_LONGEST = 1000
# FAISS 1.15 ends the process, or never ends, with graphs and codes of such sizes.
_TOO_SMALL = re.compile(r"(?:HNSW0*[01]|NSG0*[0-2]|[Qx]0+)(?!\d)")
# Kinds of index, and of transforms before one, that `faiss_layout` knows.
_KINDS = {
    "IndexFlat", "IndexFlatIP", "IndexScalarQuantizer", "IndexPQ", "IndexHNSWFlat", "IndexHNSWSQ",
    "IndexNSGFlat", "IndexNSGSQ", "IndexIVFFlat", "IndexIVFScalarQuantizer", "IndexIVFPQ",
}  # fmt: skip
_TRANSFORMS = {
    "PCAMatrix", "OPQMatrix", "LinearTransform", "RandomRotationMatrix", "NormalizationTransform",
    "CenteringTransform", "RemapDimensionsTransform",
}  # fmt: skip


def empty_index(factory: str, dim: int) -> Any:
    """The FAISS index that a factory string names, not yet trained.

    Raises:
        VectorIndexError: For a factory string that FAISS does not know, or that names an index
            that is of no use here.
    """
    _check_factory(factory)
    try:
        index = faiss.index_factory(dim, factory, faiss.METRIC_INNER_PRODUCT)
    except RuntimeError as error:
        raise VectorIndexError(
            f"factory must be a FAISS factory string for {dim} dimensions, "
            f"got {factory!r:.200}: {reason(error)}"
        ) from None
    _check_kind(index, factory)
    return index


def train(index: Any, vectors: Vectors, factory: str, seed: int) -> None:
    """Train an index on vectors `(n, dim)` where its kind needs it, and set how it searches.

    Raises:
        VectorIndexError: For too few vectors.
    """
    _seed(index, seed)
    if not index.is_trained:
        try:
            # Otherwise the centroids of k-means depend on the cores.
            with _one_thread():
                index.train(vectors)
        except RuntimeError as error:
            raise VectorIndexError(
                f"index {factory!r:.200} must be trained on enough vectors, "
                f"got {len(vectors)}: {reason(error)}"
            ) from None
    widen_search(index)


def add(index: Any, vectors: Vectors) -> None:
    """Append vectors `(n, dim)`, on one thread, so that graphs come out the same every time.

    Raises:
        VectorIndexError: If an index of this kind cannot grow.
    """
    try:
        with _one_thread():
            index.add(vectors)
    except RuntimeError as error:
        raise VectorIndexError(
            f"vectors cannot be added to an index of this kind: {reason(error)}."
        ) from None
    inverted = inverted_lists(index)
    if inverted is not None:
        # Without this map, a vector cannot be looked up by its row.
        inverted.set_direct_map_type(faiss.DirectMap.Array)


def is_flat(index: Any) -> bool:
    """Whether an index stores plain vectors and compares a query with all of them."""
    return type(faiss.downcast_index(index)) in (faiss.IndexFlat, faiss.IndexFlatIP)


def inverted_lists(index: Any) -> Any | None:
    """The inverted file of an index, also behind a transform; None if it has none."""
    try:
        return faiss.downcast_index(faiss.extract_index_ivf(index))
    except RuntimeError:
        return None


def search_parameters(index: Any, selector: Any) -> Any:
    """Search parameters of the index's own type that carry the selector."""
    inner = faiss.downcast_index(index)
    if isinstance(inner, faiss.IndexPreTransform):
        return faiss.SearchParametersPreTransform(
            index_params=search_parameters(inner.index, selector)
        )
    if isinstance(inner, faiss.IndexIVF):
        return faiss.SearchParametersIVF(sel=selector, nprobe=inner.nprobe)
    if isinstance(inner, faiss.IndexHNSW):
        return faiss.SearchParametersHNSW(sel=selector, efSearch=inner.hnsw.efSearch)
    return faiss.SearchParameters(sel=selector)


def reason(error: RuntimeError) -> str:
    """The last sentence of a FAISS error, without its C++ location."""
    text = str(error).strip().splitlines()[-1]
    return re.sub(r"^.* at \S+:\d+: ", "", text).removeprefix("Error: ")


def _check_factory(factory: Any) -> None:
    if not isinstance(factory, str):
        raise VectorIndexError(f"factory must be a FAISS factory string, got {factory!r:.200}.")
    if len(factory) > _LONGEST:
        # FAISS 1.15 crashes on very long ones.
        raise VectorIndexError(
            f"factory must have at most {_LONGEST} characters, got {len(factory):,}."
        )
    if _TOO_SMALL.search(factory):
        raise VectorIndexError(f"factory must not hold numbers as small as in {factory!r:.200}.")
    if "Lattice" in factory:
        raise VectorIndexError(
            f"factory must name an index that can be loaded again, got {factory!r:.200}."
        )


def _check_kind(index: Any, factory: str) -> None:
    inner = faiss.downcast_index(index)
    inverted = inverted_lists(index)
    if isinstance(inner, faiss.IndexIDMap):
        raise VectorIndexError(
            f"factory must leave the numbering of rows to us, got {factory!r:.200}."
        )
    # FAISS 1.15 crashes when it reconstructs from such an index after it was loaded.
    if isinstance(inverted, faiss.IndexIVFFastScan):
        raise VectorIndexError(
            f"factory must name an index that can give its vectors back after loading, "
            f"got {factory!r:.200}; IVF with 'PQ…x4fs' cannot, plain 'PQ…' can."
        )
    _check_supported(index, factory)


def _check_supported(index: Any, factory: str) -> None:
    """Refuse what `faiss_layout` could not check when it is loaded."""
    inner = faiss.downcast_index(index)
    kinds, parts = [type(inner).__name__], []
    if isinstance(inner, faiss.IndexPreTransform):
        chain = [inner.chain.at(place) for place in range(inner.chain.size())]
        kinds = [type(faiss.downcast_VectorTransform(one)).__name__ for one in chain]
        parts = [inner.index]
    elif isinstance(inner, faiss.IndexRefine):
        kinds, parts = [], [inner.base_index, inner.refine_index]
    elif isinstance(inner, faiss.IndexIVF):
        parts = [inner.quantizer]
    unknown = [kind for kind in kinds if kind not in _KINDS | _TRANSFORMS]
    if unknown:
        raise VectorIndexError(
            "factory must name an index that can be checked when it is loaded: Flat, SQ or PQ, "
            "alone, in lists (IVF), or under a graph (HNSW, NSG; not of PQ), and transforms before "
            f"it, got {factory!r} with {', '.join(unknown)}."
        )
    for part in parts:
        _check_supported(part, factory)


def widen_search(index: Any) -> None:
    """Set how much an index looks at; with the defaults of FAISS it finds too little."""
    inner = faiss.downcast_index(index)
    inverted = inverted_lists(index)
    if isinstance(inner, faiss.IndexHNSW):
        # With fewer, a graph over a catalogue with many alike vectors misses more than 2 %.
        inner.hnsw.efSearch = 1024
    if inverted is not None:
        inverted.nprobe = max(1, inverted.nlist // 8)


def _seed(index: Any, seed: int) -> None:
    """Seed the k-means of an inverted file; other trainings of FAISS have fixed seeds."""
    inverted = inverted_lists(index)
    if inverted is not None:
        inverted.cp.seed = 1 + seed % (2**31 - 2)


@contextmanager
def _one_thread() -> Iterator[None]:
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(threads)
