"""The packages that are installed beside this one, and what may be in their way."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

from hybrid_rec.core.errors import ShadowedPackageError
from hybrid_rec.core.exit_codes import EXIT_MISTAKE

_SIBLINGS = ("indexes", "evaluation")
_HOME = Path(__file__).parents[2]


def check_siblings() -> None:
    """Refuse to start where other packages of the same names hide those of hybrid-rec.

    `indexes` and `evaluation` are names that a project may well have chosen for its own. The
    `hybrid-rec` command says so in one line and ends, for nothing else could report it: this runs
    before any of its code can be imported.

    Raises:
        ShadowedPackageError: If another package or module of one of the names is found first.
    """
    for name in _SIBLINGS:
        other = _in_the_way(name)
        if other is None:
            continue
        kind = "file" if other.suffix else "folder"
        message = (
            f"hybrid-rec needs its own package {name!r}, but {other} is found first; rename that "
            f"{kind}, or run from another folder, or take {other.parent} off Python's path."
        )
        if _is_command():
            from hybrid_rec.core.console import complain

            complain(f"hybrid-rec: {message}")
            sys.exit(EXIT_MISTAKE)
        raise ShadowedPackageError(message)


def _in_the_way(name: str) -> Path | None:
    """The folder or file that is imported by a name in place of the one beside this package."""
    try:
        spec = find_spec(name)
    except ValueError:
        # It stands in `sys.modules` without a spec: somebody has made it by hand.
        return None
    # A folder without an __init__.py has no origin, and hides nothing.
    if spec is None or spec.origin is None:
        return None
    found = Path(spec.origin)
    if spec.submodule_search_locations is not None:
        found = found.parent
    if found.parent == _HOME or found.resolve().parent == _HOME.resolve():
        return None
    return found


def _is_command() -> bool:
    """Whether this process runs `hybrid-rec` or `python -m hybrid_rec`."""
    script = sys.argv[0] if sys.argv else ""
    if script == "-m":
        return ("-m", "hybrid_rec") in zip(sys.orig_argv, sys.orig_argv[1:], strict=False)
    return Path(script).stem == "hybrid-rec"
