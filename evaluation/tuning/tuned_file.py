"""Tuned file: the best settings of a search as a configuration in TOML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tomli_w

from evaluation.tuning.spaces import Settings
from hybrid_rec.core.config import HybridConfig


def tuned_toml(config: HybridConfig, settings: Settings, header: Sequence[str]) -> str:
    """A configuration as TOML: tuned sections in full, of the others what is not the default.

    So tuned settings stay what they are when a later version has other defaults.

    Args:
        config: The configuration.
        settings: What was searched; sections with a setting are written in full.
        header: Lines of comment at the top.
    """
    full: dict[str, Any] = config.model_dump(mode="json", exclude_none=True)
    own: Mapping[str, Any] = config.model_dump(
        mode="json", exclude_none=True, exclude_defaults=True
    )
    tuned = {name.partition(".")[0] for name in settings}
    sections = {name: full[name] if name in tuned else own[name] for name in full
                if name in tuned or name in own}  # fmt: skip
    lines = ["# " + "".join(c if c.isprintable() else " " for c in line) for line in header]
    return "\n".join([*lines, tomli_w.dumps(sections)])
