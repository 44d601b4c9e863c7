from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_deploy.targets.process.record import ProcessRecord
from jupyter_deploy.workspace.identity import ProcessIdentity


def record(host: str = "127.0.0.1") -> ProcessRecord:
    return ProcessRecord(host, 8890, 3, "/tmp/somewhere.sock", ProcessIdentity.of(os.getpid()))  # noqa: S108  (never opened)


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert ProcessRecord.read(tmp_path) is None
    record().write(tmp_path)
    assert ProcessRecord.read(tmp_path) == record()
    record().stopped().write(tmp_path)
    stopped = ProcessRecord.read(tmp_path)
    assert stopped is not None
    assert (stopped.supervisor, stopped.scoring_uri) == (None, record().scoring_uri)
    assert [path.name for path in tmp_path.iterdir()] == ["process.json"]


@pytest.mark.parametrize(
    ("host", "uri"),
    [
        ("127.0.0.1", "http://127.0.0.1:8890/score"),
        ("0.0.0.0", "http://127.0.0.1:8890/score"),
        ("::", "http://[::1]:8890/score"),
        ("fe80::1", "http://[fe80::1]:8890/score"),
        ("models.example", "http://models.example:8890/score"),
    ],
)
def test_the_address_can_be_asked_from_this_machine(host: str, uri: str) -> None:
    assert record(host).scoring_uri == uri
