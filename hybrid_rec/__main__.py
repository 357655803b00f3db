"""Entry point of the `hybrid-rec` command, which takes Ctrl-C even while it still imports."""

import sys

EXIT_INTERRUPTED = 130
INTERRUPTED = "hybrid-rec: interrupted; nothing was saved."


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
