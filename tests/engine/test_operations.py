from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from jupyter_deploy import Operation, Webservice, Workspace
from jupyter_deploy.errors import Busy, OperationCancelled, OperationFailed
from tests.helpers import ECHO, processes_of, wait_until, write_script
from tests.services import NAME, begin, behind, has_begun, operation_of, process_of, python, serve, told_by

DEPLOY = """
import sys
from pathlib import Path
from jupyter_deploy import Workspace
from tests.services import begin
begin(Workspace(sys.argv[1]), Path(sys.argv[2]))
print("begun", flush=True)
import time
time.sleep(60)
"""
SAYS_NOTHING = """
from jupyter_deploy.engine import operations
operations.announce = lambda *_: None
"""
EVERY_EVENT = """
import sys, json
from jupyter_deploy import Webservice, Workspace
events = Webservice(Workspace(sys.argv[1]), "tiny-service").operation.events(follow=True)
print(json.dumps([[event.number, event.kind, event.step, event.facts.get("outcome")] for event in events]))
"""
WAIT = """
import sys
from jupyter_deploy import Webservice, Workspace
operation = Webservice(Workspace(sys.argv[1]), "tiny-service").operation
try:
    print("waiting", flush=True)
    operation.wait()
except KeyboardInterrupt:
    print("interrupted")
"""
STEPS = ["environment", "bundle", "start", "switch"]


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """The file without which a held script does not start."""
    return tmp_path / "gate"


@pytest.fixture
def held(workspace: Workspace, gate: Path, tmp_path: Path) -> Webservice:
    """A service whose deployment waits in init() for the gate."""
    service = begin(workspace, write_script(tmp_path, behind(gate)))
    wait_until(lambda: has_begun(operation_of(service), "start"))
    return service


def test_an_operation_tells_its_steps_and_can_be_waited_for_with_a_limit(held: Webservice, gate: Path) -> None:
    operation = operation_of(held)
    with pytest.raises(TimeoutError, match=f"the operation 'deploy' on '{NAME}' has not ended in time; it goes on"):
        operation.wait(timeout=0.1)
    assert (operation.state, held.state, operation.error) == ("Running", "Transitioning", "")
    gate.touch()
    assert operation.wait(timeout=30) is operation
    assert (operation.state, held.state) == ("Succeeded", "Healthy")
    events = list(operation.events())
    assert [event.kind for event in (events[0], events[-1])] == ["accepted", "finished"]
    assert [event.step for event in events if event.kind == "began"] == STEPS
    assert [event.step for event in events if event.kind == "ended"] == STEPS
    assert [event.number for event in events] == list(range(len(events)))


def test_cancelled_before_it_has_begun(workspace: Workspace, gate: Path, tmp_path: Path) -> None:
    service = begin(workspace, write_script(tmp_path, behind(gate)))
    operation = operation_of(service)
    assert operation.cancel() is True
    with pytest.raises(OperationCancelled, match="cancelled"):
        operation.wait(timeout=30)
    assert (operation.state, service.state) == ("Cancelled", "Failed")
    assert "cancelled" in service.error
    assert serve(workspace, write_script(tmp_path)).run("again") == "again"  # the name is free


def test_cancelled_while_the_script_starts(held: Webservice, workspace: Workspace) -> None:
    operation = operation_of(held)
    assert operation.cancel() is True
    with pytest.raises(OperationCancelled, match=f"'deploy' of '{NAME}' was cancelled") as raised:
        held.wait_for_deployment()
    assert raised.value.remedy == "what served before goes on serving"
    wait_until(lambda: not processes_of(workspace), seconds=5)
    assert operation.cancel() is False
    assert [version.error for version in held.history()] == ["cancelled"]


def test_an_operation_that_has_ended_cannot_be_cancelled(shared: Webservice) -> None:
    operation = operation_of(shared)
    assert operation.cancel() is False
    assert (operation.state, shared.run("")) == ("Succeeded", "one")


