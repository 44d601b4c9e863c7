from __future__ import annotations

import ast
import math
import sys
from typing import Any

import pytest

from jupyter_deploy.script.literals import Unknown, evaluate

NAMES = {"math": math, "sys": sys, "rows": [1, 2], "limits": {"low": 1}, "danger": lambda: pytest.fail("was called")}


def value(text: str) -> Any:
    return evaluate(ast.parse(text, mode="eval").body, NAMES)


@pytest.mark.parametrize(
    "text",
    [
        "-1.5 + 2 * 3 // 2 - 7 % 4 + 2 ** 8 + (1 << 3)",
        "{'a': [1, *rows], **limits, 'b': (True, None, b'x', ...)}",
        "{1, 2} | {3}",
        "rows[0] + rows[-1] + limits['low']",
        "rows[:1] * 3",
        "'a' 'b' + f'{rows[0]:03d} {\"x\"!r:>5}'",
        "1 < 2 <= 2 and not 3 == 4 or rows",
        "1 if limits else 2",
        "math.pi * 2",
        "sys.version_info >= (3, 10)",
        "list[int] | None",
        "dict(a=1, b=tuple(range(3)))",
        "max(rows), sorted([3, 1]), len('abc')",
    ],
)
def test_constants_are_what_python_makes_of_them(text: str) -> None:
    assert value(text) == eval(text, dict(NAMES))  # noqa: S307  (the texts are those above)


@pytest.mark.parametrize(
    "text",
    [
        "danger()",
        "[danger() for _ in rows]",
        "(lambda: 1)()",
        "open('file')",
        "rows.append(3)",
        "rows.__class__",
        "'%s' % danger",
        "10 ** 10 ** 10",
        "[0] * 10 ** 9",
        "1 << 10 ** 9",
        "list(range(10 ** 9))",
        "list(*danger)",
        "dict(**limits)",
        "unheard_of",
        "1 / 0",
        "rows[7]",
        "math.unheard_of",
        "__import__('os')",
        "getattr(math, 'pi')",
    ],
)
def test_everything_else_is_unknown_and_nothing_is_called(text: str) -> None:
    with pytest.raises(Unknown):
        value(text)


def test_operators_of_the_notebooks_own_classes_are_not_called() -> None:
    class Loud(int):
        def __add__(self, other: Any) -> Any:
            pytest.fail("was called")

    with pytest.raises(Unknown):
        evaluate(ast.parse("loud + 1", mode="eval").body, {"loud": Loud(1)})
