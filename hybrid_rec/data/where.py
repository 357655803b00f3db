"""Items that an expression over the catalogue's columns lets through.

Expressions are parsed, never run: only the forms below have a meaning, and each becomes an Arrow
computation.
"""

from __future__ import annotations

import ast
from difflib import get_close_matches
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hybrid_rec.core.arrays import Rows
from hybrid_rec.core.errors import ConfigError, DataError
from hybrid_rec.core.quoting import joined, quoted
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.item_table import is_list

_LONGEST = 1_000
_COMPARE: dict[type[ast.cmpop], Any] = {
    ast.Eq: pc.equal, ast.NotEq: pc.not_equal, ast.Lt: pc.less, ast.LtE: pc.less_equal,
    ast.Gt: pc.greater, ast.GtE: pc.greater_equal,
}  # fmt: skip
_FORM = "comparisons of columns with values, in, and, or, not and parentheses"


def where_rows(catalog: Catalog, where: str) -> Rows:
    """The rows that pass an expression, ascending.

    Args:
        catalog: The items.
        where: Such as "year >= 1990 and 'jazz' in tags". A missing value passes no comparison,
            nor its opposite.

    Raises:
        ConfigError: For anything but such an expression, an unknown column, or a value of another
            kind than the column.
        DataError: If no item passes.

    Examples:
        >>> catalog = Catalog.from_columns(["a", "b"], ["One", "Two"], ["U2", None])
        >>> where_rows(catalog, "not artist == 'Them' or title in ['Two']").tolist()
        [0, 1]
    """
    if not isinstance(where, str) or not where.strip() or len(where) > _LONGEST:
        raise ConfigError(
            f"where must be an expression of at most {_LONGEST:,} characters such as "
            f"'year >= 1990', got {quoted(where)}."
        )
    try:
        tree = ast.parse(where.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        hint = "; equal is written ==" if "=" in where and "==" not in where else ""
        raise ConfigError(
            f"where must be made of {_FORM}, got {quoted(where)}, which cannot be read{hint}."
        ) from None
    try:
        passed = _Reader(catalog).truth(tree)
    except (pa.ArrowException, OverflowError, RecursionError) as error:
        raise ConfigError(f"where must fit the columns, but {quoted(where)}: {error}.") from None
    rows = np.flatnonzero(np.asarray(pc.fill_null(passed, False)))
    if not len(rows):
        raise DataError(
            f"where must let some item through, but none of {len(catalog):,} passes "
            f"{quoted(where)}; loosen it."
        )
    return rows


class _Reader:
    """What the parts of an expression mean for a catalogue."""

    def __init__(self, catalog: Catalog) -> None:
        self.table = catalog.table

    def truth(self, node: ast.expr) -> Any:
        """Whether each item passes, `(n_items,)`; null where a missing value decides."""
        if isinstance(node, ast.BoolOp):
            join = pc.and_kleene if isinstance(node.op, ast.And) else pc.or_kleene
            passed = self.truth(node.values[0])
            for value in node.values[1:]:
                passed = join(passed, self.truth(value))
            return passed
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return pc.invert(self.truth(node.operand))
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            passed = None
            for left, kind, right in zip(sides, node.ops, sides[1:], strict=False):
                one = self._compared(left, kind, right)
                passed = one if passed is None else pc.and_kleene(passed, one)
            return passed
        if isinstance(node, ast.Name):
            column = self._column(node.id)
            if pa.types.is_boolean(column.type):
                return column
        raise ConfigError(f"where must be made of {_FORM}, got {quoted(ast.unparse(node))}.")

    def _compared(self, left: ast.expr, kind: ast.cmpop, right: ast.expr) -> Any:
        if isinstance(kind, ast.In | ast.NotIn):
            passed = self._held(left, right)
            return passed if isinstance(kind, ast.In) else pc.invert(passed)
        compare = _COMPARE.get(type(kind))
        if compare is None:
            raise ConfigError(f"where must be made of {_FORM}; is has no meaning there.")
        one, other = self._side(left), self._side(right)
        columns = [side for side in (one, other) if isinstance(side, pa.Array)]
        if not columns:
            raise ConfigError(
                f"where must compare columns, got {quoted(ast.unparse(left))} beside "
                f"{quoted(ast.unparse(right))}; text is put in quotes, columns are not."
            )
        for node, side in ((left, one), (right, other)):
            if isinstance(side, pa.Array) and is_list(side.type):
                raise ConfigError(
                    f"where must ask a column of lists by in, such as 'jazz' in {node_name(node)}."
                )
        if len(columns) == 2:
            if _kind(one.type) != _kind(other.type):
                raise ConfigError(
                    f"where must compare columns of one kind, but {node_name(left)} is "
                    f"{_kind(one.type)} and {node_name(right)} is {_kind(other.type)}."
                )
            return compare(one, other)
        if isinstance(one, pa.Array):
            return compare(one, _value(other, one.type, node_name(left)))
        return compare(_value(one, other.type, node_name(right)), other)

    def _held(self, left: ast.expr, right: ast.expr) -> Any:
        """Whether what is on the left is in what is on the right."""
        if isinstance(right, ast.List | ast.Tuple | ast.Set):
            column = self._side(left)
            if not isinstance(column, pa.Array) or is_list(column.type):
                raise ConfigError(
                    f"where must ask whether a column of single values is in a list, got "
                    f"{quoted(ast.unparse(left))} before in."
                )
            name = node_name(left)
            values = [_value(_constant(item), column.type, name) for item in right.elts]
            if not values:
                raise ConfigError("where must have a value in the list behind in, got none.")
            passed = pc.equal(column, values[0])
            for value in values[1:]:
                passed = pc.or_kleene(passed, pc.equal(column, value))
            return passed
        held, value = self._side(right), _constant(left)
        if not isinstance(held, pa.Array) or not isinstance(value, str):
            raise ConfigError(
                "where must have a column of lists or a list of values behind in, and a text "
                f"before a column, got {quoted(ast.unparse(left))} in "
                f"{quoted(ast.unparse(right))}."
            )
        if pa.types.is_large_string(held.type):
            return pc.match_substring(held, value)
        if not is_list(held.type) or not pa.types.is_large_string(held.type.value_type):
            raise ConfigError(
                f"where must have texts or lists of texts behind in, but {node_name(right)} holds "
                f"{_kind(held.type)}."
            )
        owners = np.asarray(pc.list_parent_indices(held))
        equal = pc.fill_null(pc.equal(pc.list_flatten(held), value), False)
        passed = np.zeros(len(held), dtype=bool)
        passed[owners[np.asarray(equal)]] = True
        return pa.array(passed, mask=np.asarray(pc.is_null(held)))

    def _side(self, node: ast.expr) -> Any:
        return self._column(node.id) if isinstance(node, ast.Name) else _constant(node)

    def _column(self, name: str) -> pa.Array:
        known = self.table.column_names
        if name not in known:
            near = get_close_matches(name, known, 1)
            meant = f"; did you mean {near[0]}?" if near else ""
            raise ConfigError(
                f"where must name columns of the catalogue, {joined(known)}, got {quoted(name)}"
                f"{meant or '; text is put in quotes.'}"
            )
        column = self.table[name].combine_chunks()
        if isinstance(column, pa.ChunkedArray):
            column = pa.concat_arrays(column.chunks)
        if pa.types.is_floating(column.type):
            return pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
        return column


def node_name(node: ast.expr) -> str:
    """How a part of an expression is written."""
    return ast.unparse(node)


def _constant(node: ast.expr) -> Any:
    sign = 1
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        sign = -1 if isinstance(node.op, ast.USub) else 1
        node = node.operand
        if not isinstance(node, ast.Constant) or isinstance(node.value, str | bool):
            raise ConfigError(f"where must have a number behind a sign, got {ast.unparse(node)!r}.")
    if isinstance(node, ast.Constant) and isinstance(node.value, str | bool | int | float):
        return node.value if isinstance(node.value, str | bool) else sign * node.value
    if isinstance(node, ast.Name):
        raise ConfigError(
            f"where must have a value there, got {quoted(node.id)}; text is put in quotes."
        )
    raise ConfigError(f"where must be made of {_FORM}, got {quoted(ast.unparse(node))}.")


def _kind(kind: pa.DataType) -> str:
    """What a column holds, in words."""
    if is_list(kind):
        return "lists"
    if pa.types.is_large_string(kind) or pa.types.is_string(kind):
        return "text"
    if pa.types.is_boolean(kind):
        return "truth values"
    return "times" if pa.types.is_temporal(kind) else "numbers"


def _value(value: Any, kind: pa.DataType, name: str) -> pa.Scalar:
    """A value as a column has it.

    Raises:
        ConfigError: If the column holds another kind.
    """
    holds = _kind(kind)
    given = "truth values" if isinstance(value, bool) else "numbers"
    given = "text" if isinstance(value, str) else given
    if holds == "times" and given == "text":
        try:
            return pa.scalar(value, pa.large_string()).cast(kind)
        except pa.ArrowException:
            raise ConfigError(
                f"where must compare {name} with a date such as '1999-12-31', got {quoted(value)}."
            ) from None
    if holds != given:
        raise ConfigError(
            f"where must compare {name} with {holds}, got {quoted(value)}"
            f"{'; text is put in quotes' if holds == 'text' else ''}."
        )
    if given == "numbers" and isinstance(value, int) and not -(2**63) <= value < 2**63:
        value = float(value)
    return pa.scalar(value)
