"""Entry point of the `hybrid-rec` command, which takes Ctrl-C even while it still imports."""

import sys

from hybrid_rec.core.exit_codes import EXIT_INTERRUPTED, INTERRUPTED


def main() -> None:
    """Run the command and exit with its code."""
    try:
        from hybrid_rec.cli.app import run
    except KeyboardInterrupt:
        sys.stderr.write(f"{INTERRUPTED}\n")
        sys.exit(EXIT_INTERRUPTED)
    sys.exit(run())


if __name__ == "__main__":
    main()
