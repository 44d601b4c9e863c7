"""What a log says of a start that failed, in both formats of the log."""

from __future__ import annotations

import json

import pytest

from jupyter_deploy.targets.verdict import Verdict, verdict

TRACE = """Traceback (most recent call last):
  File "/var/azureml-app/score.py", line 11, in init
    raise ValueError("no such column")
ValueError: no such column"""
MESSAGE = "init() raised ValueError: no such column"


def as_text(*records: tuple[str, str]) -> list[str]:
    return [
        line
        for message, more in records
        for line in [
            f"2026-01-01 00:00:00,000 E [7] azmlinfsrv - {message}",
            *(f"    {each}" for each in more.splitlines()),
        ]
    ]


def as_json(*records: tuple[str, str]) -> list[str]:
    messages = ("\n".join(filter(None, record)) for record in records)
    return [
        json.dumps({"time": "2026-01-01T00:00:00.000Z", "level": "ERROR", "message": message}) for message in messages
    ]


RECORDS = (
    ("worker 7 ended", 'Traceback (most recent call last):\n  File "/var/azureml-app/other.py", line 1'),
    ("version 3 starts", ""),
    (f"the service cannot start: {MESSAGE}", TRACE),
    ("GET /score 503", ""),
    (f"the service cannot start (init): {MESSAGE}", ""),
)


@pytest.mark.parametrize("form", [as_text, as_json])
def test_the_stage_the_message_and_the_scripts_own_lines(form: object) -> None:
    assert callable(form)
    found = verdict(form(*RECORDS))
    assert found is not None
    assert (found.stage, found.message) == ("init", MESSAGE)
    lines = [line.strip() for line in found.trace.splitlines()]
    assert lines == [line.strip() for line in TRACE.replace("/var/azureml-app/", "").splitlines()]


def test_a_cause_without_a_traceback() -> None:
    lines = as_text(("the service cannot start (memory): memory limit of 1 GB (memory_gb) exceeded", ""))
    assert verdict(lines) == Verdict("memory", "memory limit of 1 GB (memory_gb) exceeded", "")


@pytest.mark.parametrize(
    "lines", [[], ["2026-01-01 00:00:00,000 I [7] root - ready"], ['{"time": "torn', '{"time": 1}']]
)
def test_there_is_none(lines: list[str]) -> None:
    assert verdict(lines) is None
