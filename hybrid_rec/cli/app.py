"""The `hybrid-rec` command: its subcommands, and how it ends."""

from __future__ import annotations

import errno
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from hybrid_rec.cli.examples import GroupWithExamples
from hybrid_rec.cli.options import NamesInHelp
from hybrid_rec.cli.spark.group import app as spark_app
from hybrid_rec.core.console import complain, write
from hybrid_rec.core.errors import ConfigError, HybridRecError, RunError, StoppedEarlyError
from hybrid_rec.core.exit_codes import (
    EXIT_INTERRUPTED,
    EXIT_MISTAKE,
    EXIT_STOPPED,
    INTERRUPTED,
)
from hybrid_rec.core.interrupts import insistent_interrupts
from hybrid_rec.core.plain_output import OutputLostError, plain_output

COMMANDS = (
    "demo", "fit", "update", "find", "show", "recommend", "similar", "similar-playlists", "radio",
    "map", "export", "score", "evaluate", "tune", "info", "plan",
)  # fmt: skip
"""The subcommands, in the order of the help: NAME is the function of that name in `cli/NAME.py`,
with underscores for hyphens.

Those files import what is heavy inside their functions, because every command imports them all.
"""

# What errors advise in Python, and what it is called here.
_OPTIONS = {
    "skip_damaged=True": "--skip-damaged",
    "on_unknown='skip'": "--skip-unknown",
    "on_known='extend'": "--extend",
}
# What a machine answers that has no room or no working disk, whatever the user gave.
_MACHINE = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE}

_HELP = """Recommendations from playlists, titles and artists, also for items nobody has played.

Each command has a help of its own, with examples.

Examples:
    hybrid-rec demo
    hybrid-rec fit plays.csv --items items.csv --out model
    hybrid-rec recommend model --title "fade to black"
    hybrid-rec recommend --help
"""

app = typer.Typer(
    name="hybrid-rec",
    help=_HELP,
    cls=GroupWithExamples,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for _name in COMMANDS:
    _function = _name.replace("-", "_")
    app.command(_name, cls=NamesInHelp)(
        getattr(import_module(f"hybrid_rec.cli.{_function}"), _function)
    )
app.add_typer(spark_app, name="spark")


def _version(wanted: bool) -> None:
    if wanted:
        from hybrid_rec import __version__

        write(f"hybrid-rec {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    del version


def run(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code.

    That is 0, 2 for a user's mistake, 1 for what the machine refuses, 130 for Ctrl-C.
    """
    with plain_output():
        return _run(sys.argv[1:] if arguments is None else arguments)


def _run(given: list[str]) -> int:
    try:
        _check_text(given)
        with insistent_interrupts():
            result = app(args=given or ["--help"], standalone_mode=False)
        sys.stdout.flush()
    except StoppedEarlyError as stopped:
        complain(f"hybrid-rec: {stopped}")
        return EXIT_INTERRUPTED
    except HybridRecError as error:
        hint = str(error)
        for in_python, option in _OPTIONS.items():
            hint = hint.replace(f"pass {in_python}", f"pass {option}")
        complain(f"hybrid-rec: {hint}")
        return EXIT_STOPPED if isinstance(error, RunError) else EXIT_MISTAKE
    except (KeyboardInterrupt, typer.Abort):
        result = EXIT_INTERRUPTED
    except OutputLostError as lost:
        complain(f"hybrid-rec: the output cannot be written: {lost}.")
        return EXIT_MISTAKE
    except OSError as error:
        complain(
            f"hybrid-rec: {error.filename or 'a file'} must be open to this command, but: "
            f"{error.strerror or error}; check the path and who may use it."
        )
        return EXIT_STOPPED if error.errno in _MACHINE else EXIT_MISTAKE
    except Exception as error:
        # typer carries its own copy of click, whose usage errors have no public name.
        usage = getattr(error, "format_message", None)
        if usage is None:
            raise
        complain(f"hybrid-rec: {usage()} Try hybrid-rec --help.")
        return EXIT_MISTAKE
    # typer may turn Ctrl-C into the exit code by itself.
    if result == EXIT_INTERRUPTED:
        complain(INTERRUPTED)
    return result if isinstance(result, int) else 0


def _check_text(arguments: list[str]) -> None:
    """Refuse bytes that are no text here, before a library does in the middle of the work.

    Raises:
        ConfigError: If an argument, or the folder that relative paths begin at, holds such bytes,
            or that folder is no longer there.
    """
    try:
        here = str(Path.cwd())
    except OSError as error:
        raise ConfigError(
            f"the command must be run in a folder that is there, but: {error.strerror}; change to "
            "another one."
        ) from None
    for text in (*arguments, here):
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ConfigError(
                f"arguments and folders must be UTF-8 text, got {text}; rename it, or choose a "
                "locale of that encoding, such as LC_ALL=C.UTF-8."
            ) from None
