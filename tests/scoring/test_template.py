"""Workers that are forked from a process which has called init() once."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from .fronts import Front, is_alive, make_bundle, wait_for

SCRIPT = """
import os, random, time

def init():
    global model
    model = bytearray(os.urandom(1)) * 60_000_000
    open(f"init-{os.getpid()}", "w").close()

def run(text):
    while text == "wait" and not os.path.exists("go"):
        time.sleep(0.005)
    time.sleep(0.02 if text == "short" else 0)
    return [os.getpid(), len(model), random.random()]
"""


def names_below(pid: int) -> list[str]:
    """The names of a process's children and theirs; one that ends meanwhile has none."""
    names = []
    for child in psutil.Process(pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            names.append(child.name())
    return names


def answers(front: Front, count: int = 24) -> list[list[float]]:
    with ThreadPoolExecutor(4) as pool:
        return [reply.json for reply in pool.map(front.post, ["short"] * count)]


def test_init_is_called_once_and_its_memory_is_shared(tmp_path: Path) -> None:
    settings = make_bundle(tmp_path, SCRIPT, workerCount=3, workerPreload=True, maxQueueWaitMs=5000)
    with Front(settings).serve() as front:
        found = answers(front)
        workers = {int(pid) for pid, *_ in found}
        assert len(workers) == 3
        (called,) = (tmp_path / "app").glob("init-*")
        assert int(called.name.split("-")[1]) not in workers
        assert len({number for *_, number in found}) == len(found)  # no two draw the same
        own = [psutil.Process(pid).memory_full_info().uss for pid in workers]
        assert max(own) < 20_000_000  # of a model of 60 MB


def test_a_worker_that_is_killed_is_forked_again_without_another_init(tmp_path: Path) -> None:
    settings = make_bundle(tmp_path, SCRIPT, workerCount=2, workerPreload=True, maxQueueWaitMs=5000)
    with Front(settings).serve() as front:
        first = {int(pid) for pid, *_ in answers(front)}
        victim = min(first)
        os.kill(victim, signal.SIGKILL)
        exited = front.expect("worker_exited")
        assert (exited["worker"], exited["reason"]) == (victim, "killed by signal 9 (SIGKILL)")
        front.expect("ready")
        wait_for(lambda: len({pid for pid, *_ in answers(front)} - first) == 1)
        assert len(list((tmp_path / "app").glob("init-*"))) == 1


def test_a_template_that_is_killed_is_started_again(tmp_path: Path) -> None:
    settings = make_bundle(tmp_path, SCRIPT, workerPreload=True, maxQueueWaitMs=20_000)
    with Front(settings).serve() as front:
        (called,) = (tmp_path / "app").glob("init-*")
        template = int(called.name.split("-")[1])
        worker = front.post("x").json[0]
        os.kill(template, signal.SIGKILL)
        assert front.expect("worker_exited")["also"] == template
        wait_for(lambda: not is_alive(worker))
        front.expect("ready")
        assert front.post("x").json[0] != worker


def test_a_call_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    settings = make_bundle(tmp_path, SCRIPT, workerPreload=True, scoringTimeoutMs=2000)
    with Front(settings).serve() as front:
        assert front.post("wait").status == 504
        front.expect("worker_exited")
        front.expect("ready")
        (tmp_path / "app" / "go").touch()
        assert front.post("x").status == 200


@pytest.mark.parametrize("death", ["owner", "front"])
def test_nothing_is_left_when_owner_or_front_die(tmp_path: Path, death: str) -> None:
    with Front(make_bundle(tmp_path, SCRIPT, workerCount=2, workerPreload=True)).serve() as front:
        family = [
            front.process.pid,
            *(child.pid for child in psutil.Process(front.process.pid).children(recursive=True)),
        ]
        assert len(family) == 4
        if death == "owner":
            front.lose_owner()
        else:
            os.kill(front.process.pid, signal.SIGKILL)
        wait_for(lambda: not any(map(is_alive, family)), 2)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("def init():\n    raise OSError('no disk')", "init() raised OSError: no disk"),
        ("import nowhere_at_all", "importing score.py raised ModuleNotFoundError"),
        (
            "import threading, time\n"
            "def init():\n    threading.Thread(target=time.sleep, args=(60,), name='poller', daemon=True).start()",
            "worker_preload: the script has begun the threads poller; begin or open it on the first call of run()",
        ),
        (
            "import ctypes\n"
            "def init():\n"
            "    global kept\n"
            "    kind = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)\n"
            "    sleep = ctypes.CDLL(None).sleep\n"
            "    kept = ctypes.c_ulong()\n"
            "    ctypes.CDLL(None).pthread_create(ctypes.byref(kept), None, sleep, ctypes.c_void_p(60))",
            "worker_preload: a library has begun 1 threads",
        ),
    ],
)
def test_what_cannot_be_forked_is_refused_with_the_reason(tmp_path: Path, script: str, words: str) -> None:
    script += "\ndef run(text):\n    return text\n"
    with Front(make_bundle(tmp_path, script, workerCount=2, workerPreload=True)) as front:
        began = time.monotonic()
        assert words in front.expect("failed")["message"]
        assert front.process.wait(5) == 3
        assert time.monotonic() - began < 20


def test_numpys_own_threads_are_no_hindrance(tmp_path: Path) -> None:
    script = """
        import numpy as np

        def init():
            global product
            matrix = np.ones((600, 600))
            product = matrix @ matrix  # begins OpenBLAS's threads where there is more than one processor

        def run(text):
            return [float((product @ product)[0, 0]), float(np.random.random())]
    """
    settings = make_bundle(tmp_path, script, workerCount=2, workerPreload=True, maxQueueWaitMs=10_000)
    with Front(settings).serve() as front, ThreadPoolExecutor(4) as pool:
        found = [reply.json for reply in pool.map(front.post, ["x"] * 16)]
        assert {product for product, _ in found} == {600.0**3}
        assert len({number for _, number in found}) == len(found)


def test_processes_that_init_began_may_end(tmp_path: Path) -> None:
    script = """
        import os, subprocess

        def init():
            subprocess.Popen(["sleep", "0.3"])

        def run(text):
            return os.getpid()
    """
    with Front(make_bundle(tmp_path, script, workerPreload=True, maxQueueWaitMs=10_000)).serve() as front:
        worker = front.post("x").json
        wait_for(lambda: "sleep" not in names_below(front.process.pid))
        os.kill(worker, signal.SIGKILL)
        front.expect("worker_exited")
        front.expect("ready")
        assert front.post("x").json != worker


def test_workers_hold_no_ends_of_each_others_links(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path, SCRIPT, workerCount=3, workerPreload=True, maxQueueWaitMs=5000)).serve() as front:
        workers = {int(pid) for pid, *_ in answers(front)}
        sockets = [
            {str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir() if "socket:" in str(entry.readlink())}
            for pid in workers
        ]
        assert [len(own) for own in sockets] == [1, 1, 1]
        assert len(set.union(*sockets)) == 3


def test_a_template_may_be_started_while_thousands_of_descriptors_are_in_use(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path, SCRIPT, workerPreload=True, maxQueueWaitMs=20_000)).serve() as front:
        clients = [socket.create_connection(("127.0.0.1", front.port)) for _ in range(1100)]
        assert front.post("x").status == 200  # all of them are accepted
        (called,) = (tmp_path / "app").glob("init-*")
        os.kill(int(called.name.split("-")[1]), signal.SIGKILL)
        front.expect("worker_exited")
        front.expect("ready")
        assert front.post("x").status == 200
        for client in clients:
            client.close()
