"""The saved model that a batch run scores with, which must stay the same until it ends."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hybrid_rec.blocks.base import ColumnKind
from hybrid_rec.core.checks import as_path
from hybrid_rec.core.errors import ArtifactError
from hybrid_rec.core.files import existing, files_in
from hybrid_rec.model.storage import described_by, fingerprint, read_manifest

if TYPE_CHECKING:
    from hybrid_rec.recommender import HybridRecommender

_MANIFEST = "manifest.json"
_State = tuple[str, tuple[tuple[str, int, int, int], ...]]


@dataclass(frozen=True)
class SavedModel:
    """A saved model as it was when a run began."""

    folder: Path
    """Where it is."""
    fingerprint: str
    """SHA-256 of its manifest, which holds those of all its files, but for what was measured."""
    n_items: int
    """Items of its catalogue."""
    columns: dict[str, ColumnKind]
    """The columns that new items may be described by, and what they hold."""
    state: _State
    """Name, size, time and inode of each of its files but the manifest, and the fingerprint."""

    @classmethod
    def of(cls, folder: str | Path) -> SavedModel:
        """The model in a folder.

        Raises:
            ArtifactError: If there is none.
        """
        path = as_path(folder, "the model folder")
        manifest = read_manifest(path)
        n_items = manifest["counts"].get("items")
        if not isinstance(n_items, int):
            raise ArtifactError(f"{_MANIFEST} in {path} must count its items; save it again.")
        return cls(path, fingerprint(manifest), n_items, described_by(manifest), _state(path))

    def load(self) -> HybridRecommender:
        """The model, its index mapped into memory, every checksum verified.

        Raises:
            ArtifactError: If it is damaged, or another one by now.
        """
        from hybrid_rec.recommender import HybridRecommender

        model = HybridRecommender.load(self.folder, mmap=True)
        self.check_unchanged()
        return model

    def check_unchanged(self) -> None:
        """Notice a model that was replaced or written to since the run began.

        Raises:
            ArtifactError: If it was.
        """
        if _state(self.folder) != self.state:
            raise ArtifactError(
                f"model folder {self.folder} must stay as it is while it is scored with, but was "
                "changed; the finished parts are kept: put the model back and run the same "
                "command again, or score with the new one into another folder."
            )


def _state(folder: Path) -> _State:
    try:
        made = fingerprint(read_manifest(folder))
        home = existing(folder.resolve())
        found = [(name, (home / name).stat()) for name in files_in(home) if name != _MANIFEST]
    except (OSError, ArtifactError):
        return "", ()
    times = ((name, stat.st_size, stat.st_mtime_ns, stat.st_ino) for name, stat in found)
    return made, tuple(sorted(times))
