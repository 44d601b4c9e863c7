from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_deploy.engine.log_window import LogWindow
from jupyter_deploy.widgets import request_log
from jupyter_deploy.widgets.request_log import lines_of

LOG = """\
2026-01-01 10:00:00,000 I [7] root - before (request one)
2026-01-01 10:00:01,000 I [7] root - other (request two)
2026-01-01 10:00:02,000 E [7] root - mine (request one)
Traceback (most recent call last):
  ValueError: x
2026-01-01 10:00:03,000 I [7] azmlinfsrv - POST /score 500
{"time": "2026", "level": "ERROR", "logger": "root", "message": "mine", "request_id": "one", "pid": 7}
"""


def test_lines_with_the_id_and_those_below_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_log, "PATIENCE", 0)
    path = tmp_path / "log"
    path.write_text(LOG)
    window = LogWindow(lambda: [path])
    after_first = len(LOG.splitlines(keepends=True)[0])
    lines = [line.text for line in lines_of(window, "one", after_first)]
    assert lines[:3] == LOG.splitlines()[2:5]
    assert lines[3].startswith('{"time"')
    assert len(lines) == 4
    with path.open("a") as file:
        file.write(f"2026-01-01 10:00:04,000 I [7] root - {'x' * 100_000} (request long)\n")
    assert [line.text[-15:] for line in lines_of(window, "long", 0)] == ["(100,052 bytes)"]
    assert lines_of(window, "", 0) == lines_of(window, "three", 0) == []
