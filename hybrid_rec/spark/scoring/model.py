"""The model of a job on a cluster: a folder that all hosts see, or an archive that each unpacks."""

from __future__ import annotations

import atexit
import getpass
import hashlib
import shutil
import socket
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import filelock

from hybrid_rec.batch.saved_model import SavedModel
from hybrid_rec.core.choices import ARCHIVES
from hybrid_rec.core.errors import ArtifactError
from hybrid_rec.data.paths import one_line
from hybrid_rec.data.places import Place

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from hybrid_rec.recommender import HybridRecommender

_MANIFEST = "manifest.json"
_BLOCK_BYTES = 4 << 20
# Spark reads an archive when a worker asks for it, so a copy stays until the driver ends.
_copies: dict[str, Path] = {}
# One model a process: workers live as long as their executor, and models are large.
_loaded: dict[ClusterModel, tuple[SavedModel, HybridRecommender]] = {}


@dataclass(frozen=True)
class ClusterModel:
    """A model as every worker finds it."""

    location: str
    """A folder that all hosts see, or an archive: a path, a URL or a file that Spark hands out."""
    fingerprint: str
    """Of the saved model."""
    archive: str | None = None
    """SHA-256 of the archive; None for a folder."""

    @classmethod
    def of(cls, session: SparkSession, location: str | Path) -> tuple[ClusterModel, SavedModel]:
        """The model at a place, for the workers and for the driver.

        An archive on this machine is handed out by Spark.

        Args:
            session: The cluster.
            location: A folder, or a tar or zip archive of one, as a path or a URL.

        Raises:
            ArtifactError: If there is no model, or the archive is damaged.
        """
        where = str(location)
        if not where.lower().endswith(ARCHIVES):
            saved = SavedModel.of(where)
            return cls(str(saved.folder.resolve()), saved.fingerprint), saved
        checksum = _checksum(where)
        saved = SavedModel.of(_unpacked(where, checksum))
        place = Place.of(where, "the model")
        if place.is_local:
            where = _handed_out(session, Path(place.path), checksum)
        return cls(where, saved.fingerprint, checksum), saved

    def load(self) -> tuple[SavedModel, HybridRecommender]:
        """The model in a worker, loaded once in the life of its process.

        Raises:
            ArtifactError: If it is not there, damaged, or another one than the driver has seen.
        """
        if self not in _loaded:
            _loaded.clear()
            saved = self._saved()
            if saved.fingerprint != self.fingerprint:
                raise self._changed()
            _loaded[self] = saved, saved.load()
        saved, model = _loaded[self]
        saved.check_unchanged()
        return saved, model

    def _saved(self) -> SavedModel:
        if self.archive is not None:
            return SavedModel.of(_unpacked(_received(self.location), self.archive))
        if not (Path(self.location) / _MANIFEST).is_file():
            raise ArtifactError(
                f"the model must be in {self.location} on all hosts, but {socket.gethostname()} "
                "has none there; put it on a shared file system, or give an archive of it, "
                "model.tar.gz, instead."
            )
        return SavedModel.of(self.location)

    def _changed(self) -> ArtifactError:
        return ArtifactError(
            f"the model in {self.location} must stay as it is while it is scored with, but "
            f"{socket.gethostname()} has another one; the finished parts are kept: put the model "
            "back and run the same command again, or score with the new one into another folder."
        )


def _handed_out(session: SparkSession, path: Path, checksum: str) -> str:
    """Give an archive to all workers; its name there."""
    suffix = next(end for end in sorted(ARCHIVES, key=len)[::-1] if path.name.lower().endswith(end))
    name = f"hybrid-rec-model-{checksum}{suffix}"
    if checksum not in _copies:
        folder = Path(tempfile.mkdtemp(prefix="hybrid-rec-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        _copies[checksum] = folder / name
        shutil.copyfile(path, _copies[checksum])
    session.addArtifacts(str(_copies[checksum]), file=True)
    return name


def _received(location: str) -> str:
    """Where an archive is for this worker."""
    if "/" in location:
        return location
    from pyspark import SparkFiles

    return str(SparkFiles.get(location))


@contextmanager
def _opened(location: str) -> Iterator[Any]:
    place = Place.of(location, "the model")
    try:
        with place.system.open(place.path, "rb") as stream:
            yield stream
    except (OSError, ValueError) as error:
        raise ArtifactError(
            f"the archive of the model, {location}, must be there for {socket.gethostname()}, "
            f"but: {one_line(error)}; check the path and who may read it."
        ) from None


def _checksum(location: str) -> str:
    digest = hashlib.sha256()
    with _opened(location) as stream:
        while block := stream.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _unpacked(location: str, checksum: str) -> Path:
    """The folder of the model in an archive, which is unpacked once on every host.

    Raises:
        ArtifactError: If the archive has another checksum, or holds no model.
    """
    home = Path(tempfile.gettempdir()) / f"hybrid-rec-models-{getpass.getuser()}"
    home.mkdir(mode=0o700, exist_ok=True)
    target = home / checksum
    with filelock.FileLock(home / f"{checksum}.lock"):
        found = _checksum(location)
        if found != checksum:
            raise ArtifactError(
                f"the archive of the model, {location}, must have the checksum {checksum}, but on "
                f"{socket.gethostname()} it has {found}; put the same one everywhere."
            )
        if not target.is_dir():
            fresh = Path(tempfile.mkdtemp(prefix=f"{checksum}.", dir=home))
            try:
                _unpack(location, fresh)
                fresh.rename(target)
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
    manifests = sorted(target.glob(f"**/{_MANIFEST}"), key=lambda path: len(path.parts))
    if not manifests:
        raise ArtifactError(
            f"the archive {location} must hold a saved model, found no {_MANIFEST} in it; pack the "
            "folder that `hybrid-rec fit` wrote."
        )
    return manifests[0].parent


def _unpack(location: str, folder: Path) -> None:
    try:
        with _opened(location) as stream:
            if location.lower().endswith(".zip"):
                with zipfile.ZipFile(stream) as packed:
                    packed.extractall(folder)  # noqa: S202  # it drops ".." and absolute paths
            else:
                with tarfile.open(fileobj=stream, mode="r:*") as packed:
                    packed.extractall(folder, filter="data")
    except (tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
        raise ArtifactError(
            f"the archive {location} must be whole, but: {one_line(error)}; pack it again."
        ) from None
