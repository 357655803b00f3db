"""Examples of a command: written in its docstring, shown at the end of its help."""

from __future__ import annotations

import textwrap
from typing import Any

from typer.core import TyperGroup

_HEADING = "Examples:"


class ExamplesInHelp:
    """A command whose help ends with the examples of its docstring, line by line as they stand.

    They come last, where a reader looks when the help has rolled by.
    """

    help: str | None

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        """Write what stands before the examples."""
        whole = self.help
        try:
            self.help = (whole or "").partition(f"{_HEADING}\n")[0].rstrip() or None
            super().format_help_text(ctx, formatter)  # type: ignore[misc]
        finally:
            self.help = whole

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples."""
        super().format_epilog(ctx, formatter)  # type: ignore[misc]
        examples = examples_of(self)
        if examples:
            with formatter.section(_HEADING.rstrip(":")):
                for line in examples:
                    formatter.write(f"{'':{formatter.current_indent}}{line}\n")


class GroupWithExamples(ExamplesInHelp, TyperGroup):
    """A group of commands that has examples itself."""


def examples_of(command: Any) -> list[str]:
    """The lines of the examples of a command; a line that goes on ends with a backslash."""
    text = (command.help or "").partition(f"{_HEADING}\n")[2]
    return textwrap.dedent(text).strip("\n").splitlines()
