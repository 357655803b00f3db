"""Which items a text could mean: a few hundred by shared letters, the best of them by words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from scipy import sparse

from hybrid_rec.core.arrays import Floats, Objects, Rows
from hybrid_rec.core.errors import ConfigError, DataError
from hybrid_rec.core.quoting import quoted
from hybrid_rec.data.folding import folded, folded_text

if TYPE_CHECKING:
    from hybrid_rec.data.catalog import Catalog

# Candidates that are compared word by word.
_CANDIDATES = 400
_BUCKETS = 1 << 17
_LONGEST = 200
# How much a text's length counts against it where it shares as many letters as another.
_LENGTH = 0.1
_PART_OF_WHOLE = 2 / 3
LARGEST_K = 1_000


@dataclass(frozen=True, eq=False)
class ItemFinder:
    """The titles and artists of a catalogue, ready to be searched.

    Parts of words, three characters each, lead to the candidates, whatever the order of the words.
    """

    titles: Objects
    """Folded titles, `(n_items,)` strings; "" for none."""
    artists: Objects
    """Folded artists, `(n_items,)` strings; "" for none."""

    @classmethod
    def of(cls, titles: pa.Array, artists: pa.Array) -> ItemFinder:
        """A finder of items by their titles and artists, nulls included."""
        return cls(folded(titles), folded(artists))

    def find(self, text: str, k: int, plays: Rows | None = None) -> tuple[Rows, Floats]:
        """The rows that a text could mean, best first, and how well each fits.

        A score in [0, 1] is two thirds how many letters of the text's words the item has, and one
        third how alike the text and the title, or artist and title, are as a whole.

        Args:
            text: A title, an artist, both, or parts of them, in any order, with typing errors.
            k: Rows wanted at most.
            plays: Of each item; more come first where the fit is the same.
        """
        asked = folded_text(text[:_LONGEST])
        if not asked:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        rows = self._candidates(asked, max(k, _CANDIDATES), plays)
        scores = self.scores(asked, rows)
        ties = np.zeros(len(rows), np.int64) if plays is None else -plays[rows]
        order = np.lexsort((rows, ties, -scores.round(4)))[:k]
        return rows[order], scores[order]

    def scores(self, asked: str, rows: Rows) -> Floats:
        """How well a folded text fits some items, `(len(rows),)` float32 in [0, 1]."""
        from rapidfuzz import fuzz, process

        words = asked.split()
        titles, artists = self.titles[rows].tolist(), self.artists[rows].tolist()
        whole = [f"{artist} {title}" for artist, title in zip(artists, titles, strict=True)]
        known = {word: place for place, word in enumerate(dict.fromkeys(" ".join(whole).split()))}
        alike = process.cdist(words, list(known), scorer=fuzz.ratio, dtype=np.float32)
        lengths = np.array([len(word) for word in words], np.float32)
        scores = np.zeros(len(rows), np.float32)
        for number, (title, line) in enumerate(zip(titles, whole, strict=True)):
            places = [known[word] for word in line.split()]
            if not places:
                continue
            found = float(lengths @ alike[:, places].max(axis=1)) / float(lengths.sum())
            same = max(fuzz.ratio(asked, title), fuzz.token_sort_ratio(asked, line))
            scores[number] = (_PART_OF_WHOLE * found + (1 - _PART_OF_WHOLE) * same) / 100
        return scores

    def _candidates(self, asked: str, most: int, plays: Rows | None) -> Rows:
        """The rows that share the most with a text, those that are called so among them."""
        owners, starts, sizes = self._postings
        shared = np.zeros(len(self.titles), np.float32)
        n_items = max(len(self.titles), 1)
        for bucket in np.unique(_grams([asked])[0]).tolist():
            held = owners[starts[bucket] : starts[bucket + 1]]
            # What few items have tells most.
            shared[held] += np.log1p(n_items / max(len(held), 1))
        some = np.flatnonzero(shared)
        if len(some) > most:
            merit = shared[some] * (1 - _LENGTH * sizes[some] / (sizes[some] + 40))
            if plays is not None:
                merit = merit * (1 + 0.001 * np.log1p(plays[some]))
            best = np.argpartition(-merit, most)[:most]
            some = some[best]
        return np.union1d(some, np.flatnonzero(self.titles == asked)[:most]).astype(np.int64)

    @cached_property
    def _postings(self) -> tuple[Rows, Rows, Floats]:
        """Rows by bucket of the parts of words, where each bucket begins, and lengths of titles."""
        lines = [f"{a} {t}" for a, t in zip(self.artists, self.titles, strict=True)]
        grams, owners = _grams(lines)
        shape = (_BUCKETS, max(len(lines), 1))
        held = sparse.csr_array((np.ones(len(grams), np.uint8), (grams, owners)), shape=shape)
        sizes = np.fromiter(map(len, self.titles), np.float32, len(self.titles))
        return held.indices, held.indptr, sizes


def check_asked(text: Any, k: Any) -> None:
    """Raise an error unless these are a text and a number of items.

    Raises:
        DataError: If the text is none, or empty.
        ConfigError: If k is out of range.
    """
    if not isinstance(text, str) or not text.strip():
        raise DataError(f"text must be a title, an artist or a part of one, got {quoted(text)}.")
    if isinstance(k, bool) or not isinstance(k, int) or not 1 <= k <= LARGEST_K:
        raise ConfigError(
            f"The 'k' parameter must be an integer from 1 to {LARGEST_K:,}, got {quoted(k)} "
            "instead."
        )


def found_frame(catalog: Catalog, rows: Rows, scores: Floats) -> pd.DataFrame:
    """What was found: item_id, title, artist, score."""
    frame = {
        "item_id": catalog.item_ids[rows],
        "title": catalog.titles[rows],
        "artist": catalog.artists[rows],
    }
    return pd.DataFrame(frame, dtype=object).assign(score=scores)


def _grams(lines: list[str]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Parts of words, three characters each with spaces around a word, and the line of each."""
    padded = "  " + "  \n  ".join(lines).replace(" ", "  ") + "  "
    codes = np.frombuffer(padded.encode("utf-32-le", "replace"), np.uint32)
    is_end = codes == ord("\n")
    triples = np.stack([codes[:-2], codes[1:-1], codes[2:]])
    kept = ~(is_end[:-2] | is_end[1:-1] | is_end[2:]) & (codes[1:-1] != ord(" "))
    owners = np.cumsum(is_end, dtype=np.int32)[1:-1][kept]
    mixed = (triples[0] * 961 + triples[1] * 31 + triples[2])[kept].astype(np.uint32)
    return ((mixed * np.uint32(2654435761)) >> np.uint32(15)).astype(np.int32), owners
