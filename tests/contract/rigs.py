"""How the contract's tests reach into each target: what to deploy so that it serves, fails or waits, and what answers now."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

import docker

from jupyter_deploy import InferenceConfig, Model, Webservice, Workspace
from jupyter_deploy.config.options import Options
from jupyter_deploy.targets import find_target
from jupyter_deploy.targets.fake import FakeRecord
from tests.clusters import COMPUTE, attached, clear, kubectl
from tests.engines import BASE_IMAGE
from tests.helpers import post, processes_of, register_text, wait_until, write_script

SCRIPT = """
import os
import time
from pathlib import Path

GATE, FAIL = {gate!r}, {fail!r}

def init():
    global answer
    print("loading the model")
    while GATE and not os.path.exists(GATE):
        time.sleep(0.01)
    if FAIL:
        raise ValueError(FAIL)
    answer = next(Path(os.environ["AZUREML_MODEL_DIR"]).iterdir()).read_text()

def run(data):
    return answer
"""


class Refused(Exception):
    """The service did not take the key."""


class Rig:
    """One target as the contract's tests see it. What a service answers is the text of the model it serves.

    Parameters
    ----------
    workspace : where the services go.
    """

    target: ClassVar[str]
    engine: ClassVar[str | None] = None
    """The fixture that starts the engine which the target needs; its value is where Docker listens, unless at its own place."""
    inference: ClassVar[Mapping[str, Any]] = {}
    """What an InferenceConfig needs beside the script."""
    comes_back: ClassVar[bool] = False
    """Whether a service is there again by itself after a restart of the machine."""
    is_of_machine: ClassVar[bool] = True
    """Whether a service runs on the machine that it was deployed from, and belongs to it."""
    ends_within: ClassVar[float] = 3
    """Seconds in which what was begun in vain is gone."""
    ends_with_operation: ClassVar[bool] = True
    """Whether that is so, too, where the operation was killed; else it goes with the next one."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.folder = workspace.path.parent

    def running(self) -> set[str]:
        """What runs of the workspace's operations and services."""
        return {str(process.pid) for process in processes_of(self.workspace)}

    def open(self, gate: Path) -> None:
        """Let what waits for a file go on."""
        gate.touch()

    def shown(self) -> str:
        """All that the place where services run shows of them to whoever may look."""
        return ""

    def options(self, **options: Any) -> Options:
        return find_target(self.target).options(**options)

    def content(self, *, fail: str | None = None, gate: Path | None = None) -> tuple[InferenceConfig, dict[str, Any]]:
        """An entry script and options with which a start serves, fails with a reason, or waits for a file first."""
        raise NotImplementedError

    def answer(self, service: Webservice, key: str | None = None) -> str:
        """What the service answers now, with its primary key where none is given.

        Raises
        ------
        Refused : it does not take the key. OSError : nothing answers.
        """
        raise NotImplementedError

    def clear(self) -> None:
        """End quickly what deletions at the end of a test would wait for."""

    def key_for(self, service: Webservice, key: str | None) -> str | None:
        return service.get_keys()[0] if key is None and service.auth_enabled else key

    def deploy(
        self,
        name: str,
        text: str = "one",
        *,
        fail: str | None = None,
        gate: Path | None = None,
        overwrite: bool = False,
        **options: Any,
    ) -> Webservice:
        script, more = self.content(fail=fail, gate=gate)
        models = [self.model(text)]
        return Model.deploy(self.workspace, name, models, script, self.options(**more, **options), overwrite=overwrite)

    def update(self, service: Webservice, text: str, *, fail: str | None = None, gate: Path | None = None) -> None:
        script, options = self.content(fail=fail, gate=gate)
        service.update([self.model(text)], script, **options)

    def model(self, text: str) -> Model:
        """The registered model with this text; registered once, so that the same content can be deployed twice."""
        known = [model for model in Model.list(self.workspace, "tiny") if model.tags.get("text") == text]
        if known:
            return known[0]
        made = register_text(self.workspace, text)
        made.update(tags={"text": text})
        return made

    def wait_until_starting(self, service: Webservice) -> None:
        """Wait until the target has begun to bring a release up; an image may have to be built before."""
        operation = service.operation
        assert operation is not None
        wait_until(
            lambda: [event for event in operation.events() if event.kind == "moved" and event.step == "start"], 60
        )

    def deployed(self, name: str, text: str = "one", **options: Any) -> Webservice:
        """Deploy and wait until it serves."""
        service = self.deploy(name, text, **options)
        service.wait_for_deployment()
        return service


