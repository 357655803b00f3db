"""Ways in which a saved array may be damaged, and how it is done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

DAMAGES = ("absent", "cut", "shape", "dtype", "nan", "infinite", "pickle", "archive")
"""What `damage_array` can do."""


class Trap:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (self.path,)


def damage_array(path: Path, damage: str, trap: Trap) -> None:
    """Damage a `.npy` file.

    Args:
        path: The file.
        damage: One of `DAMAGES`.
        trap: What a pickle would hold.
    """
    array = np.load(path)
    if damage == "absent":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:-3])
    elif damage == "shape":
        np.save(path, array[:-1])
    elif damage == "dtype":
        np.save(path, array.astype(np.float64))
    elif damage == "nan":
        np.save(path, np.full_like(array, np.nan))
    elif damage == "infinite":
        np.save(path, np.full_like(array, np.inf))
    elif damage == "pickle":
        np.save(path, np.array([trap], dtype=object), allow_pickle=True)
    else:
        with path.open("wb") as file:
            np.savez(file, array)
