"""What operations ask of the process target."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.process.options import ProcessOptions
from tests.helpers import post, wait_until
from tests.ports import free_port
from tests.targets.process.running import Running, script


def test_what_has_never_served_is_stopped_and_can_be_asked_for_everything(running: Running) -> None:
    assert (running.status.state, running.status.error) == ("Stopped", "it has never served")
    running.target.stop(running.place)
    running.target.reload_keys(running.place)
    assert running.target.logs(running.place) == ()


def test_a_given_port_is_taken_and_kept(running: Running) -> None:
    port = free_port()
    status = running.deploy(script(), port=port)
    assert status.scoring_uri == f"http://127.0.0.1:{port}/score"
    assert running.post([1]).json == [1]
    running.target.stop(running.place)
    assert (running.status.state, running.status.scoring_uri) == ("Stopped", status.scoring_uri)
    assert running.deploy(script(), port=port).scoring_uri == status.scoring_uri


def test_a_port_that_is_taken_names_its_holder(running: Running) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        with pytest.raises(TargetError) as raised:
            running.deploy(script(), port=port)
    assert f"cannot listen on 127.0.0.1, port {port}: Address already in use" in raised.value.what
    assert f"(process {os.getpid()}, " in raised.value.what
    assert "port=None" in raised.value.remedy
    wait_until(lambda: not running.processes())


def test_a_stop_lets_the_requests_under_way_finish(running: Running) -> None:
    running.deploy(script(run="open('begun', 'w'); time.sleep(0.5); return data"))
    answers: list[object] = []
    asking = threading.Thread(target=lambda: answers.append(running.post("late").json))
    asking.start()
    wait_until(lambda: (running.place.folder / "bundles" / "1" / "app" / "begun").exists())
    running.target.stop(running.place)
    asking.join()
    assert answers == ["late"]
    assert running.processes() == []
    assert not Path(running.record.control).exists()


@pytest.mark.parametrize(
    ("failing", "what", "shown"),
    [
        (script(init="price = 1\nraise KeyError('price')"), "KeyError: 'price'", "raise KeyError('price')"),
        (script(init="sys.exit(3)"), "SystemExit: 3", "sys.exit(3)"),
        (script(init="os._exit(3)"), "the process ended while init() ran: exit code 3", ""),
        (script(init="os.kill(os.getpid(), signal.SIGSEGV)"), "signal 11 (SIGSEGV)", ""),
        (script(init="time.sleep(600)"), "init() did not finish within 3 s", 'score.py", line 5 in init'),
        ("import no_such_thing\n" + script(), "No module named 'no_such_thing'", "import no_such_thing"),
        (script().replace("def run", "def rum"), "score.py has no run()", ""),
    ],
    ids=["raises", "sys.exit", "ends", "crashes", "hangs", "import", "signature"],
)
def test_an_update_that_does_not_start_shows_the_cause_and_leaves_the_old_version(
    old: Running, failing: str, what: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = old.status
    running = {process.pid for process in old.processes()}
    if "did not finish" in what:
        monkeypatch.setenv("JUPYTER_DEPLOY_START_TIMEOUT", "3")
    with pytest.raises(TargetError) as raised:
        old.deploy(failing)
    assert what in raised.value.what
    assert shown in raised.value.why
    assert "jupyter_deploy_scoring" not in raised.value.why
    assert raised.value.remedy
    wait_until(lambda: {process.pid for process in old.processes()} == running, seconds=2)
    assert old.status == before
    assert old.post().json == "old"


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service that serves "old" and goes on doing so."""
    made = Running(tmp_path_factory.mktemp("old"))
    made.deploy(script(run="return 'old'"))
    yield made
    made.take_away()


def test_a_start_that_is_left_without_taking_over_is_gone_at_once(old: Running) -> None:
    before = {process.pid for process in old.processes()}
    with old.target.bring_up(old.place, old.release(script()), old.report):
        assert len(old.processes()) == len(before) + 2
    assert {process.pid for process in old.processes()} == before
    assert old.post().json == "old"


def test_a_first_start_that_is_left_frees_its_address_at_once(running: Running) -> None:
    port = free_port()
    for _ in range(2):
        with pytest.raises(TargetError, match="no column"):
            running.deploy(script(init="raise ValueError('no column')"), port=port)
    assert running.deploy(script(), port=port).scoring_uri == f"http://127.0.0.1:{port}/score"
    assert running.status.state == "Healthy"


def test_a_release_whose_worker_died_before_the_switch_is_refused_and_taken_away(old: Running) -> None:
    before = {process.pid for process in old.processes()}
    release = old.release(script(init="if os.path.exists('second'):\n    raise OSError('disk')\nopen('second', 'w')"))
    with old.target.bring_up(old.place, release, old.report) as candidate:
        front = next(item for item in old.processes() if item.pid not in before and "front" in item.cmdline())
        worker = next(item for item in front.children() if "worker" in item.cmdline())
        worker.kill()
        wait_until(lambda: f"worker {worker.pid} ended" in old.log)
        with pytest.raises(TargetError, match="the new version is not ready: a worker ended"):
            candidate.take_over()
    assert {process.pid for process in old.processes()} == before
    assert old.post().json == "old"


def test_keys_change_one_at_a_time_without_a_refused_request(running: Running) -> None:
    running.use_keys("p0", "kept")
    running.deploy(script(), replica_max_concurrent_requests=4, max_request_wait_time=10_000)
    uri, done, statuses = running.record.scoring_uri, threading.Event(), []

    def ask() -> None:
        while not done.is_set():
            statuses.append(post(uri, [1], "kept").status)

    asking = [threading.Thread(target=ask) for _ in range(2)]
    for thread in asking:
        thread.start()
    try:
        for number in range(1, 4):
            count = len(statuses)
            running.use_keys(f"p{number}", "kept")
            running.target.reload_keys(running.place)
            assert running.post([1], f"p{number}").status == 200
            assert running.post([1], f"p{number - 1}").status == 401
            wait_until(lambda count=count: len(statuses) > count + len(asking))  # type: ignore[misc]  # the loop's own count
    finally:
        done.set()
        for thread in asking:
            thread.join()
    assert set(statuses) == {200}


def test_stop_and_delete_leave_no_file_of_the_target(running: Running) -> None:
    running.deploy(script())
    control = Path(running.record.control)
    os.kill(running.supervisor, 9)
    running.target.delete(running.place)
    assert [path.name for path in running.place.folder.iterdir()] == ["bundles"]
    assert not control.exists()


def test_settings_are_what_the_server_reads(monkeypatch: pytest.MonkeyPatch, running: Running) -> None:
    options = ProcessOptions(port=8890, allowed_hosts=("models.example",), max_body_mb=5, nan_as="error")
    settings = running.target.server_settings(options)
    assert settings["port"] == 8890
    assert settings["allowedHosts"] == ["models.example"]
    assert settings["maxBodyMb"] == 5
    assert settings["nanAs"] == "error"
    assert settings["authEnabled"] is False
    assert running.target.server_settings(ProcessOptions(host="0.0.0.0"))["authEnabled"] is True
    assert running.target.server_settings(ProcessOptions(host="0.0.0.0", auth_enabled=False))["authEnabled"] is False
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "x")
    assert running.target.server_settings(ProcessOptions())["authEnabled"] is True
    assert json.dumps(settings)
