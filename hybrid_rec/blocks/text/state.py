"""What a saved text encoder consists of: a JSON state and arrays, read with every check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeVar

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, PositiveInt, ValidationError

from hybrid_rec.core import stored
from hybrid_rec.core.arrays import Floats
from hybrid_rec.core.errors import ArtifactError

StateT = TypeVar("StateT", bound="EncoderState")

_STATE = "encoder.json"
_OLD_NAMES = {
    _STATE: "titles.json",
    "idf.npy": "titles_idf.npy",
    "projection.npy": "titles_projection.npy",
}
"""Names in models of format 1, whose one encoder lay among all other files."""


def _distinct(words: list[str]) -> list[str]:
    if len(set(words)) < len(words):
        raise ValueError("a word must not stand in it twice")
    return words


_Vocabulary = Annotated[list[str], AfterValidator(_distinct)]


class EncoderState(BaseModel):
    """Base of the states; a subclass has a field `encoder` that tells which one it is."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class VocabularyState(EncoderState):
    """Of an encoder that learned which words, or parts of words, there are."""

    encoder: str
    size: PositiveInt
    seed: int
    vocabulary: _Vocabulary


def write_state(folder: Path, state: EncoderState) -> None:
    """Write a state into an existing folder, which belongs to this encoder alone."""
    (folder / _STATE).write_text(state.model_dump_json() + "\n", encoding="utf-8")


def read_state(folder: Path, kind: type[StateT]) -> StateT:
    """The state that `write_state` wrote.

    Raises:
        ArtifactError: If it is missing, damaged or of another encoder.
    """
    path = _saved(folder, _STATE)
    try:
        return kind.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ArtifactError(
            f"{path} must hold a text encoder, got {error.strerror}; save the model again."
        ) from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "its text"
        raise ArtifactError(
            f"{path} must hold a {kind.model_fields['encoder'].default!r} encoder, but {where} is "
            f"wrong: {first['msg']}. Set the block's `encoder` to what was saved, or save again."
        ) from None


def read_array(folder: Path, name: str, shape: tuple[int, ...]) -> Floats:
    """A float32 array of a known shape from a `.npy` file.

    Raises:
        ArtifactError: If it is missing, damaged, of another shape or not finite.
    """
    return stored.read_array(_saved(folder, name), np.float32, shape)


def _saved(folder: Path, name: str) -> Path:
    """Path of a file, by the name it has in format 1 where there is none of today's name."""
    path, old = folder / name, folder / _OLD_NAMES.get(name, name)
    return old if old.exists() and not path.exists() else path