def test_a_killed_operation_has_failed_and_its_name_is_free(held: Webservice, gate: Path, workspace: Workspace) -> None:
    operation = operation_of(held)
    process_of(operation).kill()
    with pytest.raises(
        OperationFailed,
        match="the process of the operation 'deploy' was killed, or could write no more, before it ended",
    ) as raised:
        operation.wait(timeout=10)
    assert raised.value.remedy
    assert list(operation.events(follow=True))[-1].kind != "finished"  # following ends all the same
    assert (held.state, operation.state) == ("Failed", "Failed")
    assert "was killed" in held.error
    gate.touch()
    assert serve(workspace, gate.parent / "score.py").run("x") == "x"  # the lock went with the process


def test_interrupting_a_wait_leaves_the_operation_alone(held: Webservice, gate: Path, workspace: Workspace) -> None:
    with python(WAIT, workspace.path, start_new_session=True) as waiter:
        assert waiter.stdout is not None
        assert waiter.stdout.readline() == "waiting\n"
        os.killpg(waiter.pid, signal.SIGINT)
        assert waiter.stdout.read() == "interrupted\n"
    assert operation_of(held).state == "Running"
    gate.touch()
    held.wait_for_deployment()
    assert held.run("x") == "x"


def test_only_one_operation_at_a_time(held: Webservice, gate: Path, workspace: Workspace) -> None:
    with pytest.raises(Busy, match=rf"another operation on '{NAME}' is under way: 'deploy', begun \d+ s ago") as busy:
        begin(workspace, write_script(gate.parent, ECHO, "other.py"))
    assert "cancel" in busy.value.remedy
    gate.touch()
    held.wait_for_deployment()
    with workspace.folder.locked(f"service-{NAME}", wait=False), pytest.raises(Busy, match="is under way: just begun"):
        held.stop()


def test_the_kernel_is_killed_in_the_middle_and_a_new_one_sees_every_event(
    workspace: Workspace, gate: Path, tmp_path: Path
) -> None:
    script = write_script(tmp_path, behind(gate))
    with python(DEPLOY, workspace.path, script, start_new_session=True) as kernel:
        assert kernel.stdout is not None
        assert kernel.stdout.readline() == "begun\n"
        service = Webservice(workspace, NAME)
        wait_until(lambda: has_begun(operation_of(service), "start"))
        os.killpg(kernel.pid, signal.SIGKILL)
    gate.touch()
    events = told_by(EVERY_EVENT, workspace.path)
    assert [number for number, *_ in events] == list(range(len(events)))
    assert events[0][1] == "accepted"
    assert [step for _, kind, step, _ in events if kind == "ended"] == STEPS
    assert events[-1][1:] == ["finished", "", "Succeeded"]
    assert service.run("still here") == "still here"


def test_the_cause_of_a_failure_comes_first(workspace: Workspace, tmp_path: Path) -> None:
    service = begin(
        workspace, write_script(tmp_path, "def init():\n    raise ValueError('no model')\ndef run(data):\n    pass")
    )
    operation = operation_of(service)
    with pytest.raises(OperationFailed) as raised:
        operation.wait(timeout=30)
    first, *others = str(raised.value).splitlines()
    assert first == operation.error == service.error
    assert "ValueError: no model" in first
    assert any("score.py" in line and "line 2" in line for line in others)
    assert [version.error for version in service.history()] == [str(raised.value)]


def test_an_operation_shows_what_it_is(shared: Webservice) -> None:
    operation = operation_of(shared)
    assert isinstance(operation, Operation)
    assert (operation.kind, operation.service) == ("deploy", NAME)
    assert repr(operation) == f"Operation(kind='deploy', service='{NAME}', state='Succeeded', id='{operation.id}')"
    assert operation.row()["state"] == "Succeeded"


def test_an_operation_whose_caller_was_killed_at_once_speaks_for_itself(
    workspace: Workspace, gate: Path, tmp_path: Path
) -> None:
    with python(SAYS_NOTHING + DEPLOY, workspace.path, write_script(tmp_path, behind(gate))) as caller:
        assert caller.stdout is not None
        assert caller.stdout.readline() == "begun\n"
        service = Webservice(workspace, NAME)
        caller.kill()
    assert service.state == "Transitioning"
    wait_until(lambda: has_begun(operation_of(service), "start"))
    assert operation_of(service).state == "Running"
    assert operation_of(service).cancel() is True
    with pytest.raises(OperationCancelled):
        operation_of(service).wait(timeout=10)
