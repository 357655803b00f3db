"""The job of a batch run: what two runs must have in common to continue one another."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

from hybrid_rec.batch.files import InputFiles
from hybrid_rec.core.errors import ConfigError, DataError
from hybrid_rec.core.quoting import quoted
from hybrid_rec.data.places import Place

LIBRARIES = ("hybrid-rec", "faiss-cpu", "lightgbm", "numpy", "pyarrow", "scipy")
"""Another version of these may give other bytes."""

MOST_QUERIES = 1_000_000
"""The most queries of a part."""


def versions() -> dict[str, str]:
    """The version of each of LIBRARIES here."""
    return {name: version(name) for name in LIBRARIES}


def job_of(settings: dict[str, Any], fingerprint: str, inputs: list[Any]) -> dict[str, Any]:
    """What is done, as `job.json` has it.

    Args:
        settings: What decides the bytes of the output, beside model and input.
        fingerprint: Of the model.
        inputs: Name, size and checksum of each input file.
    """
    return {
        "config": settings,
        "model": {"fingerprint": fingerprint},
        "input": inputs,
        "libraries": versions(),
    }


def check_apart(target: Place, name: str, model: str | Path, files: InputFiles | None) -> None:
    """Refuse a folder to write to where it would become part of what is read.

    Args:
        target: The folder.
        name: What a message calls it.
        model: Where the model is.
        files: The input; None where it is no files.

    Raises:
        DataError: If it lies in one of them.
    """
    inputs = [("the model", Place.of(model, "the model"))]
    if files is not None:
        inputs.append(("the input", files.place))
    for what, place in inputs:
        if target.lies_in(place):
            raise DataError(
                f"{name} must be outside of {what}, {place.path}; choose another folder."
            )


def check_count(name: str, value: Any, most: int = MOST_QUERIES) -> None:
    """Raise a ConfigError unless a parameter is an integer from 1 to `most`."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise ConfigError(
            f"The {quoted(name)} parameter must be an integer from 1 to {most:,}, got "
            f"{quoted(value)} instead."
        )
