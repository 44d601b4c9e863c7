"""Starts that fail, workers that end, owners that die."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from jupyter_deploy.scoring import frames
from jupyter_deploy.scoring.supervision import Supervisor

from .fronts import Front, is_alive, make_bundle, wait_for

RUN = "\ndef run(data):\n    return data\n"


@pytest.mark.parametrize(
    ("script", "stage", "message"),
    [
        ("import nowhere_at_all" + RUN, "import", "importing score.py raised ModuleNotFoundError: No module named"),
        ("def init(:\n    pass" + RUN, "import", "importing score.py raised SyntaxError"),
        ("import sys\nsys.exit(4)", "import", "importing score.py raised SystemExit: 4"),
        ("def run(data):\n    return 1", "signature", "score.py has no init()"),
        ("def init():\n    pass", "signature", "score.py has no run()"),
        ("def init():\n    pass\ndef run(*data):\n    return 1", "signature", "*args parameter 'data'"),
        ("def init():\n    pass\ndef run(data, **more):\n    return 1", "signature", "**kwargs parameter 'more'"),
        ("def init():\n    pass\ndef run(data, /):\n    return 1", "signature", "positional-only parameter 'data'"),
        ("def init():\n    pass\ndef run(request_headers):\n    return 1", "signature", "no parameter for the input"),
        ("import os\ndef init():\n    os._exit(7)" + RUN, "init", "the process ended while init() ran: exit code 7"),
    ],
)
def test_a_script_that_cannot_start(tmp_path: Path, script: str, stage: str, message: str) -> None:
    with Front(make_bundle(tmp_path, script)) as front:
        failed = front.expect("failed")
        assert failed["stage"] == stage
        assert message in failed["message"]
        assert "jupyter_deploy_scoring" not in failed["traceback"]
        assert front.process.wait(5) == 3
        assert not is_alive(front.worker)


def test_a_failed_start_leaves_traceback_and_model_folder_in_the_log(tmp_path: Path) -> None:
    script = "import helper\ndef init():\n    helper.load()" + RUN
    files = {
        "helper.py": "def load():\n    raise RuntimeError('broken model')\n",
        "azureml-models/ridge/3/ridge.pkl": b"x",
    }
    with Front(make_bundle(tmp_path, script, files, modelDir="azureml-models/ridge/3")) as front:
        trace = front.expect("failed")["traceback"]
        assert [line.split(",")[0] for line in trace.splitlines() if line.startswith("  File")] == [
            f'  File "{tmp_path}/app/score.py"',
            f'  File "{tmp_path}/app/helper.py"',
        ]
        assert "broken model" in front.log
        assert "what is in the model folder" in front.log
        assert "ridge.pkl" in front.log


def test_a_failed_start_does_not_wait_for_the_threads_that_the_script_began(tmp_path: Path) -> None:
    script = "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()\nprint('begun', end='')\n"
    with Front(make_bundle(tmp_path, script + "raise OSError('no disk')")) as front:
        assert front.expect("failed")["message"] == "importing score.py raised OSError: no disk"
        assert front.process.wait(5) == 3
        assert "azmlinfsrv.print - begun" in front.log


def test_an_init_that_hangs_is_reported_with_its_stack(tmp_path: Path) -> None:
    script = "import time\ndef init():\n    time.sleep(60)" + RUN
    with Front(make_bundle(tmp_path, script), options=("--start-timeout", "3")) as front:
        failed = front.expect("failed")
        assert (failed["stage"], failed["message"]) == ("init", "init() did not finish within 3 s")
        assert 'score.py", line 3 in init' in failed["traceback"]
        assert "jupyter_deploy_scoring" not in failed["traceback"]
        assert front.process.wait(5) == 3
        assert not is_alive(front.worker)


def test_bad_settings_are_a_failed_start(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path, format=2)) as front:
        failed = front.expect("failed")
        assert failed["stage"] == "start"
        assert "is of format 2, this server reads up to 1" in failed["message"]
        assert front.process.wait(5) == 3


def test_a_worker_that_fails_after_having_served_is_tried_again(tmp_path: Path) -> None:
    script = "import os\ndef init():\n    if os.path.exists('broken'):\n        raise OSError('no disk')" + RUN
    with Front(make_bundle(tmp_path, script)).serve() as front:
        assert (front.ask("GET", "/ready").status, front.ask("GET", "/").status) == (200, 200)
        (tmp_path / "app" / "broken").touch()
        front.kill_worker()
        pauses = [front.expect("worker_exited") for _ in range(3)]
        assert [event["restart_in"] for event in pauses] == [0, 0.5, 1]
        assert pauses[1]["reason"] == "init() raised OSError: no disk"
        assert front.ask("GET", "/ready").status == 503
        assert (front.ask("GET", "/").body, front.ask("GET", "/live").status) == (b"Unhealthy", 200)
        assert front.post("x").status == 503
        (tmp_path / "app" / "broken").unlink()
        front.expect("ready")
        assert front.post("x").json == "x"


def test_the_owner_may_end_a_worker_and_say_why(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path)).serve() as front:
        front.order("end_worker", reason="memory limit 0.5 GB exceeded (0.7 GB)")
        assert front.expect("worker_exited")["reason"] == "memory limit 0.5 GB exceeded (0.7 GB)"
        front.expect("ready")


def test_the_owner_may_end_a_worker_that_is_starting(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path, "import time\ndef init():\n    time.sleep(60)" + RUN)) as front:
        front.expect("starting")
        front.order("end_worker", reason="memory limit 0.5 GB exceeded (0.7 GB)")
        assert front.expect("failed")["message"] == "memory limit 0.5 GB exceeded (0.7 GB)"
        assert front.process.wait(5) == 3


BUSY = """
import ctypes, os, subprocess, time

