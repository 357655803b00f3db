"""Names for the array types that all packages pass around."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
"""Vectors and scores as indexes hold them."""
Doubles = NDArray[np.float64]
"""Sums, statistics and metrics."""
Rows = NDArray[np.int64]
"""Row numbers of a catalogue, counts and lengths."""
Mask = NDArray[np.bool_]
"""One truth value for each row or entry."""
Objects = NDArray[np.object_]
"""Strings, with None where there is none."""
Codes = NDArray[np.uint8]
"""Small codes, such as the sources of items."""


def read_only(array: NDArray[Any]) -> NDArray[Any]:
    """A view of an array that nobody can write to."""
    view = array.view()
    view.flags.writeable = False
    return view
