"""What `hybrid-rec score` does."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from hybrid_rec.batch.run import score_items, score_new_items, score_playlists
from hybrid_rec.core.console import complain, write
from hybrid_rec.core.errors import ConfigError
from hybrid_rec.core.exit_codes import EXIT_INTERRUPTED


def run_score(
    model: Path,
    paths: list[str],
    *,
    k: int,
    items: bool,
    new_items: str | None,
    chunk_size: int,
    workers: int,
    strict: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Score, and print what was written.

    Args:
        model: Folder of a saved model.
        paths: The playlists and the output folder, or the latter alone with the next two.
        items: Ask for the similar items of all items.
        new_items: Ask for those of the new items in a file.
        k: See `score_playlists`.
        chunk_size: See `score_playlists`.
        workers: See `score_playlists`.
        strict: See `score_playlists`.
        quiet: No progress bars.
        as_json: Print the manifest.

    Raises:
        HybridRecError: See `score_playlists`.
    """
    if items and new_items is not None:
        raise ConfigError("--items and --new-items must not be given together; run them in turn.")
    wanted = ["OUT"] if items or new_items is not None else ["PLAYLISTS", "OUT"]
    if len(paths) != len(wanted):
        raise ConfigError(
            f"score must be given MODEL {' '.join(wanted)} here, got {len(paths)} paths after "
            "MODEL; see hybrid-rec score --help."
        )
    if items and strict:
        raise ConfigError("--strict must not be given with --items, which has no input rows.")
    settings: dict[str, Any] = {
        "k": k, "chunk_size": chunk_size, "workers": workers, "progress": not quiet,
    }  # fmt: skip
    try:
        if items:
            result = score_items(model, paths[0], **settings)
        elif new_items is not None:
            result = score_new_items(model, new_items, paths[0], strict=strict, **settings)
        else:
            result = score_playlists(model, paths[0], paths[1], strict=strict, **settings)
    except KeyboardInterrupt:
        complain("hybrid-rec: interrupted; finished parts are kept: the same command goes on.")
        sys.exit(EXIT_INTERRUPTED)
    write(json.dumps(result.manifest) if as_json else str(result))
