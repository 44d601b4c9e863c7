"""What goes wrong in the middle never harms what serves, on every target."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from jupyter_deploy import Webservice
from jupyter_deploy.engine.services import where
from jupyter_deploy.errors import Busy, OperationCancelled, OperationFailed, ServiceNotFound, TargetError
from jupyter_deploy.workspace import identity
from tests.contract.rigs import Rig
from tests.helpers import wait_for_end, wait_until
from tests.services import process_of


class Serving:
    """What a service was like, to be compared with what it is like afterwards."""

    def __init__(self, rig: Rig, service: Webservice) -> None:
        self._rig = rig
        self._service = service
        self._facts = (service.version, service.scoring_uri)
        assert service.operation is not None
        with contextlib.suppress(psutil.NoSuchProcess):  # it has said that it ended, and may be about to
            wait_for_end(process_of(service.operation))
        self.processes = self._running()

    def _running(self) -> set[str]:
        return self._rig.running()

    def is_unchanged(self) -> bool:
        """It serves as before, and nothing that was begun since is left."""
        return self.serves() and wait_until(lambda: self._running() <= self.processes, seconds=self._rig.ends_within)

    def serves(self) -> bool:
        """It serves as before."""
        service = self._service
        assert (service.state, service.version, service.scoring_uri) == ("Healthy", *self._facts)
        return self._rig.answer(service) == "one"


def test_a_failed_update_says_why_and_leaves_the_old_version_serving(shared: Rig, served: Webservice) -> None:
    before = Serving(shared, served)
    shared.update(served, "two", fail="no such column")
    with pytest.raises(OperationFailed, match="no such column") as raised:
        served.wait_for_deployment()
    assert raised.value.remedy
    assert "no such column" in (served.history()[-1].error or "")
    assert before.is_unchanged()


def test_cancelling_an_update_withdraws_it(shared: Rig, served: Webservice, tmp_path: Path) -> None:
    before = Serving(shared, served)
    shared.update(served, "two", gate=tmp_path / "never")
    shared.wait_until_starting(served)
    assert served.state == "Transitioning"
    assert shared.answer(served) == "one"
    with pytest.raises(Busy, match=r"another operation on 'shared' is under way: 'update'.*\n.*cancel"):
        shared.deploy("shared", "three", auth_enabled=True, overwrite=True)
    assert served.operation is not None
    assert served.operation.cancel()
    with pytest.raises(OperationCancelled):
        served.wait_for_deployment()
    assert before.is_unchanged()


def test_a_killed_operation_leaves_what_served_serving(shared: Rig, served: Webservice, tmp_path: Path) -> None:
    before = Serving(shared, served)
    shared.update(served, "two", gate=tmp_path / "never")
    shared.wait_until_starting(served)
    operation = served.operation
    assert operation is not None
    pid = next(event.facts["process"]["pid"] for event in operation.events() if "process" in event.facts)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: operation.state != "Running")
    assert operation.state == "Failed"
    assert "killed" in operation.error
    assert before.is_unchanged() if shared.ends_with_operation else before.serves()
    served.restart()  # the lock is free again
    assert before.serves()
    wait_until(lambda: len(shared.running()) == len(before.processes), seconds=shared.ends_within)


DEPLOY = """
import json, sys, time
from pathlib import Path
from jupyter_deploy import InferenceConfig, Model, Workspace
from jupyter_deploy.errors import Busy, NameTaken
from jupyter_deploy.targets import find_target

folder, model, script, target, options, start, inference = sys.argv[1:]
workspace = Workspace(folder)
options = find_target(target).options.from_json(json.loads(options), "the test")
arguments = workspace, "service", [model], InferenceConfig(script, **json.loads(inference)), options
Path(start + "-" + model).touch()
while not Path(start).exists():
    time.sleep(0.001)
try:
    Model.deploy(*arguments)
except (Busy, NameTaken) as error:
    print(type(error).__name__)
else:
    print("won", model)
"""


def test_of_two_processes_that_deploy_one_name_one_wins_and_deleting_leaves_nothing(rig: Rig, tmp_path: Path) -> None:
    text_of = {rig.model(text).id: text for text in ("one", "two")}
    script, _ = rig.content()
    start = tmp_path / "start"
    processes = [
        subprocess.Popen(
            [
                sys.executable,
                "-c",
                DEPLOY,
                rig.workspace.path,
                model,
                script.script_path,
                rig.target,
                json.dumps(rig.options().to_json()),
                start,
                json.dumps(dict(rig.inference)),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        for model in text_of
    ]
    wait_until(lambda: all(Path(f"{start}-{model}").exists() for model in text_of))
    start.touch()
    loser, winner = sorted(process.communicate(timeout=60)[0].strip() for process in processes)
    assert loser in ("Busy", "NameTaken")
    assert winner.startswith("won ")
    service = Webservice(rig.workspace, "service")
    service.wait_for_deployment()
    assert [f"won {model.id}" for model in service.models] == [winner]
    assert rig.answer(service) == text_of[winner.removeprefix("won ")]
    assert len(service.history()) == 1

    service.delete()
    assert not rig.workspace.folder.service_folder("service").exists()
    with pytest.raises(ServiceNotFound):
        Webservice(rig.workspace, "service")
    with pytest.raises(ServiceNotFound):
        service.delete()
    rig.model("one").delete()  # nothing needs it any more
    wait_until(lambda: not rig.running(), seconds=rig.ends_within)


def test_a_service_that_runs_on_another_machine_is_unknown_and_left_alone(
    shared: Rig, served: Webservice, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, here = Serving(shared, served), socket.gethostname()
    target, place = where(shared.workspace.folder, served.view)
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(socket, "gethostname", lambda: "another-machine")
        if not shared.is_of_machine:
            assert before.serves()
            return
        assert served.state == "Unknown"
        assert f"runs on {here}" in served.error
        for change in (target.stop, target.delete, target.reload_keys):
            with pytest.raises(TargetError, match=f"'shared' runs on {here}\n.*on that machine"):
                change(place)
    assert before.is_unchanged()


def test_after_a_restart_of_the_machine_a_service_is_stopped_or_back(
    shared: Rig, served: Webservice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity, "_boot", lambda: "another start of this machine")
    if shared.comes_back:
        assert (served.state, served.error) == ("Healthy", "")
        return
    assert served.state == "Stopped"
    assert "the machine was restarted" in served.error
    assert "starting the service brings it back" in served.error
