"""Coverage-guided fuzzing of what reads bytes that others send: ``python -m tests.soak.fuzzing bodies -max_total_time=60``."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable

import atheris  # type: ignore[import-not-found, unused-ignore]

with atheris.instrument_imports(include=["jupyter_deploy.scoring"]):
    from jupyter_deploy.scoring import frames, inputs, parameters, script
    from jupyter_deploy.scoring.inputs import BadInput
    from jupyter_deploy.scoring.request import Request
    from jupyter_deploy.scoring.room import Room
    from tests.scoring.test_bounds import Served, connect, is_empty
    from tests.scoring.test_fuzz import RUNS

_RUNS = [script.describe(run) for run in RUNS.values()]
_ARRAY = parameters.find(RUNS["array"])["data"]
_FILL = b",[1,2,3]" * 600


def bodies(data: bytes) -> None:
    """A body, or a query, is read or refused."""
    for run in _RUNS:
        for method, query in (("POST", ""), ("GET", data.decode("latin-1"))):
            headers = (("content-type", "application/json"),)
            with contextlib.suppress(BadInput):
                inputs.arguments(run, Request("", method, "/score", query, headers, data))
    parameters.read_rows(b'{"data":[[1,2,3]' + data + _FILL + b"]}", "data", _ARRAY)


def connection(data: bytes) -> None:
    """Whatever arrives, nothing is raised, and all room is given back."""
    room = Room()
    client, sent = connect(Served(at_once=bool(data[:1] > b"\x7f")), room)
    for start in range(1, len(data), max(1, len(data) // 3)):
        if not sent.end:
            client.data_received(data[start : start + max(1, len(data) // 3)])
    client.connection_lost(None)
    assert is_empty(room)


def messages(data: bytes) -> None:
    """Messages come out as they went in, however they are cut."""
    half = len(data) // 2
    stream = b"".join(frames.pack({"id": 1}, data[:half]) + frames.pack({"id": 2}, data[half:]))
    unpacker, found = frames.Unpacker(), []
    for start in range(0, len(stream), 7):
        found += list(unpacker.feed(stream[start : start + 7]))
    assert found == [({"id": 1}, data[:half]), ({"id": 2}, data[half:])]


PARTS: dict[str, Callable[[bytes], None]] = {"bodies": bodies, "connection": connection, "frames": messages}

if __name__ == "__main__":
    atheris.Setup([sys.argv[0], *sys.argv[2:]], PARTS[sys.argv[1]])
    atheris.Fuzz()
