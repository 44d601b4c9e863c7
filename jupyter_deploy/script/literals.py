"""Works out what an expression made of literals, constants and a few harmless constructors comes to.

Nothing of the notebook's own code runs: operators are applied to plain values only, attributes are taken of modules and
enumerations only, and what may be called is listed here. Everything else is not a constant, and ``Unknown`` is raised.
"""

from __future__ import annotations

import ast
import builtins
import enum
import math
import operator
import sys
from collections.abc import Callable, Mapping
from types import GenericAlias, ModuleType
from typing import Any

_PLAIN = (int, float, complex, str, bytes, tuple, list, dict, set, frozenset, type(None), bool, type(sys.version_info))
_NUMBERS = (int, float, complex)
_OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
    ast.LShift: operator.lshift,
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Invert: operator.invert,
    ast.Not: operator.not_,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}
# Calls that give the same for the same plain values, do nothing else, and give nothing much larger than what they are given.
_CALLABLE = {
    "builtins": "bool complex dict float frozenset int len list max min range set slice sorted str sum tuple",
    "collections": "Counter OrderedDict namedtuple",
    "datetime": "date datetime time timedelta timezone",
    "decimal": "Decimal",
    "fractions": "Fraction",
    "functools": "partial",
    "logging": "getLogger",
    "numpy": "array asarray float32 float64 int32 int64",
    "pandas": "DataFrame Series Timestamp",
    "pathlib": "Path PurePath PurePosixPath",
    "re": "compile",
    "typing": "NewType TypeVar",
}
_CONVERSIONS: dict[int, Callable[[Any], str]] = {ord("s"): str, ord("r"): repr, ord("a"): ascii}
_LARGEST = 10_000  # as an exponent, a shift, or the length of what is repeated or counted


class Unknown(Exception):
    """The expression is no constant; nobody knows what it comes to without running it."""


def evaluate(node: ast.expr, names: Mapping[str, Any]) -> Any:
    """Work out an expression.

    Parameters
    ----------
    names : what names stand for, beside the builtins.

    Raises
    ------
    Unknown : it is no constant.
    """
    reader = _READERS.get(type(node))
    if reader is None:
        raise Unknown
    try:
        return reader(node, names)
    except (ArithmeticError, TypeError, ValueError, LookupError, AttributeError):
        raise Unknown from None


def _name(node: ast.Name, names: Mapping[str, Any]) -> Any:
    if node.id in names:
        return names[node.id]
    return getattr(builtins, node.id)


def _items(nodes: list[ast.expr], names: Mapping[str, Any]) -> list[Any]:
    items: list[Any] = []
    for node in nodes:
        if isinstance(node, ast.Starred):
            items += _plain(evaluate(node.value, names))
        else:
            items.append(evaluate(node, names))
    return items


def _dict(node: ast.Dict, names: Mapping[str, Any]) -> dict[Any, Any]:
    made: dict[Any, Any] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            made.update(_plain(evaluate(value, names)))
        else:
            made[_plain(evaluate(key, names), enum.Enum, type)] = evaluate(value, names)
    return made


def _text(node: ast.JoinedStr, names: Mapping[str, Any]) -> str:
    parts = []
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            value = _plain(evaluate(part.value, names))
            if part.conversion != -1:
                value = _CONVERSIONS[part.conversion](value)
            parts.append(format(value, evaluate(part.format_spec, names) if part.format_spec else ""))
        else:
            parts.append(evaluate(part, names))
    return "".join(parts)


def _binary(node: ast.BinOp, names: Mapping[str, Any]) -> Any:
    kinds = (type, GenericAlias) if isinstance(node.op, ast.BitOr) else ()
    left, right = (_plain(evaluate(side, names), *kinds) for side in (node.left, node.right))
    if isinstance(node.op, ast.Mod) and not isinstance(left, _NUMBERS):
        raise Unknown  # formatting a text may call anything
    if _too_large(node.op, left, right):
        raise Unknown
    return _OPERATORS[type(node.op)](left, right)


