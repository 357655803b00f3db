"""Export: vectors of a model in a folder that other tools read."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import get_args

from hybrid_rec.core.checks import check_choice, check_flag, check_seed
from hybrid_rec.core.choices import ExportTo
from hybrid_rec.core.errors import ArtifactError
from hybrid_rec.core.files import check_writable, files_in, is_ours, replacing
from hybrid_rec.explore.exported import exported
from hybrid_rec.model.fitted import Model

FORMAT = "hybrid-rec export"
MANIFEST = "export.json"
_EVERY_BLOCK = ("parquet", "lance")


def export(
    model: Model,
    folder: Path,
    to: ExportTo,
    *,
    block: str | None = None,
    playlists: bool = False,
    sample: int | None = None,
    seed: int = 0,
) -> int:
    """Write vectors to a folder, which appears whole or not at all, and say how many.

    See `HybridRecommender.export` for arguments and errors.
    """
    check_choice(to, get_args(ExportTo), "to")
    check_flag(playlists, "playlists")
    check_seed(seed)
    # Loaded first: what is missing is told before any work is done.
    write = import_module(f"hybrid_rec.explore.formats.{to}").write
    taken = exported(
        model,
        block=block,
        every_block=to in _EVERY_BLOCK,
        playlists=bool(playlists),
        sample=sample,
        seed=seed,
    )
    check_target(folder)
    try:
        with replacing(folder.resolve()) as fresh:
            write(taken, fresh)
            manifest = {
                "format": FORMAT,
                "to": to,
                taken.what: len(taken),
                "blocks": dict(taken.widths),
                "files": files_in(fresh),
            }
            text = json.dumps(manifest, indent=1) + "\n"
            (fresh / MANIFEST).write_text(text, encoding="utf-8")
    except OSError as error:
        raise ArtifactError(f"folder {folder} cannot be written: {error}.") from None
    return len(taken)


def check_target(folder: Path) -> None:
    """Refuse a folder that holds anything but an export.

    Raises:
        ArtifactError: If it does, or cannot be written.
    """
    try:
        target = folder.resolve()
        if not is_ours(target, MANIFEST, FORMAT):
            raise ArtifactError(
                f"the folder of an export must be new, empty or hold an export, but {folder} holds "
                "other files; choose another folder."
            )
        check_writable(target)
    except (OSError, RuntimeError, ValueError) as error:
        raise ArtifactError(f"folder {folder} cannot be written: {error}.") from None
