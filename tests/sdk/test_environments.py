"""Environments that are registered in a workspace."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_deploy import Environment, InferenceConfig, Workspace
from jupyter_deploy.errors import ConfigError, NotFound


def test_a_registered_environment_comes_back_as_it_was(tmp_path: Path) -> None:
    ws = Workspace(tmp_path / "ws")
    (tmp_path / "env.yml").write_text("dependencies:\n  - python=3.11\n  - scikit-learn\n  - pip:\n    - six==1.17.0\n")
    environment = Environment.from_conda_specification("diabetes-env", tmp_path / "env.yml")
    environment.environment_variables = {"OMP_NUM_THREADS": "1"}
    registered = environment.register(ws)
    assert (registered.name, registered.version) == ("diabetes-env", "1")
    assert environment.register(ws).version == "1"
    environment.environment_variables["MORE"] = "2"
    assert environment.register(ws).version == "2"
    assert Environment.get(ws, "diabetes-env", 1).to_json() == registered.to_json()
    assert Environment.get(ws, "diabetes-env").environment_variables == {"OMP_NUM_THREADS": "1", "MORE": "2"}
    assert {name: found.version for name, found in ws.environments.items()} == {"diabetes-env": "2"}
    script = tmp_path / "score.py"
    script.write_text("def init():\n    pass\n\n\ndef run(data):\n    return data\n")
    assert InferenceConfig(str(script), environment=Environment.get(ws, "diabetes-env")).given()["environment"]


@pytest.mark.parametrize("name", ["AzureML-minimal", "microsoft-env", "", "-x", "a b"])
def test_names_that_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="is no name for an environment"):
        Environment(name).register(Workspace(tmp_path / "ws"))


def test_one_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="there is no environment nowhere"):
        Environment.get(Workspace(tmp_path / "ws"), "nowhere")
