"""What the commands that score files share, on one machine and on a cluster."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hybrid_rec.core.console import complain, write, write_json
from hybrid_rec.core.errors import ConfigError
from hybrid_rec.core.exit_codes import EXIT_INTERRUPTED

if TYPE_CHECKING:
    from hybrid_rec.batch.result import BatchResult

OfAllItems = Annotated[
    bool, typer.Option("--items", help="Find the similar items of every catalogue item.")
]
Strict = Annotated[bool, typer.Option("--strict", help="Stop at the first bad row.")]
ManifestAsJson = Annotated[
    bool, typer.Option("--json", help="Print the manifest of the output as JSON.")
]


def check_asked(
    command: str,
    paths: Sequence[str],
    written: Mapping[str, Any],
    *,
    items: bool,
    new_items: object,
    strict: bool,
) -> None:
    """Raise a ConfigError unless the paths and options of a scoring command fit together.

    Args:
        command: Its name, for messages.
        paths: All paths behind the model.
        written: How the input is written, as `table_options` gives it.
        items: Whether all items are asked for.
        new_items: The file of new items; None for none.
        strict: Whether a bad row ends the run.
    """
    if items and new_items is not None:
        raise ConfigError("--items and --new-items must not be given together; run them in turn.")
    wanted = ["OUT"] if items or new_items is not None else ["PLAYLISTS", "OUT"]
    if len(paths) != len(wanted):
        raise ConfigError(
            f"{command} must be given MODEL {' '.join(wanted)} here, got {len(paths)} paths after "
            f"MODEL; see hybrid-rec {command} --help."
        )
    if items and strict:
        raise ConfigError("--strict must not be given with --items, which has no input rows.")
    if items and any(written.values()):
        raise ConfigError(
            "--columns, --encoding and --date-format must not be given with --items, which reads "
            "no file."
        )
    if new_items is not None and written["date_format"] is not None:
        raise ConfigError("--date-format must not be given with --new-items, which have no dates.")


def print_result(run: Callable[[], BatchResult], *, as_json: bool) -> None:
    """Run, and tell what was written; Ctrl-C says that a run can be continued."""
    try:
        result = run()
    except KeyboardInterrupt:
        complain("hybrid-rec: interrupted; finished parts are kept: the same command goes on.")
        sys.exit(EXIT_INTERRUPTED)
    if as_json:
        write_json(result.manifest)
    else:
        write(result)
