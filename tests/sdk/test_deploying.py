from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy import InferenceConfig, Model, ProcessWebservice, Webservice, Workspace
from jupyter_deploy.errors import ConfigError, ModelNotFound, NameTaken, UserError
from jupyter_deploy.sdk.deploying import default_options, records_of
from tests.helpers import ECHO, write_script


@pytest.fixture
def config(tmp_path: Path) -> InferenceConfig:
    return InferenceConfig(str(write_script(tmp_path, ECHO)))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"inference_config": None},
            "inference_config is missing; a script is written for exactly one model, and there are 0",
        ),
        ({"models": [object(), object()]}, "a trained object has no name of its own"),
        ({"inference_config": "score.py"}, "inference_config is 'score.py', which is none"),
        ({"deployment_config": {"port": 8890}}, "deployment_config is {'port': 8890}, which is none"),
        ({"deployment_target": "myaks"}, "ComputeTargetNotFound: there is no compute 'myaks'"),
        ({"models": "tiny"}, "models is a list"),
        ({"models": ["no such model.pkl"]}, "there is no model 'no such model.pkl'"),
        ({"name": "No"}, "'No' is not a valid service name"),
    ],
)
def test_what_cannot_be_deployed_is_refused_before_anything_is_recorded(
    workspace: Workspace, config: InferenceConfig, given: dict[str, Any], message: str
) -> None:
    call = {"name": "tiny-service", "models": [], "inference_config": config, **given}
    with pytest.raises(UserError) as refused:
        Model.deploy(workspace, **call)
    assert message in str(refused.value).splitlines()[0]
    assert refused.value.remedy
    assert list(Webservice.list(workspace)) == []


def test_models_are_taken_as_models_names_ids_and_paths(
    workspace: Workspace, tiny_model: Model, tmp_path: Path
) -> None:
    (tmp_path / "weights.txt").write_text("w")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "part.txt").write_text("p")
    long = tmp_path / f"{'long' * 10}.txt"
    long.write_text("l")
    given: list[Model | str | Path] = [
        tiny_model,
        "tiny",
        "tiny:1",
        str(tmp_path / "weights.txt"),
        tmp_path / "folder",
        long,
    ]
    ids = [record.id for record in records_of(workspace, given)]
    assert ids == ["tiny:1", "tiny:1", "tiny:1", "weights.txt:1", "folder:1", f"{long.name[:30]}:1"]
    with pytest.raises(ModelNotFound, match=r"^ModelNotFound: there is no model 'weights:9'"):
        records_of(workspace, ["weights:9"])


def test_no_configuration_is_the_embedded_target() -> None:
    assert default_options() == ProcessWebservice.deploy_configuration()


def test_a_configuration_names_all_that_does_not_fit() -> None:
    with pytest.raises(ConfigError) as refused:
        ProcessWebservice.deploy_configuration(port=0, memory_gb=-1, replica_max_concurrent_requests="many")
    assert len(refused.value.problems) == 3
    with pytest.raises(ConfigError, match="did you mean 'auth_enabled'"):
        ProcessWebservice.deploy_configuration(auth_enable=True)


@pytest.mark.parametrize("script", ["nowhere.py", "score.txt", "my-score.py", "class.py", ""])
def test_a_script_that_is_none_is_refused_with_the_path_that_was_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    for name in ("score.txt", "my-score.py", "class.py"):
        write_script(tmp_path, ECHO, name)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as refused:
        InferenceConfig(script)
    assert script in str(refused.value)
    if script == "nowhere.py":
        assert str(tmp_path / script) in str(refused.value)
        assert "relative to the current folder" in refused.value.remedy


def test_a_trained_object_is_deployed_without_a_script_and_registered_once(workspace: Workspace) -> None:
    from sklearn.linear_model import Ridge

    ridge = Ridge().fit([[1.0], [2.0]], [1.0, 2.0])
    service = Model.deploy(workspace, "line-service", [ridge])
    service.wait_for_deployment()
    assert service.run({"data": [[1.5]]}) == pytest.approx([1.5])
    again = Model.deploy(workspace, "line-service", [ridge])  # the same content
    assert (again.version, again.begun.operation) == (1, None)
    with pytest.raises(NameTaken, match="the service 'line-service' exists, with other content"):
        Model.deploy(workspace, "line-service", [Ridge().fit([[1.0], [2.0]], [1.0, 3.0])])
    assert [model.id for model in Model.list(workspace)] == ["line:1"]
    again = Model.deploy(workspace, "line-service", [Model(workspace, "line")])  # the same content
    assert (again.version, again.begun.operation) == (1, None)
    with pytest.raises(UserError, match="a trained object has no name of its own"):
        service.update(models=[ridge])
