"""Spotify's Million Playlist Dataset, slice by slice."""

from __future__ import annotations

import glob
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hybrid_rec.core.arrays import Objects
from hybrid_rec.core.errors import DataError
from hybrid_rec.core.progress import Progress, as_progress
from hybrid_rec.core.quoting import quoted
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.ids import as_item_ids
from hybrid_rec.data.paths import A_FILE, A_FOLDER, located, what_is_at
from hybrid_rec.data.playlist_names import names_for
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.data.readers.registry import register_reader
from hybrid_rec.data.report import FIRST_SPELLING, MISSING_IDS, Dataset, finish
from hybrid_rec.data.text_files import read_json

# JSON can spell half a character, which no UTF-8 can hold.
_SURROGATE = re.compile("[\ud800-\udfff]")
_SLICE = re.compile(r"mpd\.slice\.(\d+)-")


def read_mpd(
    path_or_glob: str | Path, *, drop_copies: bool = False, progress: bool | Progress = False
) -> Dataset:
    """Playlists of Spotify's Million Playlist Dataset, slice by slice.

    Between slices only integers, names and the vocabulary stay in memory. Item ids are track URIs,
    in order of first appearance; playlist ids are `pid`s; tracks stand by `pos`, or as listed where
    that is missing. A URI with several names keeps the first.

    Args:
        path_or_glob: A folder of `mpd.slice.*.json` (or with a folder `data` of them), a glob or
            one slice. Of its fields only `pid`, `name`, `track_uri`, `track_name`,
            `artist_name` and `pos` are read.
        drop_copies: Drop playlists with the same tracks in the same order as an earlier one.
        progress: True for a progress bar over the slices, or a `Progress`.

    Raises:
        DataError: If there is no slice, or one is cut short or not in the format, naming the file
            and the position or playlist; or if a `pid` stands twice.
    """
    files = slices_at(path_or_glob)
    tracks = Tracks()
    slices = []
    with as_progress(progress).stage("reading slices", len(files)) as advance:
        for file in files:
            slices.append(read_slice(file, tracks))
            advance(1)
    pids = np.concatenate([part.pids for part in slices])
    twice = np.flatnonzero(pd.Index(pids).duplicated())
    if len(twice):
        owners = np.repeat(np.arange(len(files)), [len(part.pids) for part in slices])
        places = {str(files[owners[i]]) for i in np.flatnonzero(pids == pids[twice[0]])}
        raise DataError(
            f"pid must be unique over all slices, but playlist {pids[twice[0]]} stands twice, in "
            f"{' and in '.join(sorted(places))}; give each slice once."
        )
    playlists = Playlists.from_rows(
        np.concatenate([part.lengths for part in slices]),
        np.concatenate([part.rows for part in slices]),
        len(tracks.titles),
        pids,
        names=names_for(np.concatenate([part.names for part in slices]), len(pids)),
    )
    n_missing = sum(part.n_missing for part in slices)
    return finish(
        str(path_or_glob),
        playlists,
        Catalog.from_columns(list(tracks.rows), tracks.titles, tracks.artists),
        playlists_read=len(playlists),
        plays_read=playlists.n_plays + n_missing,
        dropped={MISSING_IDS: n_missing},
        notes={FIRST_SPELLING: len(tracks.respelled)},
        drop_copies=drop_copies,
    )


def slices_at(path_or_glob: str | Path) -> list[Path]:
    """The slices of a folder, glob or file, by their first pid.

    Raises:
        DataError: If there is none.
    """
    path = Path(path_or_glob)
    found = what_is_at(path)
    if found == A_FOLDER:
        files = [*path.glob("mpd.slice.*.json")] or [*path.glob("data/mpd.slice.*.json")]
    else:
        # The pattern is the caller's own, with its own root, which Path.glob would refuse.
        names = glob.glob(str(path), recursive=True)  # noqa: PTH207
        files = [path] if found == A_FILE else [Path(name) for name in names]
    if not files:
        raise DataError(
            f"{path_or_glob} must be a folder of mpd.slice.*.json, a glob or one such file, found "
            "none; check the path."
        )

    def first_pid(file: Path) -> tuple[int, str]:
        match = _SLICE.search(file.name)
        return (int(match[1]) if match else -1, str(file))

    return sorted(files, key=first_pid)


