"""The format of Yes.com: radio playlists, songs and social tags."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hybrid_rec.core.arrays import Rows
from hybrid_rec.core.errors import DataError
from hybrid_rec.core.progress import Progress
from hybrid_rec.core.quoting import quoted
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.paths import existing_folder
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.data.readers.registry import register_reader
from hybrid_rec.data.report import Dataset, finish
from hybrid_rec.data.text_files import read_lines

_STATION = re.compile(r"[wk][a-z]{2,3}-(fm|am)")


def read_yes(
    folder: str | Path, *, drop_copies: bool = False, station_tags: bool = False
) -> Dataset:
    r"""Radio playlists in the format of Yes.com (Chen et al., KDD 2012).

    Playlist ids are line numbers of `train.txt`, from 1, so that the first is "3". Item ids are
    the song numbers of `song_hash.txt`, written out; all of its songs are in the catalogue. `\/`
    in titles and artists is read as `/`, and `&amp;` as `&`.

    Args:
        folder: Holds `train.txt` and `song_hash.txt`; where it holds `tags.txt` and
            `tag_hash.txt` too, songs get their tags.
        drop_copies: Drop playlists with the same items in the same order as an earlier one.
        station_tags: Keep tags such as "wjlb-fm": they say where a song was played, not what it
            is. Left out by default and counted in the notes.

    Raises:
        DataError: If a file is missing, cut short or not in the format, naming file and line.
    """
    path = existing_folder(folder, "a folder of Yes.com data")
    catalog, notes = _yes_catalog(path, station_tags)
    train = path / "train.txt"
    lines = read_lines(train, "the file of playlists")
    if len(lines) <= 2:
        raise DataError(
            f"{train} must hold two header lines and then a playlist a line, found "
            f"{len(lines)} lines in all."
        )
    for number, line in enumerate(lines[:2], start=1):
        if len(line.split()) != len(catalog):
            raise DataError(
                f"{train} must hold {len(catalog)} values in its header line {number}, one for "
                f"each song of song_hash.txt, found {len(line.split())}; check that the two files "
                "belong together and are whole."
            )
    tokens = [line.split() for line in lines[2:]]
    lengths = [len(line) for line in tokens]
    rows = _song_rows([token for line in tokens for token in line], lengths, catalog, train)
    playlist_ids = np.arange(3, len(lines) + 1).astype(str).astype(object)
    playlists = Playlists.from_rows(lengths, rows, len(catalog), playlist_ids)
    return finish(
        str(folder),
        playlists,
        catalog,
        playlists_read=len(playlists),
        plays_read=playlists.n_plays,
        dropped={},
        notes=notes,
        drop_copies=drop_copies,
    )


def read_yes_catalog(folder: str | Path) -> Catalog:
    """The catalogue of a Yes.com folder alone; `train.txt` may be absent.

    Raises:
        DataError: If a file is missing or not in the format, naming file and line.
    """
    return _yes_catalog(existing_folder(folder, "a folder of Yes.com data"), False)[0]


def _yes_catalog(path: Path, station_tags: bool) -> tuple[Catalog, dict[str, int]]:
    file = path / "song_hash.txt"
    titles: list[str] = []
    artists: list[str] = []
    escaped = 0
    for number, line in enumerate(read_lines(file, "the file of songs"), start=1):
        fields = line.split("\t")
        if len(fields) != 3:
            raise DataError(
                f"{file} must hold a song number, a title and an artist, parted by tabs, but line "
                f"{number} has {len(fields)} fields: {quoted(line[:80])}."
            )
        if fields[0] != str(number - 1):
            raise DataError(_numbering(file, number, fields, titles))
        title, artist = (html.unescape(text.replace("\\/", "/")) for text in fields[1:])
        escaped += [title, artist] != fields[1:]
        titles.append(title)
        artists.append(artist)
    if not titles:
        raise DataError(f"{file} must hold at least one song, found an empty file.")
    tags, n_stations = _yes_tags(path, len(titles), station_tags)
    catalog = Catalog.from_columns(
        [str(number) for number in range(len(titles))],
        [title if title.strip() else None for title in titles],
        [artist if artist.strip() else None for artist in artists],
        tags,
    )
    return catalog, {
        "songs with \\/ or &amp; in title or artist, read as / and &": escaped,
        "station tags left out": n_stations,
    }


def _numbering(file: Path, number: int, fields: Sequence[str], titles: Sequence[str]) -> str:
    if fields[0].isdecimal() and int(fields[0]) < len(titles):
        earlier = int(fields[0])
        return (
            f"{file} must name each song once, but song {earlier} stands as "
            f"{quoted(titles[earlier])} in line {earlier + 1} and as {quoted(fields[1])} in line "
            f"{number}."
        )
    return (
        f"{file} must number its songs 0, 1, 2, ..., but line {number} has {quoted(fields[0])} "
        f"where {number - 1} was expected."
    )


def _yes_tags(path: Path, n_songs: int, station_tags: bool) -> tuple[list[list[str]] | None, int]:
    """Tags of each song, or None without `tags.txt`; and how many station tags were left out."""
    file, names_file = path / "tags.txt", path / "tag_hash.txt"
    if not file.exists() and not names_file.exists():
        return None, 0
    names: dict[str, str] = {}
    for number, line in enumerate(read_lines(names_file, "the file of tag names"), start=1):
        key, comma, name = line.partition(", ")
        if not comma or not name.strip() or key in names:
            raise DataError(
                f"{names_file} must hold a tag number, a comma, a space and a name, each number "
                f"once, but line {number} is {quoted(line[:80])}."
            )
        names[key] = name.strip()
    stations = {key for key, name in names.items() if _STATION.fullmatch(name)}
    left_out = set() if station_tags else stations
    lines = read_lines(file, "the file of tags")
    if len(lines) != n_songs:
        raise DataError(
            f"{file} must hold a line for each of the {n_songs} songs of song_hash.txt, found "
            f"{len(lines)} lines; check that the two files belong together and are whole."
        )
    tags = []
    for number, line in enumerate(lines, start=1):
        keys = [] if line.strip() == "#" else line.split() or [""]
        try:
            tags.append(list(dict.fromkeys(names[key] for key in keys if key not in left_out)))
        except KeyError as error:
            raise DataError(
                f"{file} must hold tag numbers of tag_hash.txt, or '#' for a song without tags, "
                f"but line {number} has {quoted(error.args[0])}."
            ) from None
    return tags, len(left_out)


def _song_rows(tokens: Sequence[str], lengths: Sequence[int], catalog: Catalog, file: Path) -> Rows:
    # Looking numbers up as text refuses "-1", "007" and "1.0" along with what is no number.
    rows = catalog.rows(tokens, missing="negative")
    bad = np.flatnonzero(rows < 0)
    if len(bad):
        play = int(bad[0])
        line = int(np.searchsorted(np.cumsum(lengths), play, side="right")) + 3
        raise DataError(
            f"{file} must hold song numbers from 0 to {len(catalog) - 1}, those of song_hash.txt, "
            f"but line {line} has {quoted(tokens[play])}."
        )
    return rows


@register_reader("yes")
def _read(place: str, progress: Progress) -> Dataset:
    del progress
    return read_yes(place)
