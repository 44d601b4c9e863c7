from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest

from jupyter_deploy.errors import UserError
from jupyter_deploy.widgets import bodies
from jupyter_deploy.widgets.bodies import Body, Sources

VARIABLES: dict[str, Any] = {
    "table": pandas.DataFrame({"a": [1, 2]}),
    "array": numpy.ones((3, 4)),
    "rows": [[1, 2]],
    "text": '{"a": "é"}',
    "_hidden": [1],
    "number": 3,
    "module": numpy,
    "kind": pandas.DataFrame,
}


@pytest.fixture
def sources() -> Sources:
    return Sources(lambda: VARIABLES)


def test_variables_that_can_be_sent_are_named_with_what_they_are(sources: Sources) -> None:
    assert sources.names() == [
        {"name": "array", "about": "ndarray 3 × 4"},
        {"name": "rows", "about": "list, 1 long"},
        {"name": "table", "about": "DataFrame 2 × 1"},
        {"name": "text", "about": "str, 10 long"},
    ]


@pytest.mark.parametrize(
    ("source", "content"),
    [
        ({"text": '{"a": "é"}'}, '{"a": "é"}'.encode()),
        ({"variable": "table"}, b'{"rows": [{"a": 1}, {"a": 2}]}'),
        ({"variable": "rows"}, b"[[1, 2]]"),
        ({"variable": "text"}, '{"a": "é"}'.encode()),
    ],
)
def test_a_text_or_a_variable_becomes_a_body(sources: Sources, source: dict[str, str], content: bytes) -> None:
    assert sources.body(source, "application/json", "rows") == Body(content)


def test_a_file_of_this_machine_is_sent_as_it_is(
    sources: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.bin").write_bytes(b"\xff\x00")
    monkeypatch.chdir(tmp_path)
    body = sources.body({"path": "x.bin"}, "image/png", "data")
    assert body == Body(b"\xff\x00", "image/png", "x.bin")
    assert body.text is None
    with pytest.raises(UserError, match=r"there is no file 'y\.bin'"):
        sources.body({"path": "y.bin"}, "image/png", "data")
    with pytest.raises(UserError, match="there is no file '/dev/zero'"):
        sources.body({"path": "/dev/zero"}, "image/png", "data")
    monkeypatch.setattr(bodies, "LARGEST", 1)
    with pytest.raises(UserError, match="larger than"):
        sources.body({"path": "x.bin"}, "image/png", "data")


def test_a_file_of_the_browser_comes_in_pieces_and_only_the_last_few_are_kept(sources: Sources) -> None:
    for upload in "abcde":
        for piece in (b"one ", upload.encode()):
            sources.add(upload, "../x.csv", base64.b64encode(piece).decode())
    assert sources.body({"upload": "e"}, "text/csv", "data") == Body(b"one e", "text/csv", "x.csv")
    with pytest.raises(UserError, match="the file is not here any more"):
        sources.body({"upload": "a"}, "text/csv", "data")


def test_a_file_that_is_too_large_is_refused_while_it_comes(sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "LARGEST", 3)
    sources.add("a", "x.csv", base64.b64encode(b"123").decode())
    with pytest.raises(UserError, match=r"the file 'x\.csv' is larger than"):
        sources.add("a", "x.csv", base64.b64encode(b"4").decode())


@pytest.mark.parametrize("content_type", ["", "json", "text/plain\r\nX: y", "a b/c"])
def test_what_is_no_content_type_is_refused(sources: Sources, content_type: str) -> None:
    with pytest.raises(UserError, match="is no content type"):
        sources.body({"text": "x"}, content_type, "data")


def test_a_variable_that_is_gone_is_said(sources: Sources) -> None:
    with pytest.raises(UserError, match="there is no variable 'gone'"):
        sources.body({"variable": "gone"}, "application/json", "data")
