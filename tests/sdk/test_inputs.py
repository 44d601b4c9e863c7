from __future__ import annotations

import json
from datetime import date
from typing import Any

import numpy
import pandas
import pytest

from jupyter_deploy.errors import UserError
from jupyter_deploy.sdk.inputs import body_of


@pytest.mark.parametrize("text", ['{"data": [1]}', "[1, 2]", "3.5", "null", '"text"'])
def test_json_is_sent_as_typed(text: str) -> None:
    assert body_of(text, {}) == text


@pytest.mark.parametrize("value", ["any text", b"\x00bytes"])
def test_a_variable_with_a_text_or_bytes_is_sent_as_it_is(value: object) -> None:
    assert body_of("rows", {"rows": value}) == value


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ({"data": [1]}, {"data": [1]}),
        ([1, 2], [1, 2]),
        (numpy.array([[1.5, 2]]), {"data": [[1.5, 2.0]]}),
        (pandas.DataFrame({"a": [1, 2], "b": ["x", "y"]}), {"data": [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]}),
        (pandas.Series([1, 2]), {"data": [1, 2]}),
        ({"data": pandas.DataFrame({"a": [1]}), "how": numpy.float32(0.5)}, {"data": [{"a": 1}], "how": 0.5}),
        ({"on": date(2020, 1, 2)}, {"on": "2020-01-02"}),
    ],
)
def test_a_variable_becomes_json(value: object, sent: object) -> None:
    assert json.loads(body_of("rows", {"rows": value})) == sent


def test_a_variable_wins_over_json_of_the_same_text() -> None:
    assert body_of("true", {"true": "mine"}) == "mine"


@pytest.mark.parametrize(
    ("typed", "variables", "cause"),
    [
        ("rows", {}, "there is no variable 'rows'"),
        ("f(x)", {}, "'f(x)' is neither JSON nor the name of a variable"),
        ("rows", {"rows": object()}, "'rows' cannot be written as JSON: a object has no JSON form"),
        ("rows", {"rows": numpy.array([float("nan")])}, "'rows' cannot be written as JSON"),
    ],
)
def test_what_cannot_be_sent_is_refused(typed: str, variables: dict[str, Any], cause: str) -> None:
    with pytest.raises(UserError) as caught:
        body_of(typed, variables)
    assert str(caught.value).startswith(cause) or cause in str(caught.value).splitlines()[0]
    assert caught.value.remedy
