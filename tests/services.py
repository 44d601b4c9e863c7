"""What tests of the engine and of the SDK share: services of tiny scripts, gates that hold a start, and processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from jupyter_deploy import InferenceConfig, Model, Operation, ProcessWebservice, Webservice, Workspace
from tests.helpers import READS_ITS_MODEL, register_text, take_away, write_script

NAME = "tiny-service"
ROOT = Path(__file__).parents[1]


def begin(
    workspace: Workspace,
    script: Path,
    models: Sequence[Model | str | Path] = (),
    *,
    name: str = NAME,
    overwrite: bool = False,
    options: Mapping[str, Any] | None = None,
    inference: Mapping[str, Any] | None = None,
) -> Webservice:
    """Begin a deployment to the process target."""
    return Model.deploy(
        workspace, name, models, InferenceConfig(str(script), **(inference or {})),
        ProcessWebservice.deploy_configuration(**(options or {})), overwrite=overwrite,
    )  # fmt: skip


def serve(workspace: Workspace, script: Path, models: Sequence[Model | str | Path] = (), **more: Any) -> Webservice:
    """Deploy, and wait until it serves."""
    service = begin(workspace, script, models, **more)
    service.wait_for_deployment()
    return service


def behind(gate: Path) -> str:
    """A script whose start goes no further until a file is there; it echoes."""
    return f"""
import os, time

def init():
    while not os.path.exists({str(gate)!r}):
        time.sleep(0.02)

def run(data):
    return data
"""


def operation_of(service: Webservice) -> Operation:
    """The newest operation on a service, which there must be."""
    operation = service.operation
    assert operation is not None
    return operation


def process_of(operation: Operation) -> psutil.Process:
    """The process that does an operation."""
    facts = next(event.facts["process"] for event in operation.events() if "process" in event.facts)
    return psutil.Process(facts["pid"])


def has_begun(operation: Operation, step: str) -> bool:
    """Whether an operation has come to a step."""
    return any(event.kind == "began" and event.step == step for event in operation.events())


def python(code: str, *arguments: object, **more: Any) -> subprocess.Popen[str]:
    """Start Python with a piece of code and its arguments; its output is read as text."""
    command = [sys.executable, "-W", "error", "-c", code, *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, **more)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Webservice]:
    """A service for tests that do not change what it serves: with keys; it answers with the text of its model."""
    folder = tmp_path_factory.mktemp("shared")
    workspace = Workspace(folder / "workspace")
    model = register_text(workspace)
    options = {"auth_enabled": True, "tags": {"team": "blue"}, "properties": {"origin": "test"}}
    yield serve(workspace, write_script(folder, READS_ITS_MODEL), [model], options=options)
    take_away(workspace)


def told_by(code: str, *arguments: object) -> Any:
    """Run a piece of code in a new Python and read what it prints as JSON."""
    process = python(code, *arguments)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    return json.loads(output)
