"""The one script of a report's page, and the policy that lets no other run."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files

from markupsafe import Markup


def page_script() -> dict[str, Markup | str]:
    """What the page needs to run its own script and nothing else.

    Keys: script (its text, between the tags) and policy (the content security policy: nothing is
    loaded, and no script runs but that of this SHA-256).
    """
    text = (files("evaluation.report") / "templates" / "report.js").read_text(encoding="utf-8")
    # The parser of a page knows one kind of line end, and the hash is of what it reads.
    script = "\n" + text.replace("\r\n", "\n")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return {
        "script": Markup(script),  # noqa: S704  # a file of the package
        "policy": (
            f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; "
            "base-uri 'none'; form-action 'none'"
        ),
    }
