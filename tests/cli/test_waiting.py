"""Waiting on the command line: an interruption ends the waiting and nothing else."""

from __future__ import annotations

import signal
from pathlib import Path

from jupyter_deploy import Webservice, Workspace
from tests.cli.conftest import finish, start
from tests.helpers import register_text, wait_until, write_script

WAITS_FOR_A_FILE = """
import time
from pathlib import Path

def init():
    while not Path({go!r}).exists():
        time.sleep(0.02)

def run(data):
    return "alive"
"""


def test_interrupting_the_wait_leaves_the_operation_alone(workspace: Workspace, tmp_path: Path) -> None:
    register_text(workspace)
    write_script(tmp_path, WAITS_FOR_A_FILE.format(go=str(tmp_path / "go")))
    with start(tmp_path, "model", "deploy", "-n", "patient", "-m", "tiny", "--es", "score.py") as process:
        assert process.stderr
        while "worker started" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-3:] == [
        "no longer waiting; the operation 'deploy' on 'patient' goes on",
        "see its state with: jupyter ml service show -n patient",
        "cancel it with: jupyter ml service cancel -n patient",
    ]
    assert Webservice(workspace, "patient").state == "Transitioning"
    (tmp_path / "go").touch()
    assert finish(start(tmp_path, "service", "run", "-n", "patient", "-d", "{}")).document == "alive"
    wait_until(lambda: Webservice(workspace, "patient").state == "Healthy")
