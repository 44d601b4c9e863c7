from __future__ import annotations

from typing import Any

import pytest

from jupyter_deploy.engine.differences import Difference, first_difference


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ({"y": [1.0, 2]}, {"y": [1.0 + 1e-8, 2]}),
        (0.0, 1e-10),
        (1, 1.0),
        (10**30, 10**30),
        ([None, True, "ü"], [None, True, "ü"]),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ],
)
def test_the_same_within_tolerance(left: Any, right: Any) -> None:
    assert first_difference(left, right) is None


@pytest.mark.parametrize(
    ("left", "right", "difference"),
    [
        ([1.0, 2.0], [1.0, 2.00001], ("answer[1]", "2.0", "2.00001")),
        ({"a": {"b": [0]}}, {"a": {"b": [1]}}, ("answer['a']['b'][0]", "0", "1")),
        ({"a": 1}, {}, ("answer['a']", "1", "nothing")),
        ({}, {"a": None}, ("answer['a']", "nothing", "None")),
        ([1, 2], [1], ("len(answer)", "2", "1")),
        (1, True, ("answer", "1", "True")),
        (None, 0.0, ("answer", "None", "0.0")),
        (10**20, 10**20 + 1, ("answer", str(10**20), str(10**20 + 1))),
        ("1", 1, ("answer", "'1'", "1")),
        ("x" * 99, [], ("answer", "'" + "x" * 59 + " …", "[]")),
    ],
)
def test_the_first_difference_is_named_with_both_values(
    left: Any, right: Any, difference: tuple[str, str, str]
) -> None:
    assert first_difference(left, right) == Difference(*difference)
