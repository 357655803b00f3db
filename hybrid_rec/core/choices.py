"""What some arguments may be, for modules that must load nothing else."""

from typing import Literal

Distinct = Literal["song"]
"""What a list holds once: `song`, all releases of a song."""
