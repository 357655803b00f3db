"""Entry point of the `hybrid-rec` command, which takes Ctrl-C even while it still imports."""

import sys
import traceback
import warnings
from collections.abc import Callable

from hybrid_rec.core.exit_codes import EXIT_INTERRUPTED, EXIT_STOPPED, INTERRUPTED


def main() -> None:
    """Run the command and exit with its code."""
    try:
        from hybrid_rec.cli.app import run
    except KeyboardInterrupt:
        sys.stderr.write(f"{INTERRUPTED}\n")
        sys.exit(EXIT_INTERRUPTED)
    sys.exit(_plainly(run))


def _plainly(run: Callable[[], int]) -> int:
    """The exit code of the command.

    A warning is one line, and a fault of ours is shown whole; both are plain text.
    """
    from hybrid_rec.core.console import complain
    from hybrid_rec.core.plain_output import plain_output

    def warn(message: Warning | str, *_: object, **__: object) -> None:
        complain(f"hybrid-rec: warning: {message}")

    warnings.showwarning = warn
    with plain_output():
        try:
            return run()
        except Exception:
            traceback.print_exc()
            return EXIT_STOPPED


if __name__ == "__main__":
    main()
