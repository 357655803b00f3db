"""The one item that a title, an artist or an id means, or whom to ask back about."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from hybrid_rec.core.arrays import Mask, Objects, Rows
from hybrid_rec.core.errors import DataError, UnknownItemError
from hybrid_rec.core.quoting import quoted, shortened
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.folding import folded_text
from hybrid_rec.data.telling import told_apart

_SHOWN = 5
_POOL = 50
# A fit that is clear although a word is wrong, and how far the next one must be behind.
_CLEAR, _AHEAD = 0.85, 0.1
# A fit that could be meant.
_LIKELY = 0.75
_SAME_ARTIST = 0.8


def choose_item(
    catalog: Catalog,
    title: str | None,
    artist: str | None,
    plays: Rows,
    *,
    songs: Rows | None = None,
    removed: Rows | None = None,
) -> int:
    """The row of the one item that is meant.

    An item that is called exactly so, but for case, accents and punctuation, comes before all that
    are only like it.

    Args:
        catalog: The items.
        title: What it is called, or a part of it; None where only the artist is known.
        artist: Whose it is; None if that is not known.
        plays: Plays of each item, `(n_items,)`: the most played are named first.
        songs: The same number for items that are one song, `(n_items,)`: of several releases the
            most played is meant. None where each item stands for itself.
        removed: Rows that are not found.

    Raises:
        UnknownItemError: If nothing is called like this; it names the nearest ones.
        DataError: If several items could be meant; it names at most five with their ids.
    """
    told = " by ".join(quoted(text) for text in (title, artist) if text is not None)
    finder = catalog.finder
    rows, scores = finder.find(title or artist or "", _POOL, plays)
    exact = _called(finder.titles if title is not None else finder.artists, title or artist)
    rows = np.concatenate([_by_plays(exact, plays), rows[~np.isin(rows, exact)]])
    if removed is not None:
        rows = rows[~np.isin(rows, removed)]
    scores = finder.scores(folded_text(title or artist or ""), rows)
    is_exact = np.isin(rows, exact)
    if title is not None and artist is not None and len(rows):
        kept = _by(finder.artists[rows], artist)
        if not kept.any():
            # The title may be common, the artist not.
            rows, scores = finder.find(f"{artist} {title}", _POOL, plays)
            if removed is not None:
                left = ~np.isin(rows, removed)
                rows, scores = rows[left], scores[left]
            kept = (scores >= _CLEAR) & _by(finder.artists[rows], artist)
            is_exact = np.zeros(len(rows), dtype=bool)
            near = rows
        else:
            near = rows[kept]
        rows, scores, is_exact = rows[kept], scores[kept], is_exact[kept]
    else:
        near = rows
    if is_exact.any():
        rows = _once(rows[is_exact], songs, plays)
    else:
        order = np.argsort(-scores, kind="stable")
        rows, scores = rows[order], scores[order]
        best = _once(rows[scores > scores[:1].sum() - _AHEAD], songs, plays)
        if len(best) == 1 and scores[0] >= _CLEAR:
            rows = best
        else:
            rows = _once(rows[scores >= _LIKELY], songs, plays)
    if len(rows) == 1:
        return int(rows[0])
    if len(rows):
        more = f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
        raise DataError(
            f"a title must mean one item, but {told} fits several: "
            f"{named(catalog, rows[:_SHOWN])}{more}; name one by --item, or its --artist."
        )
    nearest = f"; nearest: {named(catalog, near[:_SHOWN])}" if len(near) else ""
    raise UnknownItemError(
        f"a title must be in the catalogue, but nothing is like {told}{nearest}."
    )


def check_known(catalog: Catalog, item_ids: list[str]) -> None:
    """Raise an error for the first unknown id that says what might be meant.

    Raises:
        UnknownItemError: If an id is not in the catalogue.
    """
    rows = catalog.rows(item_ids, "negative")
    unknown = [item_ids[place] for place in np.flatnonzero(rows < 0)]
    if not unknown:
        return
    try:
        catalog.rows(unknown)
    except UnknownItemError as error:
        near = _like(catalog, unknown[0])
        meant = f" Did you mean {named(catalog, near)}?" if len(near) else ""
        raise UnknownItemError(f"{error}{meant} Or pass on_unknown='skip'.") from None


def named(catalog: Catalog, rows: Iterable[int]) -> str:
    """Items in a message: id, title and artist, and what tells those that look alike apart."""
    told = []
    rows = list(rows)
    apart = told_apart(catalog, rows)
    for row in rows:
        title, artist = catalog.titles[row], catalog.artists[row]
        name = " by ".join(shortened(text) for text in (title, artist) if text)
        more = f", {apart[row]}" if row in apart else ""
        told.append(catalog.item_ids[row] + (f" ({name}{more})" if name else ""))
    return ", ".join(told)


def _like(catalog: Catalog, item_id: str) -> Rows:
    """At most three rows whose ids or titles are like an unknown id."""
    from rapidfuzz import fuzz, process

    ids = catalog.item_ids.tolist()
    by_id = process.extract(item_id, ids, scorer=fuzz.ratio, limit=2, score_cutoff=80)
    found = [place for _, _, place in by_id]
    rows, scores = catalog.finder.find(item_id, 2)
    found += rows[scores >= _LIKELY].tolist()
    return np.array(list(dict.fromkeys(found))[:3], dtype=np.int64)


def _called(names: Objects, text: str | None) -> Rows:
    asked = folded_text(text or "")
    return np.flatnonzero(names == asked) if asked else np.empty(0, np.int64)


def _by_plays(rows: Rows, plays: Rows) -> Rows:
    return rows[np.argsort(-plays[rows], kind="stable")]


def _once(rows: Rows, songs: Rows | None, plays: Rows) -> Rows:
    """The most played release of each song, in the order in which the songs stand."""
    if songs is None:
        return rows
    kept: dict[int, int] = {}
    for row in rows.tolist():
        song = int(songs[row])
        if song not in kept or plays[row] > plays[kept[song]]:
            kept[song] = row
    return np.array(list(kept.values()), dtype=np.int64)


def _by(artists: Objects, artist: str) -> Mask:
    """Which artists are the one that is named, or are named with others."""
    from rapidfuzz import fuzz

    asked = folded_text(artist)
    alike = [max(fuzz.ratio(asked, name), fuzz.token_set_ratio(asked, name)) for name in artists]
    close = np.array(alike, np.float32) >= 100 * _SAME_ARTIST
    named_at_all: Mask = np.array([bool(name) for name in artists], dtype=bool)
    both: Mask = np.logical_and(close, named_at_all)
    return both
