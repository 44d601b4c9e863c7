"""What the owner of a service does when processes end, and what is left when it ends itself."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from jupyter_deploy.errors import TargetError
from tests.clients import clients_of, wait_for_answers
from tests.helpers import post, wait_for_end, wait_until
from tests.targets.process.running import Running, script


@contextmanager
def asked_all_the_time(uri: str, data: object = None) -> Iterator[Counter[int | str]]:
    """Ask one request after the other meanwhile; counts the statuses, and the errors by name."""
    seen: Counter[int | str] = Counter()
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            try:
                seen[post(uri, data).status] += 1
            except OSError as error:
                seen[type(error).__name__] += 1

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()


def test_a_killed_supervisor_takes_everything_with_it_and_a_start_restores(running: Running) -> None:
    running.deploy(script(run="while data == 'spin':\n    pass\nreturn 'old'"))
    uri, pid = running.record.scoring_uri, running.supervisor
    with asked_all_the_time(uri, "spin"):
        (worker,) = running.status.details["workers"]
        before = sum(psutil.Process(worker).cpu_times()[:2])
        wait_until(lambda: sum(psutil.Process(worker).cpu_times()[:2]) > before + 0.2)  # it spins
        supervisor = psutil.Process(pid)
        supervisor.kill()
        wait_until(lambda: not running.processes(), seconds=2)
        wait_for_end(supervisor)
    assert running.status.state == "Stopped"
    assert (
        running.status.error
        == f"its supervisor (process {pid}) was killed or crashed; starting the service brings it back"
    )

    assert running.deploy(script(run="return 'back'")).scoring_uri == uri
    assert running.post().json == "back"
    os.kill(running.supervisor, signal.SIGKILL)
    assert running.deploy(script(run="return 'at once'")).scoring_uri == uri  # without waiting for what is left
    assert running.post().json == "at once"


def test_a_service_whose_workspace_was_removed_by_hand_ends(running: Running) -> None:
    running.deploy(script(run="return 'here'"))
    supervisor = psutil.Process(running.supervisor)
    family = [supervisor, *supervisor.children(recursive=True)]
    shutil.rmtree(running.place.folder)
    wait_until(lambda: not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in family))


def test_a_killed_front_is_started_again_at_the_same_address(running: Running) -> None:
    running.deploy(script(run="return 'here'"))
    uri, front = running.record.scoring_uri, running.status.details["front"]
    os.kill(front, signal.SIGKILL)
    wait_until(lambda: running.status.details.get("front") not in (front, None))
    running.wait_until_healthy()
    assert running.record.scoring_uri == uri
    assert running.post().json == "here"
    assert "the front process ended with signal 9; starting it again" in running.log


def test_a_killed_worker_is_started_again_and_only_its_own_calls_are_lost(running: Running) -> None:
    running.deploy(script(run="time.sleep(0.01); return os.getpid()"), max_request_wait_time=10_000)
    with asked_all_the_time(running.record.scoring_uri) as seen:
        wait_until(lambda: seen[200] > 3)
        worker = running.post().json
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: running.status.details.get("workers") not in ([worker], [], None))
        running.wait_until_healthy()
        before = seen[200]
        wait_until(lambda: seen[200] > before + 3)
    assert set(seen) <= {200, 502, 503}
    assert seen[502] <= 1
    assert running.post().json != worker


def test_a_worker_that_cannot_start_again_is_unhealthy_with_the_reason(running: Running) -> None:
    gone = "if os.path.exists('gone'):\n    raise FileNotFoundError('the price list is gone')"
    running.deploy(script(init=gone, run="open('gone', 'w')\nos._exit(4)"))
    assert running.post().status == 502
    unhealthy = wait_until(lambda: running.status if "price list" in running.status.error else None)
    assert unhealthy.state == "Unhealthy"
    assert unhealthy.error.startswith("a worker ended: ")
    (running.place.folder / "bundles" / "1" / "app" / "gone").unlink()
    running.wait_until_healthy()


def test_termination_is_an_orderly_stop(running: Running) -> None:
    running.deploy(script())
    supervisor = psutil.Process(running.supervisor)
    supervisor.terminate()
    wait_until(lambda: not running.processes(), seconds=5)
    wait_for_end(supervisor)
    assert (running.status.state, running.status.error) == ("Stopped", "")


def test_a_call_that_takes_too_much_memory_is_ended_by_name_and_the_service_is_back(running: Running) -> None:
    running.deploy(script(run="kept = bytearray(int(data) << 20)\ntime.sleep(3)\nreturn len(kept)"), memory_gb=0.2)
    assert running.post(400).status == 502
    running.wait_until_healthy()
    wait_until(lambda: "memory limit of 0.2 GB (memory_gb) exceeded" in running.log)


def test_an_update_whose_init_takes_too_much_memory_names_the_limit(running: Running) -> None:
    running.deploy(script(run="return 'old'"))
    with pytest.raises(TargetError, match=r"memory limit of 0\.2 GB \(memory_gb\) exceeded") as raised:
        running.deploy(script(init="kept = bytearray(400 << 20)\ntime.sleep(3)"), memory_gb=0.2)
    assert "memory_gb" in raised.value.remedy
    assert running.post().json == "old"
    assert running.status.state == "Healthy"
    wait_until(lambda: len(running.processes()) == 3)


def test_three_updates_under_load_lose_no_request(running: Running) -> None:
    options = {"replica_max_concurrent_requests": 8, "max_request_wait_time": 10_000}
    versions = [running.release(script(run="time.sleep(0.1)\nreturn 1"), **options) for _ in range(4)]
    with clients_of(running.serve(versions[0]).scoring_uri) as clients:
        wait_for_answers(clients)
        for release in versions[1:]:
            running.serve(release)
            wait_for_answers(clients)
    assert {outcome for client in clients for outcome in client.outcomes} == {200}
    assert running.status.version == versions[-1].version
    wait_until(lambda: len(running.processes()) == 3)  # what served before has drained


def test_a_request_sent_at_the_very_switch_is_answered(running: Running) -> None:
    release = running.release(script(run="return 'here'"))
    statuses = []
    for _ in range(8):
        running.serve(release)
        statuses.append(running.post().status)
    assert Counter(statuses) == {200: 8}


def test_the_log_holds_every_version_and_is_the_users_alone(running: Running) -> None:
    running.deploy(script(run="print('first says', data)"))
    running.post("hello")
    running.deploy(script(run="raise ValueError('no such row')"))
    wait_until(lambda: len(running.processes()) == 3)  # the first version has drained
    assert running.post().status == 500
    wait_until(lambda: "no such row" in running.log)
    assert "first says hello" in running.log
    assert 'score.py", line 9, in run' in running.log
    log = running.target.logs(running.place)[0]
    assert log.stat().st_mode & 0o777 == 0o600
    assert log.parent.stat().st_mode & 0o777 == 0o700
    assert Path(running.record.control).stat().st_mode & 0o777 == 0o600


def test_a_version_that_cannot_be_recorded_does_not_take_over(running: Running) -> None:
    running.deploy(script(run="return 'old'"))
    in_the_way = running.place.folder / "process.json.new"
    in_the_way.mkdir()
    with pytest.raises(TargetError, match=f"cannot be recorded: {running.place.folder} cannot be written"):
        running.deploy(script(run="return 'new'"))
    assert running.post().json == "old"
    in_the_way.rmdir()
    running.deploy(script(run="return 'new'"))
    wait_until(lambda: running.post().json == "new")
