"""The transforms in a FAISS file, which stand before an index."""

from __future__ import annotations

from indexes.faiss_cursor import Cursor


def check_transform(cursor: Cursor, dim: int) -> int:
    """Walk through a transform of vectors with so many dimensions; how many it leaves.

    Raises:
        VectorIndexError: If it is damaged, or of a kind that is not supported.
    """
    kind = cursor.code()
    if kind not in _KINDS:
        raise cursor.wrong(f"the transform {kind!r} cannot be read")
    # What a transform is made of stands before its dimensions.
    lengths: dict[str, int] = {}
    has_bias = 0
    if kind == "Pcam":
        cursor.skip("ffBi")
        for part in ("mean", "eigenvalues", "components"):
            lengths[part] = _numbers(cursor)
    if kind in _LINEAR:
        has_bias = cursor.number("B")
        lengths |= {"matrix": _numbers(cursor), "bias": _numbers(cursor)}
    elif kind == "VNrm":
        cursor.skip("f")
    elif kind == "VCnt":
        lengths["mean"] = _numbers(cursor)
    else:
        places = cursor.array("<i4", "its map of dimensions")
        lengths["map"] = len(places)
    told, left, is_trained = cursor.number("i"), cursor.number("i"), cursor.number("B")
    if told != dim or left < 1 or is_trained != 1:
        raise cursor.wrong(f"a transform must be trained for {dim} dimensions, got {told}")
    wanted: dict[str, int] = {}
    if kind in _LINEAR:
        wanted = {"matrix": dim * left}
        if has_bias:
            wanted["bias"] = left
    elif kind == "VCnt":
        wanted = {"mean": dim}
    elif kind == "RmDT":
        wanted = {"map": left}
        if len(places) and (places.min() < -1 or places.max() >= dim):
            raise cursor.wrong(f"its map must be of {dim} dimensions")
    if kind in ("VNrm", "VCnt") and left != dim:
        raise cursor.wrong(f"a transform must leave {dim} dimensions, got {left}")
    if any(lengths[part] != length for part, length in wanted.items()):
        raise cursor.wrong(f"a transform must hold {wanted} numbers, got {lengths}")
    return int(left)


def _numbers(cursor: Cursor) -> int:
    """Move over numbers, checked; how many there are."""
    found = cursor.array("<f4", "a transform")
    cursor.check_numbers(found, "a transform")
    return len(found)


_LINEAR = ("Pcam", "LTra", "rrot")
_KINDS = (*_LINEAR, "VNrm", "VCnt", "RmDT")
