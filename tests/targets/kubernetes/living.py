"""A service on the cluster that the tests of a module share, as each leaves it as it is: deployed as the document does it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jupyter_deploy import AksWebservice, InferenceConfig, Workspace
from jupyter_deploy.cli.main import main
from tests.clusters import COMPUTE, attached, clear
from tests.engines import BASE_IMAGE
from tests.helpers import register_text, write_script

SCRIPT = "def init(): ...\ndef run(data): return data\n"
FILE = {
    "computeType": "aks", "numReplicas": 1, "autoScaler": {"autoscaleEnabled": False}, "authEnabled": True,
    "containerResourceRequirements": {"cpu": 0.1, "memoryInGB": 0.2}, "scoringTimeoutMs": 50000,
}  # fmt: skip
"""A deployment configuration file of the original's."""


def inference(folder: Path) -> InferenceConfig:
    """The script that echoes, on the base image of the lab."""
    return InferenceConfig(str(folder / "score.py"), base_image=BASE_IMAGE)


@contextmanager
def living(folder: Path, name: str) -> Iterator[AksWebservice]:
    """A service of one pod on the cluster, in a workspace of its own, until the context ends."""
    workspace = Workspace(folder / "workspace")
    (folder / "deploymentconfig.json").write_text(json.dumps(FILE))
    script = write_script(folder, SCRIPT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_BUILDKIT", "0")
        try:
            attached(workspace)
            register_text(workspace)
            words = ["model", "deploy", "-n", name, "-m", "tiny:1", "--es", str(script), "--base-image", BASE_IMAGE]
            words += ["-dc", str(folder / "deploymentconfig.json"), "-ct", COMPUTE, "-w", str(workspace.path)]
            assert main(words) == 0
            yield AksWebservice(workspace, name)  # type: ignore[misc]  # looked up
        finally:
            clear(workspace)
