"""The group of commands that run on a Spark cluster."""

from __future__ import annotations

from importlib import import_module

import typer

from hybrid_rec.cli.options import NamesInHelp

COMMANDS: tuple[str, ...] = ("prepare", "sample", "statistics", "vectors", "score")
"""The subcommands of `hybrid-rec spark`, in the order of the help: NAME is the function of that
name in `cli/spark/NAME.py`, with underscores for hyphens. They import inside their functions."""

app = typer.Typer(
    help="Prepare, count and score on a Spark cluster.", rich_markup_mode=None, add_completion=False
)
for _name in COMMANDS:
    _function = _name.replace("-", "_")
    app.command(_name, cls=NamesInHelp)(
        getattr(import_module(f"hybrid_rec.cli.spark.{_function}"), _function)
    )


@app.callback()
def _group() -> None:
    """Prepare, count and score on a Spark cluster."""
