"""What `hybrid-rec info` does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from hybrid_rec.core.console import print_table, write
from hybrid_rec.model import storage as artifact
from hybrid_rec.model.index_measure import measure_index


def run_info(model: Path, *, measure: bool, n_queries: int, as_json: bool) -> None:
    """Print what a saved model holds, its index measured first if asked.

    Args:
        model: Folder of a saved model.
        measure: Compare the index with exact search, and keep the result in the model.
        n_queries: Queries of each kind that are measured.
        as_json: Print the manifest.

    Raises:
        ArtifactError: If there is no model, or it is damaged or cannot be written to.
        ConfigError: If the number of queries is below 1.
    """
    if measure:
        before = artifact.read_manifest(model)
        found = measure_index(artifact.load(model), n_queries)
        artifact.keep_measurement(model, before, found)
    manifest = artifact.read_manifest(model)
    if as_json:
        write(json.dumps(manifest))
        return
    write(f"{model}: {manifest['format']}, version {manifest['format_version']}")
    for heading in ("counts", "index", "libraries", "config", "files"):
        if heading not in manifest:
            continue
        write(f"\n{heading}")
        for name, value in _flat(manifest[heading]):
            write(f"  {name:<28} {value}")
    if "measured" in manifest:
        _print_measured(manifest["measured"])


def _print_measured(measured: dict[str, Any]) -> None:
    title = (
        f"{measured['factory']} beside exact search, {measured['queries']} queries of each kind, "
        "linear score, k = 100 for the times"
    )
    table = pd.DataFrame(measured["rows"]).set_index("queries").T
    write(f"\n{title}")
    print_table(table.rename_axis("measure", axis=0).reset_index(), title="")
    write(
        "Hit rate: the first half of a training playlist is asked, its second half to be found. "
        "The model knows these playlists, so only the loss means something."
    )


def _flat(entries: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    lines: list[tuple[str, Any]] = []
    for name, value in entries.items():
        if isinstance(value, dict):
            lines.extend(_flat(value, f"{prefix}{name}."))
        else:
            lines.append((prefix + name, value))
    return lines
