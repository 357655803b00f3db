"""The kinds of block that there are, by name."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TypeVar

from hybrid_rec.blocks.base import Block
from hybrid_rec.core.config import BlockConfig, register_config
from hybrid_rec.core.errors import ConfigError

_KINDS: dict[str, type[Block]] = {}
BlockT = TypeVar("BlockT", bound=type[Block])


def register_block(block: BlockT) -> BlockT:
    """Make a kind of block known, so that `kind` in the configuration may name it; a decorator.

    Args:
        block: A subclass of `Block` with `kind` and `config_type`, whose field `kind` has the same
            word as its default.

    Raises:
        ConfigError: If it has no kind, or another block has the same one.
    """
    kind = getattr(block, "kind", None)
    config = getattr(block, "config_type", None)
    if not isinstance(kind, str) or not (
        isinstance(config, type) and issubclass(config, BlockConfig)
    ):
        raise ConfigError(f"block {block.__name__} must have a kind and a config_type.")
    known = _KINDS.get(kind, block)
    if (known.__module__, known.__qualname__) != (block.__module__, block.__qualname__):
        raise ConfigError(
            f"the kind of block {kind!r} is taken by {known.__name__}; choose another."
        )
    _KINDS[kind] = block
    register_config(kind, config)
    return block


def block_type(kind: str) -> type[Block]:
    """The class of a kind of block.

    Raises:
        ConfigError: If nobody registered it.
    """
    # Those of this package register themselves when they are imported.
    for module in iter_modules([str(Path(__file__).parent)]):
        import_module(f"hybrid_rec.blocks.{module.name}")
    if kind not in _KINDS:
        raise ConfigError(
            f"the kind of block {kind!r} must be one of {', '.join(sorted(_KINDS))}; import the "
            "module that registers it first."
        )
    return _KINDS[kind]


def foreign_blocks() -> list[type[Block]]:
    """The kinds of block that were registered from outside this package.

    Another process that is handed them imports the modules that define them; those of an
    interactive session, which no process can import, are left out.
    """
    interactive = {"__main__"} if not hasattr(sys.modules["__main__"], "__file__") else set()
    return [
        block
        for block in _KINDS.values()
        if not block.__module__.startswith("hybrid_rec.") and block.__module__ not in interactive
    ]
