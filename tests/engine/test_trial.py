"""Trying scripts: real processes over real bundles."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_deploy import InferenceConfig, Model, Workspace
from jupyter_deploy.engine.trial import TrialResult, try_script
from jupyter_deploy.errors import ScriptError
from tests.environments.conftest import cache as cache  # an empty folder for environments, as their own tests have it
from tests.helpers import READS_ITS_MODEL

Write = Callable[..., Path]
said: list[str] = []


def attempt(workspace: Workspace, script: Path, body: bytes | None = b"[1]", *models: Model) -> TrialResult:
    said.clear()
    records = [model.record for model in models]
    return try_script(workspace.folder, records, InferenceConfig(str(script)), body, said.append)


def test_init_and_run_with_the_models_in_place(workspace: Workspace, tiny_model: Model, tiny_script: Write) -> None:
    result = attempt(workspace, tiny_script(READS_ITS_MODEL + "\nprint('hello')\n"), b"{}", tiny_model)
    assert (result.status, json.loads(result.answer or "")) == (200, "one")
    assert result.init_seconds >= 0
    assert (result.run_seconds or 0) >= 0
    assert said == ["hello"]


def test_without_a_body_only_init_runs(workspace: Workspace, tiny_script: Write) -> None:
    result = attempt(workspace, tiny_script("def init(): print('init')\ndef run(data): print('run')"), None)
    assert (result.status, result.answer, result.run_seconds) == (None, None, None)
    assert said == ["init"]


@pytest.mark.usefixtures("cache")
def test_a_script_is_tried_with_the_packages_and_variables_of_its_conda_file(
    workspace: Workspace, tiny_script: Write, tmp_path: Path
) -> None:
    script = tiny_script(
        "import os, six\ndef init(): ...\ndef run(data): return [six.__version__, os.environ['FACTOR']]"
    )
    (tmp_path / "env.yml").write_text("dependencies: [six=1.16]\nvariables: {FACTOR: 3}\n")
    inference = InferenceConfig(str(script), conda_file=str(tmp_path / "env.yml"))
    said.clear()
    result = try_script(workspace.folder, [], inference, b"1", said.append)
    assert json.loads(result.answer or "") == ["1.16.0", "3"]
    assert "six=1.16: taken as six==1.16.*" in said


@pytest.mark.parametrize(
    ("script", "cause"),
    [
        (
            "import nowhere_at_all\ndef init(): ...\ndef run(data): ...",
            "score.py:1: importing score.py raised ModuleNotFoundError",
        ),
        ("def init():\n    1 / 0\ndef run(data): ...", "score.py:2: init() raised ZeroDivisionError"),
        (
            "import json\ndef init(): ...\ndef run(data):\n    return json.loads('x')",
            "score.py:4: run() raised JSONDecodeError",
        ),
        ("import os\ndef init(): os._exit(7)\ndef run(data): ...", "score.py: its process ended with code 7"),
    ],
)
def test_what_fails_is_named_with_the_line_of_the_script(
    workspace: Workspace, tiny_script: Write, script: str, cause: str
) -> None:
    with pytest.raises(ScriptError) as caught:
        attempt(workspace, tiny_script(script))
    assert caught.value.what.startswith(cause)
    assert str(workspace.path) not in str(caught.value)
    assert "jupyter_deploy_scoring" not in str(caught.value)


def test_nothing_of_a_trial_is_left(workspace: Workspace, tiny_model: Model, tiny_script: Write) -> None:
    attempt(workspace, tiny_script(), b"[1]", tiny_model)
    with pytest.raises(ScriptError):
        attempt(workspace, tiny_script("def init(): 1 / 0\ndef run(data): ..."))
    assert not list(workspace.path.glob(".trial-*"))
    workspace.folder.files.verify(tiny_model.record.files[0].sha256, "the model")
