"""Encoded texts on disk, so that a text is encoded once and not once a fit."""

from __future__ import annotations

import contextlib
import hashlib
import io
import secrets
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hybrid_rec.core.arrays import Floats, Mask
from hybrid_rec.core.files import writing

Shard = NDArray[np.void]

_KEY_BYTES = 32  # blake2b-128, hexadecimal: NumPy strings cannot end in a zero byte
_SURELY_WHOLE = 120  # bytes of a text that no model cuts: a token has one at least
_MANY_SHARDS = 64
_SMALL_SHARD = 8192
_STALE_SECONDS = 24 * 3600


class TextCache:
    """Vectors of texts, for one model.

    The folder holds shards: `.npy` files of rows (key, vector), each named by the SHA-256 of its
    content and never changed. Several processes may therefore read and write at once: a shard
    appears whole or not at all, and the worst that can happen is a text encoded twice.

    A damaged cache costs time and nothing else: shards that are not what their name says are
    removed with one warning and their texts count as absent. If the folder cannot be written,
    that is warned of once.
    """

    def __init__(self, folder: Path, dim: int) -> None:
        self.folder = folder
        self.dim = dim
        self._dtype = np.dtype([("key", f"S{_KEY_BYTES}"), ("vector", "<f4", (dim,))])
        self._shards: list[Shard] = []
        self._place: dict[bytes, tuple[int, int]] = {}
        self._opened = False
        self._writable = True

    def get(self, texts: Sequence[str]) -> tuple[Mask, Floats]:
        """Which of `texts` are cached, `(n,)`, and all vectors, `(n, dim)`; zeros where absent."""
        self._open()
        vectors = np.zeros((len(texts), self.dim), np.float32)
        shards = np.full(len(texts), -1, np.int64)
        rows = np.zeros(len(texts), np.int64)
        for position, text in enumerate(texts):
            place = self._place.get(_key(text))
            if place is not None:
                shards[position], rows[position] = place
        for number in np.unique(shards[shards >= 0]).tolist():
            wanted = np.flatnonzero(shards == number)
            vectors[wanted] = self._shards[number]["vector"][rows[wanted]]
        return shards >= 0, vectors

    def put(self, texts: Sequence[str], vectors: Floats) -> None:
        """Add `vectors`, `(len(texts), dim)`, as one shard; on disk when this returns."""
        if not texts:
            return
        shard = np.empty(len(texts), self._dtype)
        shard["key"] = [_key(text) for text in texts]
        shard["vector"] = vectors
        self._open()
        written = self._write(shard)
        if written is not None:
            # From the file, 180,000 texts of 384 numbers take no 280 MB of memory a second time.
            with contextlib.suppress(OSError):
                shard = np.lib.format.open_memmap(written, mode="r")
        self._add(shard)

    @property
    def size(self) -> int:
        """Size of the files, which are mapped into memory, in bytes."""
        self._open()
        return sum(shard.nbytes for shard in self._shards)

    def _open(self) -> None:
        """Read the folder, once: later calls see what this process adds and nothing else."""
        if self._opened:
            return
        self._opened = True
        found, damaged = [], []
        try:
            self._remove_stale()
            for path in sorted(self.folder.glob("*.npy")):
                try:
                    found.append((path, self._read(path)))
                except FileNotFoundError:  # another process merged it into a larger one
                    continue
                except ValueError:
                    damaged.append(path)
        except OSError as error:
            self._warn_unusable("readable", error)
        for path in damaged:
            with contextlib.suppress(OSError):
                path.unlink()
        if damaged:
            warnings.warn(
                f"{len(damaged)} of {len(damaged) + len(found)} files of the text cache in "
                f"{self.folder} were damaged and are removed; their texts are encoded again.",
                stacklevel=4,
            )
        for shard in self._merged(found):
            self._add(shard)

    def _read(self, path: Path) -> Shard:
        """A shard, mapped into memory.

        Raises:
            ValueError: If it is damaged.
        """
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != path.stem:
                raise ValueError(path)
        try:
            shard = np.lib.format.open_memmap(path, mode="r")
        except OSError:
            raise
        except Exception as error:  # NumPy lets the errors of its header parser through
            raise ValueError(path) from error
        if shard.dtype != self._dtype or shard.ndim != 1:
            raise ValueError(path)
        return shard

    def _add(self, shard: Shard) -> None:
        number = len(self._shards)
        self._shards.append(shard)
        for row, key in enumerate(shard["key"].tolist()):
            self._place.setdefault(key, (number, row))

    def _write(self, shard: Shard) -> Path | None:
        """Path of the new file, or None if it cannot be written."""
        if not self._writable:
            return None
        buffer = io.BytesIO()
        np.save(buffer, shard, allow_pickle=False)
        path = self.folder / f"{hashlib.sha256(buffer.getbuffer()).hexdigest()}.npy"
        temporary = self.folder / f"{secrets.token_hex(8)}.tmp"
        try:
            with writing(path, temporary) as file:
                file.write(buffer.getbuffer())
        except OSError as error:
            self._warn_unusable("writable", error)
            return None
        return path

    def _merged(self, found: list[tuple[Path, Shard]]) -> list[Shard]:
        """The shards, the small ones as one if they are many: a new text a day is a file a day."""
        small = [(path, shard) for path, shard in found if len(shard) < _SMALL_SHARD]
        if len(small) <= _MANY_SHARDS:
            return [shard for _, shard in found]
        rows = np.concatenate([shard for _, shard in small])
        merged = rows[np.unique(rows["key"], return_index=True)[1]]
        written = self._write(merged)
        if written is not None:
            for path, _ in small:
                # The same rows make the same file: another process may have been here before.
                if path != written:
                    with contextlib.suppress(OSError):
                        path.unlink()
        return [shard for _, shard in found if len(shard) >= _SMALL_SHARD] + [merged]

    def _remove_stale(self) -> None:
        """Files that a killed process was writing."""
        for path in self.folder.glob("*.tmp"):
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > _STALE_SECONDS:
                    path.unlink()

    def _warn_unusable(self, must_be: str, error: OSError) -> None:
        self._writable = False
        warnings.warn(
            f"the text cache in {self.folder} must be {must_be}, got {error.strerror or error}; "
            "going on without it. Set the block's `cache_dir` or HYBRID_REC_CACHE to another one.",
            stacklevel=5,
        )


def _key(text: str) -> bytes:
    content = text.encode(errors="surrogatepass")
    if len(content) > _SURELY_WHOLE:
        # Older caches may hold what a model made of the beginning of it.
        content = b"whole\0" + content
    return hashlib.blake2b(content, digest_size=16).hexdigest().encode()
