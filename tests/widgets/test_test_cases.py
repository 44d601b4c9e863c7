from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy.errors import NotFound, UserError
from jupyter_deploy.widgets import test_cases as saved
from jupyter_deploy.widgets.bodies import Body
from tests.widgets.test_exchanges import exchange


def test_a_case_is_readable_and_is_replaced_by_its_name(tmp_path: Path) -> None:
    cases = saved.TestCases("shop", tmp_path)
    assert cases.all() == []
    cases.save("first", exchange(content=b"one", body=Body('{"a": "é"}'.encode())))
    cases.save("second", exchange(content=b"\xff", body=Body(b"\xfe", "image/png")))
    cases.save(" first ", exchange(content=b"two"))
    document = json.loads((tmp_path / "shop.tests.json").read_text())
    assert document == {
        "format": 1,
        "service": "shop",
        "cases": [
            {"name": "first", "content_type": "application/json", "body": "[1]", "status": 200, "answer": "two"},
            {
                "name": "second",
                "content_type": "image/png",
                "body_base64": "/g==",
                "status": 200,
                "answer_base64": "/w==",
            },
        ],
    }
    assert [saved.body_of(case) for case in cases.all()] == [Body(b"[1]"), Body(b"\xfe", "image/png")]
    cases.remove("first")
    assert [case["name"] for case in cases.all()] == ["second"]
    with pytest.raises(NotFound, match="there is no test case 'first'"):
        cases.remove("first")
    with pytest.raises(UserError, match="needs a name"):
        cases.save(" ", exchange())
    assert [path.name for path in tmp_path.iterdir()] == ["shop.tests.json"]


@pytest.mark.parametrize(
    "text", ["", "[]", '{"format": 2, "cases": []}', '{"format": 1, "cases": [{"name": "x"}]}', "\x00"]
)
def test_a_file_of_somebody_else_is_refused_and_left_as_it_is(tmp_path: Path, text: str) -> None:
    path = tmp_path / "shop.tests.json"
    path.write_text(text)
    with pytest.raises(UserError, match=r"^shop\.tests\.json cannot be read"):
        saved.TestCases("shop", tmp_path).save("x", exchange())
    assert path.read_text() == text


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written"):
        saved.TestCases("shop", tmp_path / "missing").save("x", exchange())


@pytest.mark.parametrize(
    ("expected", "got", "said"),
    [
        ({"a": 1, "b": [1.0, 2]}, {"b": [1, 2 + 1e-12], "a": 1}, ""),
        ([1, 2], [1, 3], "answer[1] is 3, not 2"),
        ([1], [1, 2], "answer is 2 long, not 1"),
        ({"a": 1}, {"b": 1}, 'answer has no "a"'),
        ({"a": 1}, {"a": 1, "b": 1}, 'answer has the new "b"'),
        (1, True, "answer is true, not 1"),
        (0, None, "answer is null, not 0"),
        ("1", 1, 'answer is 1, not "1"'),
        (math.nan, math.nan, ""),
        ({"a": [{"b": "x" * 100}]}, {"a": [{"b": 0}]}, f'answer["a"][0]["b"] is 0, not "{"x" * 59}…'),
    ],
)
def test_the_first_difference_is_said(expected: Any, got: Any, said: str) -> None:
    assert saved.difference(expected, got, "answer") == said


def test_an_answer_is_compared_with_the_case() -> None:
    case = {"name": "x", "status": 200, "body": "", "answer": '{"a": 1.0}'}
    assert saved.outcome(case, exchange(content=b'{"a":1}')) == ""
    assert saved.outcome(case, exchange(content=b'{"a":2}')) == 'answer["a"] is 2, not 1.0'
    assert saved.outcome(case, exchange(content=b"text")) == "the answer is another one"
    assert saved.outcome(case, exchange(status=500)) == "the status is 500, not 200"
