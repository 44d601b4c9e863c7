"""What a scoring server's log says of a start that failed: the stage, the message, and the script's own lines."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from jupyter_deploy.images.dockerfile import APP_ROOT

_VERDICT = re.compile(r"the service cannot start \((\w+)\): (.*)")
_RECORD = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d|\{")


@dataclass(frozen=True)
class Verdict:
    """Why a server in a container did not start, in its own words.

    Parameters
    ----------
    stage : in which it failed ("init"). message : in one line. trace : the script's traceback; empty where it has none.
    """

    stage: str
    message: str
    trace: str


def verdict(lines: Sequence[str]) -> Verdict | None:
    """The verdict in a log; None where there is none."""
    lines = [line for each in lines for line in _plain(each)]
    for number, line in enumerate(lines):
        if found := _VERDICT.search(line):
            trace = "\n".join(_trace(lines[:number])).replace(f"{APP_ROOT}/", "").rstrip()
            return Verdict(found[1], found[2], trace)
    return None


def _plain(line: str) -> list[str]:
    """A line as the text format has it: a record in JSON is one of several lines, and keeps a mark of its beginning."""
    if line.startswith('{"time": '):
        with contextlib.suppress(ValueError):
            first, *rest = str(json.loads(line).get("message", "")).split("\n")
            return ["{" + first, *rest]
    return [line]


def _trace(lines: Sequence[str]) -> list[str]:
    """The lines of the last record with a traceback or stacks in it, without the record's own first line."""
    blocks: list[list[str]] = [[]]
    for line in lines:
        if _RECORD.match(line):
            blocks.append([])
        else:
            blocks[-1].append(line)
    return next((block for block in reversed(blocks) if any('File "' in line for line in block)), [])
