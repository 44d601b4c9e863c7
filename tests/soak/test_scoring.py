"""The scoring server for a long time, with very many clients, and with its workers killed."""

from __future__ import annotations

import os
import random
import resource
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest
from schemathesis import GenerationMode

from tests.scoring.fronts import Front, listening_socket, make_bundle, wait_for
from tests.scoring.generated import SCRIPTS, ask_all
from tests.scoring.load import ask_often, memory, request
from tests.scoring.test_batches import compare_with_single_runs

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1200)]
SIZE = 10_000


def test_a_million_requests_leave_the_memory_as_it_was(tmp_path: Path) -> None:
    kinds = [
        request(b'{"data": [[1, 2, 3], [4, 5, 6]]}', b"Content-Type: application/json"),
        request(b'{"data": [[1, 2, 3]]}', b"Content-Type: application/json", b"X-Request-Id: mine"),
        request(b'{"data": [[1, 2]]}', b"Content-Type: application/json"),
        request(b"no json", b"Content-Type: application/json"),
        request(b"", method=b"GET", target=b"/live"),
        request(b"", method=b"GET", target=b"/nowhere"),
    ]
    settings = make_bundle(tmp_path, SCRIPTS["array"], maxQueueWaitMs=20_000)
    with Front(settings).serve() as front:
        statuses, began = ask_often(front, kinds, 50_000), time.monotonic()
        before = memory(front)
        while statuses.total() < 1_000_000 and time.monotonic() - began < 900:
            statuses += ask_often(front, kinds, 50_000)
        after = memory(front)
        took = time.monotonic() - began
        print(f"{statuses.total()} requests in {took:.0f} s, {dict(statuses)}; resident {before} -> {after}")
        assert set(statuses) == {200, 400, 404}
        assert statuses.total() >= 1_000_000, "the machine was too slow for the test's time"
        for name, size in before.items():
            assert after[name] < size + 5_000_000, f"the {name}'s memory grows"


def test_ten_thousand_requests_in_batches_are_answered_as_alone(tmp_path: Path) -> None:
    compare_with_single_runs(tmp_path, SIZE)


@pytest.mark.parametrize("name", SCRIPTS)
def test_generated_requests_find_no_failure_of_ours(tmp_path: Path, name: str) -> None:
    with Front(make_bundle(tmp_path, SCRIPTS[name], maxConcurrentRequestsPerContainer=2)).serve() as front:
        found = Counter(ask_all(front, 400) + ask_all(front, 400, GenerationMode.NEGATIVE))
        print(name, dict(found))
        assert "Traceback" not in front.log


def test_ten_thousand_connections_are_all_served(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < SIZE + 500:
        pytest.skip(f"only {hard} files may be open here (ulimit -Hn)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        with Front(make_bundle(tmp_path, maxQueueWaitMs=60_000), listening_socket()).serve() as front:
            before = memory(front)["front"]
            clients = [socket.create_connection(("127.0.0.1", front.port), timeout=60) for _ in range(SIZE)]
            wait_for(lambda: psutil.Process(front.process.pid).num_fds() > SIZE, 60)
            held = memory(front)["front"] - before
            began, answered = time.monotonic(), Counter(_ask_each(clients))
            took = time.monotonic() - began
            print(
                f"{SIZE} connections: {held / SIZE / 1024:.1f} KiB each; a request on each {took:.1f} s, {dict(answered)}"
            )
            assert set(answered) == {200, 503}
            assert answered[200] > 1000  # the queue holds 1,000; who comes when it is full is told so
            assert front.post("one more").json == "one more"
            for client in clients:
                client.close()
            wait_for(lambda: psutil.Process(front.process.pid).num_fds() < 100, 60)
            assert held / SIZE < 20_000
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _ask_each(clients: list[socket.socket]) -> list[int]:
    statuses = []
    with selectors.DefaultSelector() as waiting:
        for client in clients:
            client.sendall(request(b"x"))
            waiting.register(client, selectors.EVENT_READ)
        while waiting.get_map():
            ready = waiting.select(60)
            assert ready, f"{len(waiting.get_map())} are without an answer"
            for key, _ in ready:
                waiting.unregister(key.fileobj)
                assert isinstance(key.fileobj, socket.socket)
                statuses.append(int(key.fileobj.recv(4096).split()[1]))
    return statuses


@pytest.mark.parametrize("preload", [False, True])
def test_killing_workers_at_random_fails_only_what_they_were_running(tmp_path: Path, preload: bool) -> None:
    script = """
        import random, time

        def init():
            pass

        def run(text):
            time.sleep(random.random() * 0.02)
            return text
    """
    settings = make_bundle(tmp_path, script, workerCount=2, workerPreload=preload, maxQueueWaitMs=20_000)
    with Front(settings).serve() as front:
        statuses: Counter[int] = Counter()
        wrong: list[str] = []
        enough = threading.Event()

        def client(number: int) -> None:
            connection, count = front.connect(), 0
            while not enough.is_set():
                text = f"{number}-{count}"
                connection.request("POST", "/score", text)
                response = connection.getresponse()
                body = response.read()
                count += 1
                statuses[response.status] += 1
                if response.status == 200 and body != f'"{text}"'.encode():
                    wrong.append(f"{text} got {body!r}")
            connection.close()

        clients = [threading.Thread(target=client, args=(number,)) for number in range(8)]
        for each in clients:
            each.start()
        delays, chance, end = [], random.Random(7), time.monotonic() + 60
        try:
            while time.monotonic() < end:
                time.sleep(chance.uniform(0.5, 2.5))
                os.kill(victim := chance.choice(_workers(front)), signal.SIGKILL)
                killed = time.monotonic()
                assert front.expect("worker_exited")["worker"] == victim
                ready = front.expect("ready")
                delays.append(time.monotonic() - killed - ready["seconds"] * (not preload))
        finally:
            enough.set()
            for each in clients:
                each.join()
        print(
            f"preload {preload}: {len(delays)} kills, {dict(statuses)}; back after {min(delays):.2f} to {max(delays):.2f} s and init()"
        )
        assert wrong == []
        assert set(statuses) <= {200, 502}
        assert statuses[502] <= len(delays)  # a worker has one slot
        assert statuses[200] > 1000
        assert max(delays) < 1


def _workers(front: Front) -> list[int]:
    """The front's children, or those of the template among them."""
    family = psutil.Process(front.process.pid).children(recursive=True)
    return sorted(process.pid for process in family if not process.children())


@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris is not installed (pip install atheris)")
@pytest.mark.parametrize("part", ["bodies", "connection", "frames"])
def test_coverage_guided_fuzzing_finds_nothing(tmp_path: Path, part: str) -> None:
    command = [sys.executable, "-m", "tests.soak.fuzzing", part, "-max_total_time=60", "-max_len=4096", "-timeout=20"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    print(part, [line for line in done.stderr.splitlines() if line.startswith(("#", "Done"))][-1:])
    assert done.returncode == 0, done.stderr[-3000:]
