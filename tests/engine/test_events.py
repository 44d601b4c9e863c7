from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jupyter_deploy.engine.events import EventLog
from jupyter_deploy.errors import WorkspaceError
from tests.helpers import files_no_larger_than
from tests.services import python

FOLLOW = """
import sys, json
from pathlib import Path
from jupyter_deploy.engine.events import EventLog
for event in EventLog(Path(sys.argv[1])).follow(lambda: False):
    print(json.dumps([event.number, event.kind, event.text]), flush=True)
"""
WRITE = """
import sys, time
from pathlib import Path
from jupyter_deploy.engine.events import EventLog
for text in "abc":
    EventLog(Path(sys.argv[1])).write("log", text)
print("written", flush=True)
time.sleep(60)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


def test_what_is_written_is_read_in_order(path: Path) -> None:
    log = EventLog(path)
    log.write("began", "start of the service", step="start")
    log.write("moved", "worker started", step="start", pid=12, folder=Path("x"))
    events = log.events()
    assert [(event.number, event.kind, event.step, event.text) for event in events] == [
        (0, "began", "start", "start of the service"),
        (1, "moved", "start", "worker started"),
    ]
    assert events[1].facts == {"pid": 12, "folder": "x"}
    assert str(events[0]).endswith("  start of the service")  # which names the step
    assert str(events[1]).endswith("  start: worker started")
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_log_that_nobody_has_begun_is_empty(path: Path) -> None:
    assert EventLog(path).events() == []


def test_a_torn_last_line_hides_nothing_but_itself(path: Path) -> None:
    log = EventLog(path)
    log.write("began", "first")
    whole = path.read_bytes()
    path.write_bytes(whole + whole[: len(whole) // 2])  # its writer was killed in the middle
    assert [event.text for event in log.events()] == ["first"]
    log.write("finished", "last")
    assert [event.text for event in log.events()] == ["first", "last"]
    assert [json.loads(line)["text"] for line in path.read_text().splitlines() if line.endswith("}")] == [
        "first",
        "last",
    ]


def test_events_of_several_writers_are_whole_and_numbered(path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda text: EventLog(path).write("log", text * 50), map(str, range(200))))
    events = EventLog(path).events()
    assert [event.number for event in events] == list(range(200))
    assert {event.text for event in events} == {str(number) * 50 for number in range(200)}


def test_another_process_sees_every_event_from_the_first(path: Path) -> None:
    log = EventLog(path)
    for number in range(10):
        log.write("log", f"line {number}")
    with python(FOLLOW, path) as follower:
        assert follower.stdout is not None
        seen = [json.loads(follower.stdout.readline())]  # it is following now
        for number in range(10, 40):
            log.write("log", f"line {number}")
        log.write("finished", "done", outcome="Succeeded")
        seen += map(json.loads, follower.stdout)
    assert seen == [[number, "log", f"line {number}"] for number in range(40)] + [[40, "finished", "done"]]
    assert follower.returncode == 0


def test_following_ends_when_the_writer_is_killed(path: Path) -> None:
    with python(WRITE, path) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "written\n"
        threading.Timer(0.2, writer.kill).start()
        events = EventLog(path).follow(lambda: writer.poll() is not None)
        assert [event.text for event in events] == ["a", "b", "c"]


def test_an_event_that_does_not_fit_on_the_disk_is_not_there_at_all(path: Path) -> None:
    log = EventLog(path)
    log.write("log", "first")
    before = path.read_bytes()
    with files_no_larger_than(len(before) + 10), pytest.raises(WorkspaceError, match=f"^{path} cannot be written: No"):
        log.write("log", "second")
    assert path.read_bytes() == before
    assert log.write("log", "third").number == 1
