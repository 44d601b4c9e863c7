"""What an InferenceConfig says of an image, sealed; and its login, which is in no record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy import CondaDependencies, Environment, InferenceConfig, Workspace
from jupyter_deploy.engine.locking import lock_of
from jupyter_deploy.engine.places import place_of
from jupyter_deploy.engine.recipes import logins_of, provide_login, recipe_of, with_conda
from jupyter_deploy.engine.requests import DeployRequest, SealedEnvironment
from jupyter_deploy.engine.sealing import seal
from jupyter_deploy.errors import ConfigError, UserError
from jupyter_deploy.images.recipe import Recipe
from jupyter_deploy.targets import find_target
from jupyter_deploy.targets.docker.options import LocalOptions
from jupyter_deploy.targets.process.options import ProcessOptions
from tests.helpers import write_script

SECRET = "MARKEDSECRET"


def registry(address: str = "example.org", username: str = "me") -> dict[str, str]:
    return {"address": address, "username": username, "password": SECRET}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_script(tmp_path)
    return tmp_path


def recipe(**settings: Any) -> Recipe:
    return recipe_of(InferenceConfig("score.py", **settings))


def test_what_is_not_said_is_left_to_the_target() -> None:
    assert recipe() == recipe(runtime="Python-Slim") == recipe(environment=Environment("mine")) == Recipe()


def test_every_setting_reaches_the_recipe(folder: Path) -> None:
    (folder / "steps.txt").write_text("# libraries\nRUN apt-get install -y libgomp1\n")
    made = recipe(base_image="mine:1", extra_docker_file_steps="steps.txt", enable_gpu=True, runtime="SPARK-PY")
    assert made == Recipe("mine:1", steps="RUN apt-get install -y libgomp1\n", runtime="spark-py", gpu=True)
    assert recipe(enable_gpu=True, cuda_version="12.8") == Recipe(gpu=True, cuda="12.8")
    of_the_hub = Environment.from_dockerfile("mine", "FROM team/a\n", container_registry=registry("docker.io"))
    assert recipe(environment=of_the_hub) == Recipe(dockerfile="FROM team/a\n")
    environment = Environment.from_dockerfile("mine", "FROM a # no comment\n# one\nRUN b\n")
    assert recipe(environment=environment) == Recipe(dockerfile="FROM a # no comment\nRUN b\n")
    assert recipe(environment=Environment.from_docker_image("mine", "b:2")) == Recipe("b:2")


def test_what_conda_installs_is_sealed_with_its_channels(folder: Path, workspace: Workspace) -> None:
    (folder / "env.yml").write_text("channels: [conda-forge, nodefaults]\ndependencies: [six, r-base=4.1]\n")
    environment = Environment.from_conda_specification("mine", folder / "env.yml")
    environment.docker.conda_only_packages = ["r-base"]
    for settings in ({"conda_file": "env.yml", "conda_only_packages": ["r-base"]}, {"environment": environment}):
        inference = InferenceConfig("score.py", **settings)  # type: ignore[arg-type]
        request, _ = seal(workspace.folder, "service", [], inference, find_target("local"), LocalOptions())
        assert request.recipe == Recipe(conda_only_packages=("r-base=4.1",), conda_channels=("conda-forge",))
        assert DeployRequest.from_json(json.loads(json.dumps(request.to_json()))).recipe == request.recipe
        locked = lock_of(workspace.folder, request.environment, lambda _: None).packages
        assert "six" in [package.name for package in locked]
        with pytest.raises(ConfigError, match="conda_only_packages has no meaning on the target 'process'; it needs"):
            seal(workspace.folder, "service", [], inference, find_target("process"), ProcessOptions())


def test_a_file_without_channels_asks_those_that_conda_asks(folder: Path) -> None:
    environment = SealedEnvironment("conda", '{"dependencies": ["mkl"]}', "env.yml", by_conda=("mkl",))
    assert with_conda(Recipe("a"), environment) == Recipe(
        "a", conda_only_packages=("mkl",), conda_channels=("defaults",)
    )


def test_a_dockerfile_of_ones_own_installs_what_conda_has_itself(folder: Path) -> None:
    environment = Environment.from_dockerfile("mine", "FROM a\n")
    environment.python.conda_dependencies = CondaDependencies.create(conda_packages=["mkl"])
    environment.docker.conda_only_packages = ["mkl"]
    with pytest.raises(ConfigError, match="base_dockerfile and conda_only_packages are both given"):
        recipe(environment=environment)


@pytest.mark.parametrize(
    ("name", "address", "base"),
    [
        ("team/python:3", "example.org", "example.org/team/python:3"),
        ("python", "https://example.org:5000/", "example.org:5000/python"),
        ("example.org/python", "example.org", "example.org/python"),
        ("team/python", "https://index.docker.io/v1/", "docker.io/team/python"),
    ],
)
def test_the_registrys_address_is_put_before_a_name_that_has_none(name: str, address: str, base: str) -> None:
    assert recipe(base_image=name, base_image_registry=registry(address)).base == base
    environment = Environment.from_docker_image("mine", name, registry(address))
    assert recipe(environment=environment).base == base


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"cuda_version": "12.8"}, "cuda_version is 12.8 and enable_gpu is not given"),
        ({"cuda_version": "12.8", "enable_gpu": True, "base_image": "a"}, "cuda_version and base_image both say"),
        ({"base_image_registry": registry()}, "base_image_registry example.org is for base_image, which is not given"),
        (
            {"base_image_registry": registry(), "base_image": "other.org/a"},
            "base_image_registry is example.org, and no image of other.org/a comes from there",
        ),
        (
            {"environment": Environment.from_dockerfile("mine", "FROM a\n", container_registry=registry())},
            "base_image_registry is example.org, and no image of a comes from there",
        ),
        (
            {"environment": Environment.from_dockerfile("mine", "FROM a\nCOPY b c\n")},
            "base_dockerfile of the environment 'mine': line 2: COPY takes files of a folder",
        ),
    ],
)
def test_what_contradicts_itself_or_asks_for_nothing_is_refused(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError) as refused:
        recipe(**settings)
    assert refused.value.what.startswith(problem)
    assert SECRET not in str(refused.value)


def test_a_file_of_steps_that_is_no_text_is_refused(folder: Path) -> None:
    (folder / "steps.txt").write_bytes(b"RUN \xff\n")
    with pytest.raises(ConfigError, match=r"extra_docker_file_steps .*steps\.txt cannot be read"):
        recipe(extra_docker_file_steps="steps.txt")


def test_the_request_holds_the_recipe_and_no_login(workspace: Workspace, folder: Path) -> None:
    def sealed(**settings: Any) -> DeployRequest:
        inference = InferenceConfig("score.py", **settings)
        return seal(workspace.folder, "tiny-service", [], inference, find_target("local"), LocalOptions())[0]

    request = sealed(base_image="python", base_image_registry=registry(username="MARKEDSECRETme"))
    document = json.dumps(request.to_json())
    assert SECRET not in document
    assert DeployRequest.from_json(json.loads(document)) == request
    assert request.inference["base_image_registry"] == {"address": "example.org"}
    assert request.digest == sealed(base_image="example.org/python").digest
    assert request.digest != sealed(base_image="python").digest
    environment = Environment.from_docker_image("mine", "example.org/python", registry())
    assert SECRET not in json.dumps(sealed(environment=environment).to_json())


def test_a_service_keeps_a_login_for_each_registry(workspace: Workspace) -> None:
    assert place_of(workspace.folder, "tiny-service", {}, {}).logins is None
    for inference in (
        InferenceConfig("score.py", base_image="a", base_image_registry=registry("https://one.org")),
        InferenceConfig("score.py", base_image="a", base_image_registry=registry("two.org", "you")),
        InferenceConfig("score.py"),
    ):
        provide_login(workspace.folder, "tiny-service", inference)
    path = place_of(workspace.folder, "tiny-service", {}, {}).logins
    assert path is not None
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text()) == {
        "one.org": {"username": "me", "password": SECRET},
        "two.org": {"username": "you", "password": SECRET},
    }


def test_a_login_may_be_named_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    named = {"address": "example.org", "credentials": "REGISTRY_LOGIN"}
    inference = InferenceConfig("score.py", base_image="a", base_image_registry=named)
    assert recipe_of(inference) == Recipe("example.org/a")
    with pytest.raises(UserError, match="REGISTRY_LOGIN, which is to hold the registry's credentials, is not set"):
        logins_of(inference)
    monkeypatch.setenv("REGISTRY_LOGIN", f"me:{SECRET}")
    assert logins_of(inference) == {"example.org": {"username": "me", "password": SECRET}}
