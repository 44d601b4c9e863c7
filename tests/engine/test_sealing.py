from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy import Environment, InferenceConfig, Model, Webservice, Workspace
from jupyter_deploy.engine.requests import DeployRequest, SealedEnvironment
from jupyter_deploy.engine.sealing import environment_alone, seal, with_models
from jupyter_deploy.environments import Lock
from jupyter_deploy.errors import ConfigError, ScriptError, UserError
from jupyter_deploy.targets import find_target
from jupyter_deploy.targets.process.options import ProcessOptions
from tests.helpers import ECHO, register_text, take_away, write_script
from tests.services import begin, serve

USES_ITS_SIBLINGS = """
import factors
from parts.more import offset

def init():
    pass

def run(data):
    return factors.FACTOR * int(data) + offset()
"""


def sealed(workspace: Workspace, **settings: Any) -> DeployRequest:
    inference = InferenceConfig(**{"entry_script": "score.py", **settings})
    request, _ = seal(workspace.folder, "tiny-service", [], inference, find_target("process"), ProcessOptions())
    return request


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A source directory with a script that imports what lies beside it."""
    folder = tmp_path / "source"
    write_script(folder, USES_ITS_SIBLINGS)
    write_script(folder, "FACTOR = 10", "factors.py")
    write_script(folder, "def offset():\n    return 3", "parts/more.py")
    write_script(folder, "", "parts/__init__.py")
    for left_out in (".git/config", "__pycache__/old.pyc", ".ipynb_checkpoints/score.py"):
        write_script(folder, "import pandas", left_out)
    return folder


def test_what_was_on_disk_at_the_call_is_deployed(workspace: Workspace, tmp_path: Path) -> None:
    script = write_script(tmp_path, "def init():\n    pass\ndef run(data):\n    return 'as it was'")
    service = begin(workspace, script)
    script.write_text("def init():\n    pass\ndef run(data):\n    return 'changed'")
    assert service.run("") == "as it was"
    script.unlink()
    service.restart()
    assert service.run("") == "as it was"


def test_a_source_directory_is_served_with_what_lies_in_it(source: Path) -> None:
    workspace = Workspace(source / "workspace")  # as in a project's folder; it must not be deployed with it
    service = serve(workspace, Path("score.py"), inference={"source_directory": str(source)})
    try:
        assert service.run("2") == 23
        (app,) = workspace.path.glob("services/*/bundles/*/app")
        deployed = {path.relative_to(app).as_posix() for path in app.rglob("*.py")}
        assert deployed == {
            f"source/{name}" for name in ("score.py", "factors.py", "parts/more.py", "parts/__init__.py")
        }
        assert not [path for path in app.rglob("*") if path.name in ("workspace", ".git", ".ipynb_checkpoints")]
    finally:
        take_away(workspace)


def test_a_workspace_in_the_source_directory_is_left_out_under_any_name_of_its_path(
    source: Path, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(source)
    workspace = Workspace(tmp_path / "link" / "workspace")
    write_script(workspace.path / "services" / "other", "import pandas", "score.py")
    workspace.folder.secrets.put("other.keys", {"primaryKey": "not for a service"})
    request = sealed(workspace, source_directory=str(source))
    assert not [file.path for file in request.script.files if "workspace" in file.path]
    assert "pandas" not in request.environment.text


def test_a_script_alone_is_deployed_alone(workspace: Workspace, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(source)
    write_script(source, ECHO)
    request = sealed(workspace)
    assert [file.path for file in request.script.files] == ["score.py"]
    assert request.script.source_directory is None


def test_a_model_that_the_script_asks_for_and_is_not_given_is_told_and_stops_nothing(
    workspace: Workspace, tiny_model: Model, tmp_path: Path
) -> None:
    asks = "from azureml.core import Model\ndef init():\n    Model.get_model_path({!r})\ndef run(data): return data\n"

    def told(name: str, **settings: Any) -> list[str]:
        inference = InferenceConfig(str(write_script(tmp_path / "source", asks.format(name))), **settings)
        target = find_target("process")
        _, findings = seal(workspace.folder, "tiny-service", [tiny_model.record], inference, target, ProcessOptions())
        return [f"{finding.line} {finding.code}" for finding in findings]

    assert told("tiny") == []
    assert told("tiny.txt") == ["3 model-not-deployed"]  # the file's name, not the model's
    write_script(tmp_path / "source", "", "beside.pkl")
    assert told("source/beside.pkl", source_directory=str(tmp_path / "source")) == []
    assert told("source/beside.pkl") == ["3 model-not-deployed"]


def test_a_broken_link_in_the_source_directory_is_named(workspace: Workspace, source: Path) -> None:
    (source / "data.csv").symlink_to(source / "nowhere")
    with pytest.raises(UserError, match=r"source/data\.csv in the source directory is a broken link") as refused:
        sealed(workspace, source_directory=str(source))
    assert refused.value.remedy


@pytest.mark.parametrize(
    "settings",
    [
        {"base_image": "ubuntu"},
        {"runtime": "spark-py"},
        {"enable_gpu": True},
        {"enable_gpu": True, "cuda_version": "10.0"},
        {"extra_docker_file_steps": "score.py"},
        {"base_image_registry": {"address": "example.org", "username": "me", "password": "secret"}},
    ],
    ids=lambda settings: "+".join(settings),
)
def test_a_setting_that_needs_an_image_is_refused_naming_the_target_that_honours_it(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_script(tmp_path)
    with pytest.raises(ConfigError) as refused:
        sealed(workspace, **settings)
    assert len(refused.value.problems) == len(settings)
    for name, problem in zip(settings, refused.value.problems, strict=True):
        assert problem.startswith(f"{name} has no meaning on the target 'process'")
        assert "'local'" in problem


def test_a_conda_file_with_what_only_conda_has_is_refused_and_nothing_is_recorded(
    workspace: Workspace, tmp_path: Path
) -> None:
    script = write_script(tmp_path)
    (tmp_path / "env.yml").write_text("dependencies: [mkl, six, nodejs>=18]\n")
    with pytest.raises(ConfigError, match=r"env.yml: 2 problems") as refused:
        begin(workspace, script, inference={"conda_file": str(tmp_path / "env.yml")})
    assert [problem.split(": ")[:2] for problem in refused.value.problems] == [
        ["mkl", "only in conda"],
        ["nodejs>=18", "only in conda"],
    ]
    assert list(Webservice.list(workspace)) == []


def test_a_conda_file_is_sealed_by_what_it_says_without_credentials(workspace: Workspace, tmp_path: Path) -> None:
    write_script(tmp_path)
    lines = ["channels: ['https://me:s3cret@example.org/t/t0ken/x']", "dependencies: [six, {pip: [joblib]}]"]
    for name, comment in (("env.yml", ""), ("other.yml", "# said otherwise\n")):
        (tmp_path / name).write_text(comment + "\n".join([*lines, "variables: {FACTOR: 2}\n"]))
    first, second = (
        sealed(workspace, entry_script=str(tmp_path / "score.py"), conda_file=str(tmp_path / name))
        for name in ("env.yml", "other.yml")
    )
    assert (first.environment.kind, first.environment.name) == ("conda", "env.yml")
    assert first.environment.variables == {"FACTOR": "2"}
    assert "s3cret" not in str(first.to_json())
    assert "t0ken" not in str(first.to_json())
    assert first.digest == second.digest
    assert DeployRequest.from_json(first.to_json()) == first


def test_an_environment_is_sealed_as_the_file_that_it_came_from(workspace: Workspace, tmp_path: Path) -> None:
    script = str(write_script(tmp_path))
    (tmp_path / "env.yml").write_text("dependencies: [six]\nvariables: {A: '1', B: '1'}\n")
    (tmp_path / "requirements.txt").write_text("six>=1\n")
    conda = Environment.from_conda_specification("mine", tmp_path / "env.yml")
    conda.environment_variables = {"B": "2"}
    by_file = sealed(workspace, entry_script=script, conda_file=str(tmp_path / "env.yml")).environment
    request = sealed(workspace, entry_script=script, environment=conda)
    assert request.environment == replace(by_file, name="mine", variables={"A": "1", "B": "2"})
    assert DeployRequest.from_json(json.loads(json.dumps(request.to_json()))) == request
    assert request.inference["environment"] == "mine"
    pip = Environment.from_pip_requirements("mine", tmp_path / "requirements.txt")
    assert sealed(workspace, entry_script=script, environment=pip).environment == SealedEnvironment(
        "pip", "six>=1\n", "mine"
    )
    kernel = sealed(workspace, entry_script=script, environment=Environment("mine", {"A": "1"})).environment
    assert kernel == replace(sealed(workspace, entry_script=script).environment, variables={"A": "1"})


def test_an_environment_with_an_image_is_refused_naming_the_target_that_honours_it(
    workspace: Workspace, tmp_path: Path
) -> None:
    environment = Environment("mine")
    environment.docker.enabled = True
    environment.docker.base_image = "ubuntu"
    with pytest.raises(ConfigError) as refused:
        sealed(workspace, entry_script=str(write_script(tmp_path)), environment=environment)
    assert [problem.split(" has no meaning")[0] for problem in refused.value.problems] == [
        "environment.docker.enabled",
        "environment.docker.base_image",
    ]
    assert all("'local'" in problem for problem in refused.value.problems)


def test_an_environment_that_was_changed_since_it_was_configured_is_checked_anew(
    workspace: Workspace, tmp_path: Path
) -> None:
    environment = Environment("mine")
    config = {"entry_script": str(write_script(tmp_path)), "environment": environment}
    sealed(workspace, **config)
    environment.python.pip_requirements = "six"
    environment.python.user_managed_dependencies = True
    with pytest.raises(ConfigError, match="packages come from one of them"):
        sealed(workspace, **config)


def test_a_script_that_could_not_start_is_refused_and_nothing_is_recorded(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match="init"):
        begin(workspace, write_script(tmp_path, "def run(data):\n    return data"))
    assert list(Webservice.list(workspace)) == []


def test_a_name_of_the_notebook_is_refused_where_the_notebook_is_known(workspace: Workspace, tmp_path: Path) -> None:
    script = write_script(tmp_path, "def init():\n    pass\ndef run(data):\n    return scaler.transform(data)")
    with pytest.raises(ScriptError, match="scaler"):
        seal(
            workspace.folder, "tiny-service", [], InferenceConfig(str(script)), find_target("process"), ProcessOptions(), ["scaler"]
        )  # fmt: skip


def test_models_are_sealed_by_what_is_in_the_store(workspace: Workspace, tiny_model: Model, tmp_path: Path) -> None:
    inference = InferenceConfig(str(write_script(tmp_path)))
    request, findings = seal(
        workspace.folder, "tiny-service", [tiny_model.record], inference, find_target("process"), ProcessOptions()
    )
    assert [model.id for model in request.models] == ["tiny:1"]
    assert [file.sha256 for file in request.models[0].files] == [file.sha256 for file in tiny_model.record.files]
    assert findings == ()


def test_a_script_that_changed_since_it_was_configured_is_read_anew(workspace: Workspace, tmp_path: Path) -> None:
    script = write_script(tmp_path)
    inference = InferenceConfig(str(script))
    target = find_target("process")

    def refusal() -> str:
        with pytest.raises(UserError) as refused:
            seal(workspace.folder, "tiny-service", [], inference, target, ProcessOptions())
        return str(refused.value)

    script.write_bytes(b"def init(:\n")
    assert refusal().startswith("score.py:1: ")
    script.write_bytes(b"\xff\xfe\x00")
    assert refusal().startswith("score.py is no Python source")
    script.unlink()
    assert refusal() == f"entry_script {script} cannot be read: No such file or directory"


def test_a_script_may_name_its_encoding(workspace: Workspace, tmp_path: Path) -> None:
    script = tmp_path / "score.py"
    text = "# -*- coding: latin-1 -*-\ndef init():\n    pass\ndef run(data):\n    return 'Grüße'\n"
    script.write_text(text, encoding="latin-1")
    assert [file.path for file in sealed(workspace, entry_script=str(script)).script.files] == ["score.py"]


def test_other_models_lock_the_kernels_environment_anew(workspace: Workspace, tmp_path: Path) -> None:
    first = register_text(workspace).record
    config = InferenceConfig(str(write_script(tmp_path, "import packaging\n" + ECHO)))
    request, _ = seal(workspace.folder, "svc", [first], config, find_target("process"), ProcessOptions())
    needs_yaml = replace(first, version=2, imports=("yaml",))
    locked = {
        package.name: package.asked_by
        for package in Lock.parse(with_models(request, [needs_yaml]).environment.text).packages
    }
    assert locked["packaging"] == ("score.py",)
    assert locked["pyyaml"] == ("model tiny:2",)
    assert "pyyaml" not in {package.name for package in Lock.parse(request.environment.text).packages}


def test_a_lock_of_another_interpreter_stays_with_other_models(workspace: Workspace, tmp_path: Path) -> None:
    config = InferenceConfig(str(write_script(tmp_path)))
    request, _ = seal(workspace.folder, "svc", [], config, find_target("process"), ProcessOptions())
    elsewhere = replace(request.environment, text=request.environment.text.replace("orjson==", "orjson==0."))
    changed = with_models(replace(request, environment=elsewhere), [register_text(workspace).record])
    assert changed.environment == elsewhere
    assert [model.id for model in changed.models] == ["tiny:1"]


def test_linked_folders_are_deployed_once_and_virtual_environments_not(workspace: Workspace, tmp_path: Path) -> None:
    source, shared = tmp_path / "src", tmp_path / "shared"
    write_script(source)
    write_script(shared, "X = 1\n", "helper.py")
    (source / "lib").symlink_to(shared)
    (shared / "back").symlink_to(source)
    (source / "env").mkdir()
    (source / "env" / "pyvenv.cfg").touch()
    request = sealed(workspace, source_directory=str(source))
    assert [file.path for file in request.script.files] == ["src/score.py", "src/lib/helper.py"]


def test_a_requirements_file_that_cannot_be_locked_is_refused_by_its_name_at_the_call(
    workspace: Workspace, tmp_path: Path
) -> None:
    needs = tmp_path / "needs.txt"
    needs.write_text("six\nnumpy==\n", encoding="utf-8")
    config = InferenceConfig(str(write_script(tmp_path)), pip_requirements_file=str(needs))
    with pytest.raises(ConfigError, match=r"needs\.txt.*2"):
        seal(workspace.folder, "svc", [], config, find_target("process"), ProcessOptions())


def test_an_environment_is_looked_at_alone_and_nothing_is_kept(workspace: Workspace, source: Path) -> None:
    inference = InferenceConfig(entry_script="score.py", source_directory=str(source))
    settings = find_target("process").server_settings(ProcessOptions())
    alone = environment_alone(workspace.folder, [], inference, settings, print)
    kept = [path for path in (workspace.path / "files").rglob("*") if path.is_file()]
    assert not kept
    assert alone == sealed(workspace, entry_script="score.py", source_directory=str(source)).environment
