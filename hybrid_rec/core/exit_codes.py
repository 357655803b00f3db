"""How the `hybrid-rec` command ends."""

EXIT_STOPPED = 1
"""The machine stopped it: a full disk, a process that died."""
EXIT_MISTAKE = 2
"""The user's mistake."""
EXIT_INTERRUPTED = 130
"""Ctrl-C."""
INTERRUPTED = "hybrid-rec: interrupted; nothing was saved."
"""What is said after Ctrl-C."""
