from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy import InferenceConfig, Model, Workspace
from jupyter_deploy.bundle.contents import SealedFile, SealedModel, SealedScript
from jupyter_deploy.engine.requests import DeployRequest, SealedEnvironment
from jupyter_deploy.engine.sealing import seal
from jupyter_deploy.targets import find_target
from jupyter_deploy.targets.process.options import ProcessOptions
from tests.helpers import write_script

REQUEST = DeployRequest(
    service="tiny-service",
    target="process",
    models=(SealedModel("ridge", 2, (SealedFile("ridge.pkl", "a1", 12),)),),
    script=SealedScript("src/score.py", "src", (SealedFile("src/score.py", "b2", 30),)),
    environment=SealedEnvironment("kernel", "six==1.17.0\n"),
    options={"computeType": "process", "port": 8890, "allowedHosts": ["example.org"]},
    settings={"authEnabled": False, "port": 8890},
    inference={"entry_script": "score.py"},
)


def test_a_request_comes_back_from_json_as_it_was() -> None:
    assert DeployRequest.from_json(json.loads(json.dumps(REQUEST.to_json()))) == REQUEST


@pytest.mark.parametrize(
    "change",
    [
        {"models": ()},
        {"script": replace(REQUEST.script, files=(SealedFile("src/score.py", "c3", 30),))},
        {"environment": SealedEnvironment("kernel", "six==1.16.0\n")},
        {"options": {}},
        {"settings": {"authEnabled": True}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_part_that_makes_a_service_other_counts_in_the_digest(change: dict[str, Any]) -> None:
    assert replace(REQUEST, **change).digest != REQUEST.digest


def test_equal_content_has_one_digest_from_wherever_it_is_deployed(
    workspace: Workspace, tiny_model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = set()
    for folder in (tmp_path / "here", tmp_path / "there"):
        write_script(folder)
        monkeypatch.chdir(folder)
        for given in ("score.py", str(folder / "score.py")):
            request, _ = seal(
                workspace.folder, "tiny-service", [tiny_model.record], InferenceConfig(given), find_target("process"), ProcessOptions()
            )  # fmt: skip
            digests.add(request.digest)
    assert len(digests) == 1
