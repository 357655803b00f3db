"""Names of the arrays that are passed around."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]
Objects = NDArray[np.object_]
Codes = NDArray[np.uint8]
