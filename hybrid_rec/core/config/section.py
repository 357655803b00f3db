"""What every part of the configuration shares: frozen, typed, and clear about what it refuses."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from hybrid_rec.core.errors import ConfigError
from hybrid_rec.core.quoting import quoted, shortened

LARGEST_SEED = 2**32 - 1
LARGEST_NUMBER = 1e6
"""Of weights and penalties: float32 has no digits left for what is beside larger ones."""


class Section(BaseModel):
    """Base of all configuration: frozen, typed, and clear about what it refuses."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    takes_any_name: ClassVar[bool] = False
    """Whether names that are no fields are taken, too; who reads them must check them."""
    renamed: ClassVar[Mapping[str, str]] = {}
    """Fields that had another name before: the old name, and the one of today."""

    @model_validator(mode="wrap")
    @classmethod
    def _check(cls, data: Any, handler: Callable[[Any], Self]) -> Self:
        # ConfigError is no ValueError, so it leaves nested pydantic models as it is.
        if isinstance(data, Mapping):
            data = _with_new_names(cls, data)
            for key in data:
                named = isinstance(key, str) and key in cls.model_fields
                if not named and not cls.takes_any_name:
                    raise ConfigError(unknown_key(cls.__name__, key, cls.model_fields))
        try:
            return handler(data)
        except ValidationError as error:
            first = error.errors()[0]
            name = shortened(".".join(str(part) for part in first["loc"]))
            subject = f"The {name!r} parameter of {cls.__name__}" if name else cls.__name__
            rule = shortened(first["msg"].removeprefix("Input should be "))
            raise ConfigError(
                f"{subject} must be {rule}, got {quoted(first['input'])} instead."
            ) from None


def unknown_key(where: str, key: Any, valid: Iterable[str]) -> str:
    """What is wrong with a name that nothing has, and the name that may have been meant."""
    return f"{where} has no parameter {quoted(key)}; {likely(key, valid)}"


def likely(key: Any, valid: Iterable[str]) -> str:
    """The name that may have been meant, or all that there are."""
    names = list(valid)
    near = difflib.get_close_matches(quoted(key).strip("'"), names, n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else f"valid are {', '.join(names)}."


def _with_new_names(section: type[Section], data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The data with the names of today."""
    old = [name for name in section.renamed if name in data]
    for name in old:
        if section.renamed[name] in data:
            raise ConfigError(
                f"{section.__name__} must be given {quoted(name)} and {section.renamed[name]!r}, "
                "which are the same parameter, only once; leave out the old name."
            )
        warnings.warn(
            f"the parameter {quoted(name)} of {section.__name__} is called "
            f"{section.renamed[name]!r} now; rename it.",
            FutureWarning,
            stacklevel=2,
        )
    return {section.renamed.get(name, name): value for name, value in data.items()}
