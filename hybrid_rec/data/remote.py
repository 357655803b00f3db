"""Files and folders behind a URL, fetched into the cache whole or not at all."""

from __future__ import annotations

import hashlib
import json
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from hybrid_rec.core.cache_folder import default_cache_dir
from hybrid_rec.core.errors import DataError, HybridRecError, RunError
from hybrid_rec.core.files import replace_text, sha256, writing
from hybrid_rec.core.progress import Progress
from hybrid_rec.core.quoting import quoted
from hybrid_rec.data.paths import readable
from hybrid_rec.data.places import Place, state_of

_DOWNLOADS, _FILES = "downloads", "files"
_BLOCK_BYTES = 1 << 20
_SHA256 = re.compile(r"(.*)#sha256=([0-9a-fA-F]*)", re.DOTALL)
_SILENT = Progress()
# Where the copies that this process was given come from.
_ADDRESSES: dict[str, str] = {}


def is_url(place: Any) -> bool:
    """Whether this names something by a URL that fsspec may know, and not by a path."""
    return isinstance(place, str) and "://" in place


def name_in(url: str) -> str:
    """The name of the file that a URL leads to, without query and checksum."""
    last = url.rpartition("::")[0] or url
    return unquote(urlsplit(last.partition("#sha256=")[0]).path).rstrip("/").rpartition("/")[2]


def fetched(url: str, what: str, progress: Progress = _SILENT) -> Path:
    """The local copy of what a URL leads to, a file or a folder.

    A copy in the cache is taken again while the other side says that nothing has changed, and
    always if it has the SHA-256 that is asked for. Where the other side cannot be asked, it is
    taken with a `UserWarning`.

    Args:
        url: Any URL that fsspec knows, such as https:// or s3://, or a chain such as
            zip://FOLDER::https://HOST/FILE.zip. `#sha256=HEX` at the end of one that leads to a
            file says what that must be.
        what: What it is, for messages.
        progress: Told of every megabyte.

    Raises:
        DataError: If it cannot be fetched, is cut short, or has another checksum.
        RunError: If the cache cannot be written.
    """
    local = _fetched(url, what, progress)
    _ADDRESSES[str(local)] = url.partition("#sha256=")[0].rstrip("/")
    return local


@contextmanager
def named_by_url() -> Iterator[None]:
    """A context or decorator whose errors name URLs, not the copies of what these lead to."""
    try:
        yield
    except HybridRecError as error:
        error.args = tuple(address_of(part) for part in error.args)
        raise


def address_of(text: Any) -> Any:
    """A text with URLs in place of the copies of what these lead to."""
    for local, url in _ADDRESSES.items() if isinstance(text, str) else ():
        text = text.replace(local, url)
    return text


def _fetched(url: str, what: str, progress: Progress) -> Path:
    outer, chained, inner = url.partition("::")
    if chained:
        # The archive has a copy and a checksum of its own.
        local = fetched(inner, what, progress) if is_url(inner) else Path(inner)
        return _copies(f"{outer}::file://{local}", url, what, None, progress)
    match = _SHA256.fullmatch(url)
    if match is not None and len(match[2]) != 64:
        raise DataError(
            f"{url} must end in #sha256= and 64 hexadecimal digits, got {quoted(match[2])}; "
            "correct it, or leave it out."
        )
    plain, wanted = (url, None) if match is None else (match[1], match[2].lower())
    return _copies(plain, plain, what, wanted, progress)


