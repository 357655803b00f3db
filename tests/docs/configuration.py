"""The reference in docs/configuration.md, made from the configuration classes.

`python -m tests.docs.configuration` writes it anew; a test fails where the page says anything else.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from hybrid_rec.core.config import (
    DEFAULT_BLOCKS,
    PRESETS,
    BlockConfig,
    CategoriesBlockConfig,
    HybridConfig,
    NumbersBlockConfig,
    Section,
    TextBlockConfig,
    VectorsBlockConfig,
)

PAGE = Path(__file__).resolve().parents[2] / "docs" / "configuration.md"
MARK = "<!-- From here on made by: python -m tests.docs.configuration -->\n"
KINDS: tuple[type[BlockConfig], ...] = (
    TextBlockConfig, CategoriesBlockConfig, NumbersBlockConfig, VectorsBlockConfig,
)  # fmt: skip
_LIMITS = (("gt", "above"), ("ge", "from"), ("lt", "below"), ("le", "to"))
_TYPES = {bool: "true or false", int: "whole number", float: "number", str: "text", Path: "path"}


def page() -> str:
    """The page as it should be: what stands above the mark, and the reference below it."""
    head, _, _ = PAGE.read_text(encoding="utf-8").partition(MARK)
    return head + MARK + reference()


def reference() -> str:
    """All parameters, one table a section, as Markdown."""
    parts = [_table("At the top", HybridConfig)]
    for path, section in sections(HybridConfig()):
        parts.append(_table(f"`[{path}]`", type(section), section))
        if path == "cooccurrence":
            parts.append(_presets())
    parts.append(_default_blocks())
    parts += [_table(f'`[blocks.NAME]` with `kind = "{_kind(kind)}"`', kind) for kind in KINDS]
    parts.append(_old_names())
    return "\n".join(parts)


def sections(section: Section, above: str = "") -> Iterator[tuple[str, Section]]:
    """All sections below one with their defaults, each with its path in TOML."""
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, Section):
            yield f"{above}{name}", value
            yield from sections(value, f"{above}{name}.")


def _kind(config: type[BlockConfig]) -> str:
    return str(config.model_fields["kind"].default)


def _table(heading: str, section: type[Section], held: Section | None = None) -> str:
    """The parameters of a section; `held` has defaults that may differ from those of its class."""
    rows = []
    for name, field in section.model_fields.items():
        if inspect.isclass(field.annotation) and issubclass(field.annotation, Section):
            continue
        if name == "kind" and issubclass(section, BlockConfig):
            continue
        default = _default(field, field.default if held is None else getattr(held, name))
        told = _one_line(field.description or "").replace("|", "\\|")
        rows.append(f"| `{name}` | {default} | {_allowed(field)} | {told} |")
    said = (inspect.getdoc(section) or "").split("\n\n")[0]
    lines = [f"### {heading}", "", _one_line(said), ""]
    if rows:
        lines += ["| key | default | values | |", "| --- | --- | --- | --- |", *rows, ""]
    return "\n".join(lines)


def _default(field: FieldInfo, value: Any) -> str:
    if field.is_required():
        return "must be given"
    if field.default_factory is not None:
        return "see below"
    if isinstance(value, tuple):
        return "all of them" if value else "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return "none" if value is None else f'`"{value}"`' if isinstance(value, str) else f"`{value}`"


def _allowed(field: FieldInfo) -> str:
    kinds = [kind for kind in get_args(field.annotation) if kind is not type(None)]
    optional = len(kinds) < len(get_args(field.annotation))
    annotation: Any = kinds[0] if optional else field.annotation
    if get_origin(annotation) is tuple:
        annotation = get_args(annotation)[0]
        choice = get_origin(annotation) is Literal
        return f"list of {_choices(annotation)}" if choice else "list of texts"
    if get_origin(annotation) is Literal:
        return _choices(annotation)
    if get_origin(annotation) is dict:
        return "name -> block"
    limits = {
        bound: getattr(one, bound)
        for one in field.metadata
        for bound, _ in _LIMITS
        if hasattr(one, bound)
    }
    told = [
        f"{word} {limits[bound]:{'.10g' if limits[bound] < 1000 else ',.0f'}}"
        for bound, word in _LIMITS
        if bound in limits
    ]
    return ", ".join([_TYPES[annotation], *([" ".join(told)] if told else [])])


def _choices(annotation: Any) -> str:
    return ", ".join(f'`"{value}"`' for value in get_args(annotation))


def _presets() -> str:
    names = list(PRESETS)[1:]
    keys = list(PRESETS[names[0]])
    lines = [
        f"| preset | {' | '.join(f'`{key}`' for key in keys)} |",
        f"| --- |{' --- |' * len(keys)}",
        *(f"| `{n}` | {' | '.join(str(PRESETS[n][key]) for key in keys)} |" for n in names),
    ]
    return "\n".join([*lines, ""])


def _default_blocks() -> str:
    lines = ["### `[blocks]`", "", "There by default, where the catalogue has their columns:", ""]
    lines += ["| name | kind | columns | and |", "| --- | --- | --- | --- |"]
    for name, block in DEFAULT_BLOCKS.items():
        usual = type(block)(kind=block.kind, columns=block.columns)
        own = {
            key: value for key, value in block.model_dump().items() if value != getattr(usual, key)
        }
        told = ", ".join(f"`{key} = {_toml(value)}`" for key, value in own.items())
        lines.append(f"| `{name}` | `{block.kind}` | {', '.join(block.columns)} | {told} |")
    return "\n".join([*lines, ""])


def _toml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else f'"{value}"'


def _old_names() -> str:
    lines = ["### Old names", "", "They still work, with a `FutureWarning`.", ""]
    lines += ["| before | now |", "| --- | --- |"]
    for path, section in sections(HybridConfig()):
        # What lies below a renamed section is listed by its name of today.
        renamed = type(section).renamed.items()
        lines += [f"| `{path}.{old}` | `{path}.{new}` |" for old, new in renamed]
    return "\n".join([*lines, ""])


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
