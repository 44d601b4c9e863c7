"""Results as JSON and as text for people."""

from __future__ import annotations

import json

import pytest

from jupyter_deploy.cli.output import show


@pytest.mark.parametrize("result", [{"a": 1}, [], ["x"], [1.5], "text", None, "", 3])
def test_json_is_one_document_that_reads_back(result: object, capsys: pytest.CaptureFixture[str]) -> None:
    show(result, "json")
    assert json.loads(capsys.readouterr().out) == result


def test_a_record_for_people_is_a_line_for_each_key(capsys: pytest.CaptureFixture[str]) -> None:
    show({"name": "x", "tags": {"a": "b"}, "ids": ["m:1", "n:2"], "error": None}, "table")
    lines = ["key    value", "name   x", "tags   a=b", "ids    m:1, n:2", "error", ""]
    assert capsys.readouterr().out == "\n".join(lines)


def test_a_list_of_records_is_a_table_with_times_to_the_second(capsys: pytest.CaptureFixture[str]) -> None:
    show([{"name": "x", "updatedTime": "2020-01-02T03:04:05.678+00:00"}], "table")
    head, row = capsys.readouterr().out.splitlines()
    assert head.split() == ["name", "updatedTime"]
    assert len(row.split()[1]) == len("2020-01-02T03:04:05")


@pytest.mark.parametrize(
    ("result", "text"), [(["a", "b"], "a\nb\n"), ([], ""), ("answer", "answer\n"), ([1, 2], "[1, 2]\n"), (None, "null\n"), ({}, "{}\n"),
     ([{"a": 1}, {"b": 2}], '[{"a": 1}, {"b": 2}]\n'), ([{}], "[{}]\n"), ([{"bootTime": "soon"}], "bootTime\nsoon\n")],
)  # fmt: skip
def test_other_results_for_people(result: object, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    show(result, "table")
    assert capsys.readouterr().out == text


@pytest.mark.parametrize(("form", "text"), [("json", '"ä"\n"b"\n'), ("table", "ä\nb\n")])
def test_lines_are_printed_as_they_come(form: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    show(iter(["ä", "b"]), form)
    assert capsys.readouterr().out == text
