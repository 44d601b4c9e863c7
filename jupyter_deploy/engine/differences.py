"""Finds where two answers differ, value by value, within what arithmetic on two machines may differ by."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

RELATIVE = 1e-6
ABSOLUTE = 1e-9
_SHOWN = 60


@dataclass(frozen=True)
class Difference:
    """One place in which two answers differ.

    Parameters
    ----------
    path : the place, as Python would write it: ``answer['rows'][3]``. left, right : what stands there, in short.
    """

    path: str
    left: str
    right: str


def first_difference(left: Any, right: Any, path: str = "answer") -> Difference | None:
    """Compare two values as they come out of JSON; numbers within ``RELATIVE`` or ``ABSOLUTE``.

    Example
    -------
    >>> first_difference({"y": [1.0, 2.0]}, {"y": [1.0000001, 3.0]})
    Difference(path="answer['y'][1]", left='2.0', right='3.0')
    """
    return next(_differences(left, right, path), None)


def _differences(left: Any, right: Any, path: str) -> Iterator[Difference]:
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        for key in [*left, *(key for key in right if key not in left)]:
            if key in left and key in right:
                yield from _differences(left[key], right[key], f"{path}[{key!r}]")
            else:
                yield Difference(
                    f"{path}[{key!r}]", *(_short(side[key]) if key in side else "nothing" for side in (left, right))
                )
    elif isinstance(left, list) and isinstance(right, list):
        if len(left) != len(right):
            yield Difference(f"len({path})", str(len(left)), str(len(right)))
        for position, (one, other) in enumerate(zip(left, right, strict=False)):
            yield from _differences(one, other, f"{path}[{position}]")
    elif not _equal(left, right):
        yield Difference(path, _short(left), _short(right))


def _equal(left: Any, right: Any) -> bool:
    if _is_number(left) and _is_number(right) and (isinstance(left, float) or isinstance(right, float)):
        return math.isclose(left, right, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
    return type(left) is type(right) and bool(left == right)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} …"
