"""Labels (artists, tags) and the columns that they have in one-hot and multi-hot rows."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from hybrid_rec.core.arrays import Rows


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
        return cls({}).extended(labels)

    def extended(self, labels: Iterable[str | None]) -> Labels:
        """These labels, and behind them those that are new, in order of first appearance."""
        columns = dict(self.columns)
        for label in labels:
            if label is not None and (key := fold(label)):
                columns.setdefault(key, len(columns))
        return Labels(columns)

    def __len__(self) -> int:
        return len(self.columns)

    def codes(self, labels: Iterable[str | None]) -> Rows:
        """The column of each label, `(len(labels),)` int64; -1 for a missing or unknown one."""
        known: dict[str | None, int] = {None: -1}
        found = []
        for label in labels:
            if label not in known:
                known[label] = self.columns.get(fold(label or ""), -1)
            found.append(known[label])
        return np.array(found, dtype=np.int64)

    def multi_hot(self, label_lists: Sequence[Sequence[str]]) -> sparse.csr_array:
        """One unit row an item with equal values in the columns of its labels, float32.

        Unknown labels are left out; an item without known ones has an empty row.
        """
        sizes = np.fromiter(map(len, label_lists), np.int64, len(label_lists))
        codes = self.codes(label for labels in label_lists for label in labels)
        owners = np.repeat(np.arange(len(sizes)), sizes)[codes >= 0]
        width = max(len(self), 1)
        owners, columns = np.divmod(np.unique(owners * width + codes[codes >= 0]), width)
        counts = np.bincount(owners, minlength=len(sizes))
        values = np.repeat(1 / np.sqrt(np.maximum(counts, 1)), counts).astype(np.float32)
        indptr = np.concatenate([[0], np.cumsum(counts)])
        return sparse.csr_array((values, columns, indptr), shape=(len(sizes), len(self)))


def one_hot(codes: Rows, n_columns: int) -> sparse.csr_array:
    """One row an item with a 1 in the column of its code, `(n, n_columns)` float32.

    A negative code gives an empty row: it matches nobody.
    """
    known = codes >= 0
    indptr = np.concatenate([[0], np.cumsum(known)])
    return sparse.csr_array(
        (np.ones(int(known.sum()), np.float32), codes[known], indptr),
        shape=(len(codes), n_columns),
    )