def init():
    pass

def run(how):
    child = subprocess.Popen(["sleep", "60"])
    open("child", "w").write(str(child.pid))
    if how == "spin":
        while True:
            pass
    ctypes.PyDLL(None).sleep(60)  # holds the interpreter lock
"""


@pytest.mark.parametrize("how", ["spin", "hold"])
@pytest.mark.parametrize("death", ["life", "control"])
def test_nothing_is_left_when_the_owner_dies(tmp_path: Path, how: str, death: str) -> None:
    with Front(make_bundle(tmp_path, BUSY)).serve() as front:
        connection = front.connect()
        connection.request("POST", "/score", how)
        child_file = tmp_path / "app" / "child"
        child = int(wait_for(lambda: child_file.exists() and child_file.read_text()))
        time.sleep(0.05)
        if death == "life":
            front.lose_owner()
        else:
            front.control.shutdown(2)
        wait_for(lambda: not any(map(is_alive, (front.process.pid, front.worker, child))), 2)
        connection.close()


def test_the_worker_ends_with_a_front_that_is_killed(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path, BUSY)).serve() as front:
        connection = front.connect()
        connection.request("POST", "/score", "hold")
        child_file = tmp_path / "app" / "child"
        child = int(wait_for(lambda: child_file.exists() and child_file.read_text()))
        os.kill(front.process.pid, signal.SIGKILL)
        wait_for(lambda: not is_alive(front.worker), 2)
        connection.close()
        os.kill(child, signal.SIGKILL)


def test_children_of_a_killed_worker_end_with_it(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path, BUSY)).serve() as front:
        connection = front.connect()
        connection.request("POST", "/score", "spin")
        child_file = tmp_path / "app" / "child"
        child = int(wait_for(lambda: child_file.exists() and child_file.read_text()))
        front.kill_worker()
        front.expect("worker_exited")
        wait_for(lambda: not is_alive(child), 2)
        connection.close()


def test_a_worker_that_was_useful_is_started_again_at_once_however_often_it_is_killed(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path, maxQueueWaitMs=10_000)).serve() as front:
        for number in range(4):
            assert front.post(str(number)).json == str(number)
            front.kill_worker()
            assert front.expect("worker_exited")["restart_in"] == 0
            front.expect("ready")


def test_a_worker_that_closes_its_link_is_ended(tmp_path: Path) -> None:
    script = """
        import os, time

        def init():
            pass

        def run(text):
            if text == "close":
                os.closerange(3, 1000)
                time.sleep(60)
            return text
    """
    with Front(make_bundle(tmp_path, script, maxQueueWaitMs=10_000)).serve() as front:
        reply = front.post("close")
        assert reply.status == 502
        assert "it closed its connection to the front" in reply.json["message"]
        assert front.post("after").json == "after"


class _Sibling:
    """A worker that was to be forked from the same process as others: to kill one is to kill them all."""

    pid = template = ended_with_it = 1

    def __init__(self, family: list[_Sibling]) -> None:
        self.link, self.end = frames.socket_pair()
        self.family = family
        self.call: Callable[[int], object]

    def when_ended(self, call: Callable[[int], object]) -> None:
        self.call = call

    def kill(self) -> None:
        family, self.family[:] = self.family[::-1], []
        for after, sibling in enumerate(family):  # the one that has spoken last
            sibling.end.close()
            asyncio.get_running_loop().call_later(after / 10, sibling.call, -9)

    terminate = kill

    def close(self) -> None: ...


def test_what_one_worker_said_is_the_reason_though_the_others_are_seen_to_end_before_it() -> None:
    family: list[_Sibling] = []
    family += [_Sibling(family), _Sibling(family)]
    workers: list[Any] = family[:]
    said = {"type": "failed", "stage": "init", "message": "init() raised OSError: no disk", "traceback": ""}
    workers[0].end.sendall(b"".join(frames.pack(said)))
    rest: Any = Mock()

    async def run() -> str:
        failure = await Supervisor(rest, rest, rest, rest, start_timeout=60).run(workers)
        assert failure is not None
        return failure.message

    assert asyncio.run(run()) == "init() raised OSError: no disk"