@dataclass(frozen=True)
class _Copy:
    """One file of the other side, and its copy here."""

    place: Place
    """Where it is."""
    url: str
    """What messages call it."""
    what: str
    """What it is, for messages."""
    home: Path
    """The folder of the copies of one URL."""
    name: str
    """The path of the copy below `files` there."""

    @property
    def target(self) -> Path:
        """The copy."""
        return self.home / _FILES / self.name

    @property
    def note(self) -> Path:
        """What says what the copy is."""
        return self.home / "notes" / f"{self.name}.json"

    def known(self) -> Mapping[str, Any] | None:
        """What is noted of a copy that is whole; None where there is none."""
        try:
            noted = json.loads(self.note.read_text("utf-8"))
            whole = noted["sha256"] == sha256(self.target)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return noted if whole else None

    def bring(self, wanted: str | None, progress: Progress) -> Path:
        """The copy, fetched unless it is there already."""
        known = self.known()
        if known is not None and wanted is not None and known["sha256"] == wanted:
            return self.target
        try:
            info = _info(self.place, self.url, self.what)
        except DataError as error:
            if known is None or wanted is not None:
                raise
            warnings.warn(f"{error} The copy that was fetched before is taken.", stacklevel=2)
            return self.target
        state = list(state_of(info))
        # The size alone does not tell whether a file has changed.
        if known is None or wanted is not None or known["state"] != state or len(state) < 2:
            self._fetch(info.get("size"), state, wanted, progress)
        return self.target

    def _fetch(
        self, size: int | None, state: list[str], wanted: str | None, progress: Progress
    ) -> None:
        total = None if size is None else size // _BLOCK_BYTES
        try:
            with (
                progress.stage(f"fetching {self.target.name}, MB", total) as advance,
                writing(self.target) as copy,
            ):
                digest, n_bytes = hashlib.sha256(), 0
                with (
                    readable(self.url, self.what, remote=True),
                    self.place.system.open(self.place.path, "rb") as stream,
                ):
                    while block := stream.read(_BLOCK_BYTES):
                        copy.write(block)
                        digest.update(block)
                        n_bytes += len(block)
                        advance(len(block) // _BLOCK_BYTES)
                if size is not None and n_bytes != size:
                    raise DataError(
                        f"{self.url} must have the {size:,} bytes that its server tells of, but "
                        f"{n_bytes:,} came; fetch it again."
                    )
                if wanted is not None and digest.hexdigest() != wanted:
                    raise DataError(
                        f"{self.url} must have the SHA-256 {wanted}, but what came has "
                        f"{digest.hexdigest()}; check the address and the checksum."
                    )
            replace_text(self.note, json.dumps({"sha256": digest.hexdigest(), "state": state}))
        except OSError as error:
            raise RunError(
                f"the cache {self.target.parent} must have room for {self.url}, but cannot be "
                f"written ({error.strerror or error}); make room, or name another folder by "
                "HYBRID_REC_CACHE."
            ) from None


def _copies(address: str, url: str, what: str, wanted: str | None, progress: Progress) -> Path:
    """The copies of a file, or of all files in a folder."""
    place = Place.of(address, what)
    key = hashlib.sha256(url.encode()).hexdigest()[:24]
    home = default_cache_dir() / _DOWNLOADS / key
    named = name_in(url) or place.path.rpartition("/")[2] or "file"
    file = _Copy(place, url, what, home, named)
    if not _is_folder(place, url, what):
        return file.bring(wanted, progress)
    if wanted is not None:
        raise DataError(f"{url} must be a file to have a SHA-256, found a folder.")
    with readable(url, what, remote=True):
        paths = sorted(place.system.find(place.path))
    names = set()
    for path in paths:
        below = path[len(place.path) :].lstrip("/") if path.startswith(place.path) else path
        if ".." in below.split("/"):
            raise DataError(f"{url} must hold files of its own alone, found {quoted(path)}.")
        one = Place(place.system, path)
        _Copy(one, f"{url}/{below}", what, home, below).bring(None, progress)
        names.add(below)
    for path in (home / _FILES).rglob("*"):
        if path.is_file() and path.relative_to(home / _FILES).as_posix() not in names:
            path.unlink()
    return home / _FILES


def _info(place: Place, url: str, what: str) -> Mapping[str, Any]:
    """What the other side says of a file or folder."""
    with readable(url, what, remote=True):
        info: Mapping[str, Any] = place.system.info(place.path)
    return info


def _is_folder(place: Place, url: str, what: str) -> bool:
    """Whether the other side says that it is a folder; no where it says nothing."""
    try:
        return bool(_info(place, url, what).get("type") == "directory")
    except DataError:
        return False
