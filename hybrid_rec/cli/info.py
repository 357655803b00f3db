"""`hybrid-rec info`: what a saved model holds."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from hybrid_rec.cli.options import ModelFolder
from hybrid_rec.cli.paths import check_model
from hybrid_rec.core.console import print_table, write, write_json
from hybrid_rec.core.errors import ConfigError
from hybrid_rec.core.words import how_many


def info(
    model: ModelFolder,
    measure: Annotated[
        bool,
        typer.Option(
            "--measure", help="Compare the index with exact search, and keep the result there."
        ),
    ] = False,
    queries: Annotated[
        int, typer.Option(help="Number of queries of each kind that are measured.")
    ] = 200,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the manifest of the model as JSON.")
    ] = False,
) -> None:
    """Show what a saved model holds.

    These are its counts, index, configuration, library versions and files.

    Examples:
        hybrid-rec info model
        hybrid-rec info model --measure --queries 500
    """
    check_model(model)

    from hybrid_rec.model import storage
    from hybrid_rec.model.held_out import held_out_told, read_held_out

    if measure:
        from hybrid_rec.model.index_measure import measure_index

        before = storage.read_manifest(model)
        found = measure_index(storage.load(model), queries)
        storage.keep_measurement(model, before, found)
    manifest = storage.read_manifest(model)
    if as_json:
        write_json(manifest)
        return
    write(f"{model}: {manifest['format']}, version {manifest['format_version']}")
    _print_weights(manifest)
    write(f"co-occurrence: {held_out_told(read_held_out(manifest))}")
    counts = manifest["counts"]
    named = counts.get("playlists_named", 0)
    write(f"names: {named:,} of {counts.get('playlists', 0):,} playlists have one")
    for heading in ("counts", "index", "libraries", "config", "files"):
        if heading not in manifest:
            continue
        write()
        write(heading)
        for name, value in _flat(manifest[heading]):
            write(f"  {name:<28} {value}")
    if "measured" in manifest:
        _print_measured(manifest["measured"])


def _print_weights(manifest: dict[str, Any]) -> None:
    from hybrid_rec.core.config import HybridConfig
    from hybrid_rec.model.weights import weights_told

    try:
        config = HybridConfig(**manifest["config"])
    except ConfigError:
        # Another version wrote it; its parameters are listed as they are.
        return
    # Learned weights are saved with the ranking beside which they were learned.
    learned = any(name.rpartition("/")[2] == "weights.json" for name in manifest["files"])
    write(f"block weights: {weights_told(config, has_ranking=learned)}")


def _print_measured(measured: dict[str, Any]) -> None:
    import pandas as pd

    title = (
        f"{measured['factory']} beside exact search, "
        f"{how_many(measured['queries'], 'queries')} of each kind, "
        "linear score, k = 100 for the times"
    )
    table = pd.DataFrame(measured["rows"]).set_index("queries").T
    write()
    write(title)
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
