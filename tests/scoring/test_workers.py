"""Several workers, calls that take too long, and requests that were handed over ahead."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .fronts import Front, is_alive, make_bundle, wait_for
from .test_metrics import value

SCRIPT = """
import ctypes, os, time

def init():
    open(f"init-{os.getpid()}", "w").close()

def run(text):
    open(f"began-{text}", "w").close()
    if text.startswith("hold"):
        ctypes.PyDLL(None).usleep(60_000_000)  # holds the interpreter lock
    while text.startswith("wait") and not os.path.exists("go"):
        time.sleep(0.005)
    time.sleep(0.02 if text.startswith("short") else 0)
    return os.getpid()
"""


def test_each_worker_is_a_process_that_calls_init_once(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path, SCRIPT, workerCount=2, maxQueueWaitMs=5000)).serve() as front:
        started = {event["worker"] for event in front.events if event["event"] == "starting"}
        assert len(started) == 2
        assert {int(path.name.split("-")[1]) for path in (tmp_path / "app").glob("init-*")} == started
        with ThreadPoolExecutor(8) as pool:
            answers = [reply.json for reply in pool.map(front.post, [f"short-{number}" for number in range(40)])]
        assert set(answers) == started


def test_the_service_is_ready_when_all_workers_are(tmp_path: Path) -> None:
    script = """
        import os, time

        def init():
            try:
                os.mkdir("first")
            except FileExistsError:
                while not os.path.exists("go"):
                    time.sleep(0.01)

        def run(text):
            return text
    """
    with Front(make_bundle(tmp_path, script, workerCount=2)) as front:
        front.order("accept")
        front.expect("accepting")
        wait_for((tmp_path / "app" / "first").exists)
        assert front.ask("GET", "/ready").status == 503
        (tmp_path / "app" / "go").touch()
        front.expect("ready")
        assert front.ask("GET", "/ready").status == 200


def test_a_worker_that_cannot_start_is_the_services_failure(tmp_path: Path) -> None:
    script = "import os\ndef init():\n    os.mkdir('mine')\ndef run(text):\n    return text\n"
    with Front(make_bundle(tmp_path, script, workerCount=2)) as front:
        assert "init() raised FileExistsError" in front.expect("failed")["message"]
        assert front.process.wait(5) == 3
        assert not any(is_alive(event["worker"]) for event in front.events if event["event"] == "starting")


def test_other_workers_go_on_when_one_is_killed(tmp_path: Path) -> None:
    settings = make_bundle(tmp_path, SCRIPT, workerCount=2, maxQueueWaitMs=5000)
    with Front(settings).serve() as front, ThreadPoolExecutor(1) as pool:
        busy = pool.submit(front.post, "wait")
        wait_for((tmp_path / "app" / "began-wait").exists)
        other = front.post("x").json
        os.kill(other, signal.SIGKILL)
        exited = front.expect("worker_exited")
        assert (exited["worker"], exited["left"]) == (other, 1)
        assert front.ask("GET", "/ready").status == 200
        (tmp_path / "app" / "go").touch()
        assert busy.result().status == 200


def test_a_call_that_takes_too_long_is_really_stopped_and_others_go_on(tmp_path: Path) -> None:
    settings = make_bundle(tmp_path, SCRIPT, workerCount=2, scoringTimeoutMs=1000, maxQueueWaitMs=5000)
    with Front(settings).serve() as front, ThreadPoolExecutor(1) as pool:
        began = time.monotonic()
        held = pool.submit(front.post, "hold")
        wait_for((tmp_path / "app" / "began-hold").exists)
        others = [front.post(f"x{number}").json for number in range(3)]
        reply = held.result()
        assert reply.status == 504
        assert reply.headers["x-ms-run-function-failed"] == "True"
        assert (
            "did not end within 1000 ms (scoring_timeout_ms, scoringTimeoutMs) and was stopped" in reply.json["message"]
        )
        assert 1 <= time.monotonic() - began < 2.6
        exited = front.expect("worker_exited")
        assert "run() took longer than 1000 ms" in exited["reason"]
        assert not is_alive(exited["worker"])
        assert exited["worker"] not in others
        front.expect("ready")


def test_calls_begun_beside_one_that_is_stopped_are_lost_and_waiting_ones_are_not(tmp_path: Path) -> None:
    settings = make_bundle(
        tmp_path, SCRIPT, maxConcurrentRequestsPerContainer=2, scoringTimeoutMs=3000, maxQueueWaitMs=20_000
    )
    with Front(settings).serve() as front, ThreadPoolExecutor(8) as pool:
        app = tmp_path / "app"
        held = pool.submit(front.post, "wait-held")
        wait_for((app / "began-wait-held").exists)
        time.sleep(1.5)
        beside = pool.submit(front.post, "wait-beside")
        wait_for((app / "began-wait-beside").exists)
        waiting = [pool.submit(front.post, f"later-{number}") for number in range(4)]
        assert held.result().status == 504
        assert beside.result().status == 502
        assert "the request was not repeated" in beside.result().json["message"]
        assert [reply.result().status for reply in waiting] == [200] * 4


def test_what_was_handed_over_ahead_is_run_by_the_next_worker(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path, SCRIPT, maxQueueWaitMs=20_000)).serve() as front, ThreadPoolExecutor(4) as pool:
        assert front.post("quick").status == 200  # calls are short, so the worker is handed one ahead
        first = pool.submit(front.post, "wait-first")
        wait_for((tmp_path / "app" / "began-wait-first").exists)
        ahead = [pool.submit(front.post, f"ahead-{number}") for number in range(3)]
        time.sleep(0.1)  # they reach the front; nothing outside shows that
        front.kill_worker()
        assert first.result().status == 502
        assert [reply.result().status for reply in ahead] == [200] * 3


def test_what_was_handed_over_ahead_waits_no_longer_than_the_queue_and_is_not_run(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path, SCRIPT, maxQueueWaitMs=200)).serve() as front, ThreadPoolExecutor(4) as pool:
        assert front.post("quick").status == 200
        first = pool.submit(front.post, "wait-first")
        wait_for((tmp_path / "app" / "began-wait-first").exists)
        replies = list(pool.map(front.post, ["ahead-1", "ahead-2"]))
        assert [reply.status for reply in replies] == [503, 503]
        (tmp_path / "app" / "go").touch()
        assert first.result().status == 200
        wait_for(lambda: value(front, "scoring_slots_in_use") == 0)  # also of what is not to be run any more
        assert front.post("after").status == 200
        assert not list((tmp_path / "app").glob("began-ahead-*"))


def test_a_full_queue_refuses_at_once(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path, SCRIPT, maxQueueWaitMs=60_000)).serve() as front, ThreadPoolExecutor(1) as pool:
        first = pool.submit(front.post, "wait-first")
        wait_for((tmp_path / "app" / "began-wait-first").exists)
        queued = []
        for number in range(1001):
            connection = front.connect()
            connection.request("POST", "/score", f"queued-{number}")
            queued.append(connection)
        refused = front.post("one more")
        assert refused.status == 503
        assert "1000 requests are waiting already" in refused.json["message"]
        for connection in queued:
            connection.close()
        (tmp_path / "app" / "go").touch()
        assert first.result().status == 200