@dataclass(frozen=True)
class Slice:
    """What stays in memory of a slice."""

    pids: Objects
    names: Objects
    lengths: NDArray[np.int32]
    rows: NDArray[np.int32]
    n_missing: int


@dataclass(frozen=True)
class Tracks:
    """The growing vocabulary of tracks: URI -> row, and texts by row."""

    rows: dict[str, int] = field(default_factory=dict)
    titles: list[str | None] = field(default_factory=list)
    artists: list[str | None] = field(default_factory=list)
    respelled: set[int] = field(default_factory=set)

    def row(self, uri: str, title: object, artist: object) -> int:
        """The row of a track, a new one if need be."""
        row = self.rows.get(uri)
        if row is None:
            _text(uri, "track_uri")
            self.titles.append(_text(title, "track_name"))
            self.artists.append(_text(artist, "artist_name"))
            row = self.rows[uri] = len(self.rows)
        elif title != self.titles[row] or artist != self.artists[row]:
            self._compare(row, self.titles, _text(title, "track_name"))
            self._compare(row, self.artists, _text(artist, "artist_name"))
        return row

    def _compare(self, row: int, texts: list[str | None], text: str | None) -> None:
        if texts[row] is None:
            texts[row] = text
        elif text is not None and text != texts[row]:
            self.respelled.add(row)


def _text(value: object, what: str) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or _SURROGATE.search(value):
        raise DataError(f"{what} must be text, got {quoted(value)}.")
    return value if value.strip() else None


def read_slice(file: Path, tracks: Tracks) -> Slice:
    """What one slice holds; its tracks are added to those that are known.

    Raises:
        DataError: If it is cut short or not in the format, naming the file and the place.
    """
    content = read_json(file, "a slice of the Million Playlist Dataset")
    listed = content.get("playlists") if isinstance(content, dict) else None
    if not isinstance(listed, list):
        found = f"the keys {', '.join(content)}" if isinstance(content, dict) else "no object"
        raise DataError(f"{file} must be an object with a list 'playlists', found {found}.")
    pids: list[str] = []
    names: list[object] = []
    lengths: list[int] = []
    rows: list[int] = []
    n_missing = 0
    for number, playlist in enumerate(listed):
        with located(file, f" See playlist {number} of the file, counted from 0."):
            pid, plays = _plays_of(playlist)
            known = [play for play in plays if play[0]] if pid else []
            n_missing += len(plays) - len(known)
            if pid:
                pids.append(pid)
                names.append(_name_of(playlist))
                lengths.append(len(known))
                rows += [tracks.row(*play) for play in known]
    return Slice(
        np.array(pids, dtype=object),
        np.array(names, dtype=object),
        np.array(lengths, dtype=np.int32),
        np.array(rows, dtype=np.int32),
        n_missing,
    )


def _name_of(playlist: Any) -> str:
    name = playlist.get("name")
    if name is not None and not isinstance(name, str):
        raise DataError(f"name must be text, got {quoted(name)}.")
    return name or ""


def _plays_of(playlist: Any) -> tuple[str, list[tuple[str, object, object]]]:
    """The pid of a playlist, "" if missing, and URI ("" if missing), title and artist of plays."""
    tracks = playlist.get("tracks") if isinstance(playlist, dict) else None
    if not isinstance(tracks, list) or not all(isinstance(track, dict) for track in tracks):
        raise DataError("a playlist must be an object with a list 'tracks' of objects.")
    if all(isinstance(track.get("pos"), int) for track in tracks):
        tracks = sorted(tracks, key=lambda track: track["pos"])
    uris = [track.get("track_uri") or "" for track in tracks]
    if not all(isinstance(uri, str) for uri in uris):
        raise DataError("track_uri must be text in all tracks.")
    pid = playlist.get("pid")
    return (
        "" if pid is None else as_item_ids([pid], "pid")[0],
        [
            (uri, track.get("track_name"), track.get("artist_name"))
            for uri, track in zip(uris, tracks, strict=True)
        ],
    )


@register_reader("mpd")
def _read(place: str, progress: Progress) -> Dataset:
    return read_mpd(place, progress=progress)
