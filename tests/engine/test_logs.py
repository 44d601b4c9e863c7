from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_deploy import Webservice, Workspace
from jupyter_deploy.engine.logs import last_lines
from jupyter_deploy.errors import DeployError
from jupyter_deploy.targets.logfile import RotatingLog, log_files
from tests.helpers import wait_until, write_script
from tests.services import begin, serve

SPEAKS = "def init():\n    print('init speaks')\ndef run(data):\n    print('heard', data)\n    return data"


class Follower(threading.Thread):
    """Follows the log of a service until it ends."""

    def __init__(self, service: Webservice, num_lines: int) -> None:
        super().__init__(daemon=True)
        self.lines: list[str] = []
        self._source = service.logs(follow=True, num_lines=num_lines)

    def run(self) -> None:
        for line in self._source:
            self.lines.append(line)

    def has(self, text: str) -> Callable[[], bool]:
        return lambda: any(text in line for line in self.lines)


@pytest.mark.parametrize("count", [0, 1, 7, 40, 60, 1000])
def test_the_last_lines_are_read_over_rotated_files(tmp_path: Path, count: int) -> None:
    path = tmp_path / "service.log"
    log = RotatingLog(path, limit=300, kept=10)
    written = [f"line {number} of the service's log" for number in range(60)]
    for line in written:
        log.write(line.encode() + b"\n")
    log.close()
    assert len(log_files(path)) > 4
    assert last_lines(log_files(path), count) == written[len(written) - min(count, 60) :]


def test_long_lines_and_a_last_line_without_an_end_are_read_whole(tmp_path: Path) -> None:
    lines = ["ä" * 100_000, "b" * 70_000, "last"]
    (tmp_path / "service.log").write_text("\n".join(lines), encoding="utf-8")
    assert last_lines([tmp_path / "service.log"], 2) == lines[1:]
    assert last_lines([tmp_path / "service.log"], 9) == lines


def test_a_log_is_followed_over_rotation_until_the_service_is_stopped(workspace: Workspace, tmp_path: Path) -> None:
    service = serve(workspace, write_script(tmp_path, SPEAKS))
    service.run("first")
    wait_until(lambda: "heard first" in service.get_logs(50))
    assert len(service.get_logs(1).splitlines()) == 1
    follower = Follower(service, num_lines=1000)
    follower.start()
    wait_until(follower.has("heard first"))
    service.run("second")
    wait_until(follower.has("heard second"))
    path = workspace.path / "services" / service.name / "log" / "service.log"
    for number in range(3):  # as the supervisor does it when the file is full
        with path.open("a") as file:
            file.write(f"rotated {number}\n")
        path.rename(path.with_name(f"service.log.{3 - number}"))
        path.write_text(f"begun {number}\n")
        wait_until(follower.has(f"begun {number}"))
    service.stop()
    follower.join(timeout=10)
    assert not follower.is_alive()
    assert any("init speaks" in line for line in follower.lines)
    told = [line for line in follower.lines if line.startswith(("rotated", "begun"))]
    assert told == ["rotated 0", "begun 0", "rotated 1", "begun 1", "rotated 2", "begun 2"]
    assert list(service.logs(num_lines=1)) == ["begun 2"]


def test_the_log_of_what_never_served_can_be_read_and_ends(workspace: Workspace, tmp_path: Path) -> None:
    service = begin(
        workspace, write_script(tmp_path, "def init():\n    print('about to fail')\n    1 / 0\ndef run(x): pass")
    )
    with pytest.raises(DeployError):
        service.wait_for_deployment()
    assert "about to fail" in service.get_logs()
    follower = Follower(service, num_lines=5)
    follower.start()
    follower.join(timeout=10)
    assert not follower.is_alive()
    assert any("ZeroDivisionError" in line for line in follower.lines)
