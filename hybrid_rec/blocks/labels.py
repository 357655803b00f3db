"""Artists and tags to one-hot and multi-hot blocks, sparse, with known and unknown labels."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from hybrid_rec.data.catalog import RowArray


def fold(label: str) -> str:
    """A label without differences of case, spacing and Unicode form.

    Examples:
        >>> fold("  The  BEATLES ") == fold("the Beatles")
        True
    """
    # Folding case can undo the normal form, so it is made twice (Unicode's NFKC_Casefold).
    folded = unicodedata.normalize("NFKC", label).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).casefold().split())


@dataclass(frozen=True)
class Labels:
    """The labels (artists, tags) that have a column, each folded."""

    columns: dict[str, int]
    """Column of each folded label."""

    @classmethod
    def of(cls, labels: Iterable[str | None]) -> Labels:
        """Columns in order of first appearance; missing labels get none."""
        columns: dict[str, int] = {}
        for label in labels:
            if label is not None and (key := fold(label)):
                columns.setdefault(key, len(columns))
        return cls(columns)

    def __len__(self) -> int:
        return len(self.columns)

    def codes(self, labels: Iterable[str | None]) -> RowArray:
        """The column of each label, `(len(labels),)` int64; -1 for a missing or unknown one."""
        found = [-1 if label is None else self.columns.get(fold(label), -1) for label in labels]
        return np.array(found, dtype=np.int64)

    def one_hot(self, codes: RowArray) -> sparse.csr_array:
        """One row an item with a 1 in the column of its code; see `one_hot`."""
        return one_hot(codes, len(self))

    def multi_hot(self, label_lists: Sequence[Sequence[str]]) -> sparse.csr_array:
        """One unit row an item with equal values in the columns of its labels, float32.

        Unknown labels are left out; an item without known ones has an empty row.
        """
        codes = [np.unique(self.codes(labels)) for labels in label_lists]
        codes = [known[known >= 0] for known in codes]
        sizes = np.array([len(known) for known in codes], dtype=np.int64)
        values = np.repeat(1 / np.sqrt(np.maximum(sizes, 1)), sizes).astype(np.float32)
        columns = np.concatenate([np.empty(0, np.int64), *codes])
        indptr = np.concatenate([[0], np.cumsum(sizes)])
        return sparse.csr_array((values, columns, indptr), shape=(len(codes), len(self)))


def one_hot(codes: RowArray, n_columns: int) -> sparse.csr_array:
    """One row an item with a 1 in the column of its code, `(n, n_columns)` float32.

    A negative code gives an empty row: it matches nobody.
    """
    known = codes >= 0
    indptr = np.concatenate([[0], np.cumsum(known)])
    return sparse.csr_array(
        (np.ones(int(known.sum()), np.float32), codes[known], indptr),
        shape=(len(codes), n_columns),
    )
