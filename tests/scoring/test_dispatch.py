"""Slots, the queue, and what happens to requests whose client or worker goes."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .fronts import Front, Reply, make_bundle, wait_for
from .test_metrics import value

# Each run marks its beginning and end, and one that is told "wait" ends when the file "go" exists.
COUNTING = """
import os, threading, time
lock, inside, most = threading.Lock(), 0, 0

def init():
    pass

def run(text):
    global inside, most
    with lock:
        inside += 1
        most = max(most, inside)
    open(f"began-{text}", "w").close()
    if text.startswith("wait"):
        while not os.path.exists("go"):
            time.sleep(0.005)
    else:
        time.sleep(0.02)
    with lock:
        inside -= 1
    return {"most": most, "main": threading.current_thread() is threading.main_thread()}
"""


def together(ask: Callable[[str], Reply], texts: list[str]) -> list[Reply]:
    with ThreadPoolExecutor(len(texts)) as pool:
        return list(pool.map(ask, texts))


def test_one_slot_never_overlaps_and_runs_in_the_main_thread(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path, COUNTING, maxQueueWaitMs=5000)).serve() as front:
        replies = together(front.post, [str(number) for number in range(8)])
        assert [reply.json for reply in replies] == [{"most": 1, "main": True}] * 8


def test_four_slots_overlap(tmp_path: Path) -> None:
    settings = make_bundle(tmp_path, COUNTING, maxConcurrentRequestsPerContainer=4, maxQueueWaitMs=5000)
    with Front(settings).serve() as front, ThreadPoolExecutor(6) as pool:
        replies = [pool.submit(front.post, f"wait-{number}") for number in range(6)]
        wait_for(lambda: len(list((tmp_path / "app").glob("began-*"))) == 4)
        time.sleep(0.1)  # a fifth would begin now
        assert len(list((tmp_path / "app").glob("began-*"))) == 4
        (tmp_path / "app" / "go").touch()
        assert max(reply.result().json["most"] for reply in replies) == 4


def test_a_request_waits_no_longer_than_the_limit(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path, COUNTING, maxQueueWaitMs=200)).serve() as front, ThreadPoolExecutor(1) as pool:
        first = pool.submit(front.post, "wait-1")
        wait_for((tmp_path / "app" / "began-wait-1").exists)
        began = time.monotonic()
        reply = front.post("2")
        assert 0.15 < time.monotonic() - began < 2
        assert (reply.status, reply.headers["retry-after"]) == (503, "1")
        assert "within 200 ms (max_request_wait_time, maxQueueWaitMs)" in reply.json["message"]
        (tmp_path / "app" / "go").touch()
        assert first.result().status == 200


def test_a_client_that_leaves_the_queue_is_not_served(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path, COUNTING, maxQueueWaitMs=20_000)).serve() as front, ThreadPoolExecutor(2) as pool:
        first = pool.submit(front.post, "wait-1")
        wait_for((tmp_path / "app" / "began-wait-1").exists)
        leaving = front.connect()
        leaving.request("POST", "/score", "left")
        wait_for(lambda: value(front, "scoring_queue_length") == 1)
        leaving.close()
        wait_for(lambda: value(front, "scoring_abandoned_total") == 1)
        (tmp_path / "app" / "go").touch()
        assert first.result().status == 200
        assert front.post("last").status == 200
        assert not (tmp_path / "app" / "began-left").exists()


def test_killing_the_worker_fails_only_what_had_begun(tmp_path: Path) -> None:
    settings = make_bundle(tmp_path, COUNTING, maxConcurrentRequestsPerContainer=2, maxQueueWaitMs=20_000)
    with Front(settings).serve() as front, ThreadPoolExecutor(8) as pool:
        replies = [pool.submit(front.post, f"wait-{number}") for number in range(8)]
        app = tmp_path / "app"
        wait_for(lambda: len(list(app.glob("began-*"))) == 2)
        begun = {path.name.removeprefix("began-") for path in app.glob("began-*")}
        time.sleep(0.1)  # the others reach the queue
        front.kill_worker()
        exited = front.expect("worker_exited")
        assert (exited["reason"], exited["restart_in"]) == ("killed by signal 9 (SIGKILL)", 0)
        (app / "go").touch()
        front.expect("ready")
        for number, reply in enumerate(replies):
            answer = reply.result()
            assert answer.status == (502 if f"wait-{number}" in begun else 200)
            if answer.status == 502:
                assert "ended (killed by signal 9 (SIGKILL)); the request was not repeated" in answer.json["message"]
        assert front.post("after").status == 200


def test_bodies_of_any_size_arrive_whole(tmp_path: Path) -> None:
    script = "def init():\n    pass\ndef run(text):\n    return [len(text), text[:3], text[-3:]]\n"
    with Front(make_bundle(tmp_path, script, maxQueueWaitMs=20_000)).serve() as front:

        def ask(size: str) -> Reply:
            return front.post("abc" + "x" * int(size) + "xyz")

        sizes = ["0", "70000", "3000000", "20000000"]
        for size, reply in zip(sizes, together(ask, sizes), strict=True):
            assert reply.json == [int(size) + 6, "abc", "xyz"]