def _too_large(operation: ast.operator, left: Any, right: Any) -> bool:
    """Whether repeating, shifting or raising to a power could take all memory."""
    if isinstance(operation, ast.Mult):
        repeated = not (isinstance(left, _NUMBERS) and isinstance(right, _NUMBERS))
        return repeated and math.prod(side if isinstance(side, int) else len(side) for side in (left, right)) > _LARGEST
    return isinstance(operation, ast.Pow | ast.LShift) and isinstance(right, int) and abs(right) > _LARGEST


def _unary(node: ast.UnaryOp, names: Mapping[str, Any]) -> Any:
    return _OPERATORS[type(node.op)](_plain(evaluate(node.operand, names)))


def _compare(node: ast.Compare, names: Mapping[str, Any]) -> bool:
    sides = [_plain(evaluate(side, names)) for side in (node.left, *node.comparators)]
    return all(
        _OPERATORS[type(op)](left, right) for op, left, right in zip(node.ops, sides[:-1], sides[1:], strict=True)
    )


def _boolean(node: ast.BoolOp, names: Mapping[str, Any]) -> Any:
    values = [_plain(evaluate(value, names)) for value in node.values]
    decided = (value for value in values if bool(value) is isinstance(node.op, ast.Or))
    return next(decided, values[-1])


def _choice(node: ast.IfExp, names: Mapping[str, Any]) -> Any:
    return evaluate(node.body if _plain(evaluate(node.test, names)) else node.orelse, names)


def _attribute(node: ast.Attribute, names: Mapping[str, Any]) -> Any:
    owner = evaluate(node.value, names)
    if isinstance(owner, ModuleType | enum.EnumMeta):
        return getattr(owner, node.attr)
    raise Unknown


def _subscript(node: ast.Subscript, names: Mapping[str, Any]) -> Any:
    owner, key = evaluate(node.value, names), evaluate(node.slice, names)
    if isinstance(owner, type) or type(owner).__module__ == "typing":
        return owner[key]
    return _plain(owner)[key]


def _slice(node: ast.Slice, names: Mapping[str, Any]) -> slice:
    return slice(*(None if part is None else evaluate(part, names) for part in (node.lower, node.upper, node.step)))


def _call(node: ast.Call, names: Mapping[str, Any]) -> Any:
    called = evaluate(node.func, names)
    if not any(called is allowed for allowed in _allowed(getattr(called, "__name__", ""))):
        raise Unknown
    keywords = {keyword.arg: evaluate(keyword.value, names) for keyword in node.keywords if keyword.arg is not None}
    if len(keywords) < len(node.keywords):
        raise Unknown
    arguments = _items(node.args, names)
    if any(isinstance(argument, range) and len(argument) > _LARGEST for argument in arguments):
        raise Unknown
    try:
        return called(*arguments, **keywords)
    except Exception:  # each constructor has errors of its own; what could not be made is no constant
        raise Unknown from None


def _allowed(name: str) -> list[Any]:
    modules = [sys.modules.get(module) for module, listed in _CALLABLE.items() if name in listed.split()]
    return [getattr(module, name) for module in modules if module is not None]


def _plain(value: Any, *others: type) -> Any:
    if isinstance(value, others) or type(value) in _PLAIN:
        return value
    raise Unknown


_READERS: dict[type[ast.expr], Callable[[Any, Mapping[str, Any]], Any]] = {
    ast.Constant: lambda node, _: node.value,
    ast.Name: _name,
    ast.Tuple: lambda node, names: tuple(_items(node.elts, names)),
    ast.List: lambda node, names: _items(node.elts, names),
    ast.Set: lambda node, names: {_plain(item) for item in _items(node.elts, names)},
    ast.Dict: _dict,
    ast.JoinedStr: _text,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.Compare: _compare,
    ast.BoolOp: _boolean,
    ast.IfExp: _choice,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.Slice: _slice,
    ast.Call: _call,
}
