from __future__ import annotations

from collections import OrderedDict, namedtuple
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jupyter_deploy.script.sameness import is_small, same, same_code


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (1, 1, True),
        (1, 1.0, False),
        (True, 1, False),
        (0.0, -0.0, False),
        (float("nan"), float("nan"), True),
        ([1, (2, {"a": 3.0})], [1, (2, {"a": 3.0})], True),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, False),
        (OrderedDict(a=1), {"a": 1}, False),
        ({1, 2}, {2, 1}, True),
        (np.array([1.0, np.nan]), np.array([1.0, np.nan]), True),
        (np.array([1.0]), np.array([1.0], dtype="float32"), False),
        (np.array([[1.0]]), np.array([1.0]), False),
        (pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [1]}), True),
        (pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [1.0]}), False),
        (namedtuple("P", "x y"), namedtuple("P", "x y"), True),
        (namedtuple("P", "x y"), namedtuple("P", "x z"), False),
        (partial(int, base=2), partial(int, base=2), True),
        (partial(int, base=2), partial(int, base=8), False),
        (object(), object(), False),
    ],
)
def test_values(left: Any, right: Any, expected: bool) -> None:
    assert same(left, right) is expected


def test_code_is_the_same_wherever_it_was_written() -> None:
    def code(text: str) -> Any:
        scope: dict[str, Any] = {}
        exec(compile(text, "<cell>", "exec"), scope)  # noqa: S102
        return scope["f"].__code__

    one = "def f(x):\n    return [lambda: x + 1 for _ in (x, 2.0)]"
    assert same_code(code(one), code("\n\n# elsewhere\n" + one))
    assert same_code(code(one), code("from __future__ import annotations\n" + one))
    assert not same_code(code(one), code(one.replace("+ 1", "+ 2")))
    assert not same_code(code(one), code(one.replace("2.0", "2")))
    assert not same_code(code(one), code(one.replace("x):", "x, y=1):")))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("x" * 10_000, True),
        ("x" * 10_001, False),
        ([[0] * 5000] * 3, False),
        ({"a": list(range(100))}, True),
        (range(10**9), True),
        (2**10**6, False),
        (np.zeros(10_001), False),
        (pd.DataFrame({"a": range(6000), "b": range(6000)}), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_small_enough_to_be_carried(value: Any, expected: bool) -> None:
    assert is_small(value) is expected
