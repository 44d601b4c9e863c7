"""How the contract's tests reach into each target: what to deploy so that it serves, fails or waits, and what answers now."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, ClassVar

from jupyter_deploy import InferenceConfig, Model, Webservice, Workspace
from jupyter_deploy.config.options import Options
from jupyter_deploy.targets import find_target
from jupyter_deploy.targets.fake import FakeRecord
from tests.helpers import post, register_text, wait_until, write_script

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

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.folder = workspace.path.parent

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
        """Wait until the target has begun to bring a release up."""
        operation = service.operation
        assert operation is not None
        wait_until(lambda: [event for event in operation.events() if event.kind == "moved" and event.step == "start"])

    def deployed(self, name: str, text: str = "one", **options: Any) -> Webservice:
        """Deploy and wait until it serves."""
        service = self.deploy(name, text, **options)
        service.wait_for_deployment()
        return service


class ProcessRig(Rig):
    target = "process"

    def content(self, *, fail: str | None = None, gate: Path | None = None) -> tuple[InferenceConfig, dict[str, Any]]:
        body = SCRIPT.format(fail=fail, gate=str(gate) if gate else None)
        return InferenceConfig(str(write_script(self.folder, body))), {}

    def answer(self, service: Webservice, key: str | None = None) -> str:
        assert service.scoring_uri is not None
        answer = post(service.scoring_uri, key=self.key_for(service, key))
        if answer.status == 401:
            raise Refused
        assert answer.status == 200, answer
        text: str = answer.json
        return text


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


RIGS: tuple[type[Rig], ...] = (ProcessRig, FakeRig)
