"""Whether two values, or two pieces of compiled code, are the same, as strictly as a script that takes them over needs it."""

from __future__ import annotations
import __future__

from collections.abc import Mapping
from types import CodeType
from typing import Any

_SMALL = 10_000
"""The most items, or characters, of a value that a script carries in its own text."""

_FUTURE = 0
for _feature in __future__.all_feature_names:
    _FUTURE |= getattr(__future__, _feature).compiler_flag
_CODE = (
    "co_name", "co_argcount", "co_posonlyargcount", "co_kwonlyargcount", "co_code", "co_names", "co_varnames",
    "co_freevars", "co_cellvars",
)  # fmt: skip


# What tells things apart that are equal to nothing but themselves; "type" are the classes that namedtuple() makes.
_MADE_OF = {
    "type": ("__qualname__", "__bases__", "_fields", "_field_defaults"),
    "partial": ("func", "args", "keywords"),
    "TypeVar": ("__name__", "__bound__", "__constraints__", "__covariant__", "__contravariant__"),
    "NewType": ("__qualname__", "__supertype__"),
}


def is_small(value: Any) -> bool:
    """Whether a value is small enough to be carried in a script's text."""
    return _size(value, _SMALL) <= _SMALL


def _size(value: Any, limit: int) -> int:
    if isinstance(value, int):
        return value.bit_length() // 8
    if isinstance(value, str | bytes):
        return len(value)
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        parts = [*value, *value.values()] if isinstance(value, Mapping) and len(value) <= limit else value
        total = len(parts)
        for part in parts if total <= limit else ():
            total += _size(part, limit)
            if total > limit:
                break
        return total
    is_data = hasattr(type(value), "dtype") or hasattr(type(value), "dtypes")
    return int(value.size) if is_data and hasattr(type(value), "size") else 1


def same(left: Any, right: Any) -> bool:
    """Whether two values are of one type and equal to the last bit, also inside containers, arrays and tables."""
    if left is right:
        return True
    if type(left) is not type(right):
        return False
    if isinstance(left, Mapping):
        return len(left) == len(right) and all(
            same(one, other) for one, other in zip(left.items(), right.items(), strict=True)
        )
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, float):
        return repr(left) == repr(right)  # NaN is NaN, and -0.0 is not 0.0
    if hasattr(left, "dtypes") and hasattr(left, "equals"):  # pandas
        return bool(left.equals(right)) and str(left.dtypes) == str(right.dtypes)
    if hasattr(left, "dtype") and hasattr(left, "tolist"):  # numpy
        return left.dtype == right.dtype and left.shape == right.shape and same(left.tolist(), right.tolist())
    made_of = _MADE_OF.get(type(left).__qualname__, ())
    if made_of and all(hasattr(left, name) for name in made_of):
        return all(same(getattr(left, name), getattr(right, name, None)) for name in made_of)
    return bool(left == right)


def same_code(left: CodeType, right: CodeType) -> bool:
    """Whether two functions do the same, wherever they were written."""
    if any(getattr(left, name) != getattr(right, name) for name in _CODE):
        return False
    if (left.co_flags ^ right.co_flags) & ~_FUTURE or len(left.co_consts) != len(right.co_consts):
        return False
    return all(map(_same_constant, left.co_consts, right.co_consts))


def _same_constant(left: Any, right: Any) -> bool:
    if isinstance(left, CodeType) and isinstance(right, CodeType):
        return same_code(left, right)
    return same(left, right)
