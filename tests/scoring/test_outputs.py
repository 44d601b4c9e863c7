from __future__ import annotations

import array
import datetime
import json
from collections import namedtuple
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jupyter_deploy.scoring import outputs

Point = namedtuple("Point", "x y")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.array([[1.5, np.nan], [np.inf, -np.inf]]), [[1.5, None], [None, None]]),
        (np.arange(6).reshape(2, 3).T, [[0, 3], [1, 4], [2, 5]]),
        (np.array(["a", None], dtype=object), ["a", None]),
        (np.array(["2026-01-02T03:04:05"], "M8[ns]"), ["2026-01-02T03:04:05"]),
        ({"n": np.float32(0.5), "i": np.int64(3), "b": np.bool_(True), np.str_("k"): np.str_("v")}, None),
        (pd.DataFrame({"a": [1, 2], "b": ["x", None]}), [{"a": 1, "b": "x"}, {"a": 2, "b": None}]),
        (pd.Series([1.5, float("nan")]), [1.5, None]),
        ([pd.Timestamp("2026-01-02"), pd.NaT], ["2026-01-02T00:00:00", None]),
        ([datetime.date(2026, 1, 2), datetime.time(3, 4)], ["2026-01-02", "03:04:00"]),
        (Point(1, 2), [1, 2]),
        (array.array("d", [1, 2]), [1.0, 2.0]),
        (bytearray(b"ab"), "YWI="),
        ([2**70, float("nan"), np.array([np.nan])], [2**70, None, [None]]),
        ("\ud800", "\ud800"),
        ({(1).__class__: 1}.__class__(), {}),
    ],
)
def test_encode(value: Any, expected: Any) -> None:
    if expected is None:
        expected = {"n": 0.5, "i": 3, "b": True, "k": "v"}
    assert json.loads(outputs.encode(value)) == expected


@pytest.mark.parametrize("value", [object(), 1j, {"a": iter([])}, {(1, 2): 3}])
def test_what_has_no_json_form_is_named(value: Any) -> None:
    answer = outputs.of_result(value, 1.0)
    assert (answer.status, answer.run_failed) == (500, False)
    assert "cannot be written as JSON" in json.loads(answer.body)["message"]


def test_a_value_that_holds_itself() -> None:
    loop: list[Any] = []
    loop.append(loop)
    assert outputs.of_result(loop, 1.0).status == 500


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (float("nan"), "the result is nan"),
        ({"a": [1.0, float("-inf")]}, "the result['a'][1] is -inf"),
        (np.array([[1.0], [np.nan]]), "the result[1][0] is nan"),
        (pd.DataFrame({"a": [1.0, np.inf]}), "the result[1]['a'] is inf"),
        ([2**70, float("nan")], "the result[1] is nan"),
    ],
)
def test_nan_is_an_error_where_it_is_refused(monkeypatch: pytest.MonkeyPatch, value: Any, place: str) -> None:
    monkeypatch.setattr(outputs, "_nan_is_refused", True)
    answer = outputs.of_result(value, 1.0)
    assert answer.status == 500
    assert f"{place}, and nan_as is error" in json.loads(answer.body)["message"]
    assert json.loads(outputs.encode([None, 1.5, {"a": None}, np.array([1.0]), pd.NaT])) == [
        None,
        1.5,
        {"a": None},
        [1.0],
        None,
    ]