class ProcessRig(Rig):
    target = "process"

    def content(self, *, fail: str | None = None, gate: Path | None = None) -> tuple[InferenceConfig, dict[str, Any]]:
        body = SCRIPT.format(fail=fail, gate=str(gate) if gate else None)
        return InferenceConfig(str(write_script(self.folder, body)), **self.inference), {}

    def answer(self, service: Webservice, key: str | None = None) -> str:
        assert service.scoring_uri is not None
        answer = post(service.scoring_uri, key=self.key_for(service, key))
        if answer.status == 401:
            raise Refused
        assert answer.status == 200, answer
        text: str = answer.json
        return text


class LocalRig(ProcessRig):
    target = "local"
    engine = "docker_engine"
    inference = MappingProxyType({"base_image": BASE_IMAGE})
    comes_back = True

    def content(self, *, fail: str | None = None, gate: Path | None = None) -> tuple[InferenceConfig, dict[str, Any]]:
        return super().content(fail=fail, gate=Path(_GATE) if gate else None)

    def running(self) -> set[str]:
        with self._containers() as found:
            return super().running() | {str(container.id) for container in found if container.status == "running"}

    def open(self, gate: Path) -> None:
        with self._containers() as found:
            for container in found:
                assert container.exec_run(["touch", _GATE]).exit_code == 0

    def shown(self) -> str:
        with self._containers() as found:
            documents = [container.attrs for container in found]
            images = {container.image for container in found}
            return json.dumps([documents, [[image.attrs, image.history()] for image in images if image]])

    @contextmanager
    def _containers(self) -> Iterator[list[Any]]:
        engine = docker.from_env()
        label = f"jupyter-deploy.workspace={self.workspace.folder.id}"
        try:
            yield engine.containers.list(all=True, filters={"label": label})
        finally:
            engine.close()


class KubernetesRig(LocalRig):
    target = "kubernetes"
    engine = "cluster"
    is_of_machine = False
    ends_within = 60
    ends_with_operation = False

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        attached(workspace)

    def options(self, **options: Any) -> Options:
        return super().options(compute_target_name=COMPUTE, num_replicas=1, **options)

    def running(self) -> set[str]:
        return Rig.running(self) | {pod for pod in self._pods() if self._runs(pod)}

    def open(self, gate: Path) -> None:
        for pod in wait_until(self._pods):
            wait_until(partial(self._runs, pod))
            kubectl("exec", pod, "--", "touch", _GATE)

    def clear(self) -> None:
        clear(self.workspace)

    def shown(self) -> str:
        kinds = "pods,deployments,replicasets,services,configmaps,events"
        return kubectl("get", kinds, "-o", "yaml")

    def _pods(self) -> list[str]:
        return kubectl(
            "get", "pods", "-o", "name", "-l", f"jupyter-deploy/workspace={self.workspace.folder.id}"
        ).split()

    @staticmethod
    def _runs(pod: str) -> bool:
        state = kubectl(
            "get", pod, "--ignore-not-found", "-o", "jsonpath={.status.containerStatuses[*].state.running.startedAt}"
        )
        return bool(state)


class PodmanRig(LocalRig):
    engine = "podman_engine"


_GATE = "/tmp/gate"  # noqa: S108 - the container's own


class FakeRig(Rig):
    target = "fake"

    def content(self, *, fail: str | None = None, gate: Path | None = None) -> tuple[InferenceConfig, dict[str, Any]]:
        script = write_script(self.folder, SCRIPT.format(fail=None, gate=None))
        return InferenceConfig(str(script)), {"fail": fail, "gate": str(gate) if gate else None}

    def answer(self, service: Webservice, key: str | None = None) -> str:
        record = FakeRecord.read(self.workspace.folder.service_folder(service.name))
        if record is None or record.since is None:
            raise ConnectionRefusedError
        digest = hashlib.sha256((self.key_for(service, key) or "").encode()).hexdigest()
        if record.accepted and digest not in record.accepted:
            raise Refused
        bundle = Path(record.bundle)
        models: str = json.loads((bundle / "service.json").read_text(encoding="utf-8"))["modelDir"]
        return next((bundle / "app" / models).iterdir()).read_text(encoding="utf-8")


RIGS: tuple[type[Rig], ...] = (ProcessRig, LocalRig, KubernetesRig, FakeRig)
