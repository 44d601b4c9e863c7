"""Environment: the object, and the JSON of the original with all that it writes into every file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy import CondaDependencies, Environment, Workspace
from jupyter_deploy.errors import ConfigError, UserError

TEMPLATE = """
{
    "name": "diabetes-env",
    "version": "1",
    "environmentVariables": {"EXAMPLE_ENV_VAR": "EXAMPLE_VALUE"},
    "python": {
        "userManagedDependencies": false,
        "interpreterPath": "python",
        "condaDependenciesFile": null,
        "baseCondaEnvironment": null,
        "condaDependencies": {
            "name": "project_environment",
            "channels": ["conda-forge"],
            "dependencies": ["python=3.11", {"pip": ["azureml-defaults"]}, "scikit-learn"]
        }
    },
    "docker": {
        "enabled": false,
        "baseImage": null,
        "baseDockerfile": null,
        "sharedVolumes": true,
        "shmSize": "2g",
        "arguments": [],
        "baseImageRegistry": {"address": null, "username": null, "password": null}
    },
    "spark": {"repositories": [], "packages": [], "precachePackages": false},
    "databricks": {"mavenLibraries": [], "pypiLibraries": [], "rcranLibraries": [], "jarLibraries": [], "eggLibraries": []},
    "inferencingStackVersion": null
}
"""


def read(root: Path, **document: Any) -> Environment:
    return Environment.from_json(document, root, "ic.json")


def test_the_json_that_the_original_writes_is_read(tmp_path: Path) -> None:
    environment = Environment.from_json(json.loads(TEMPLATE), tmp_path, "ic.json")
    assert (environment.name, environment.version) == ("diabetes-env", "1")
    assert environment.environment_variables == {"EXAMPLE_ENV_VAR": "EXAMPLE_VALUE"}
    assert environment.python.conda_dependencies is not None
    assert environment.python.conda_dependencies.conda_packages == ("python=3.11", "scikit-learn")
    assert environment.docker.given() == ()
    assert environment.problems() == []


def test_a_conda_file_is_read_relative_to_the_root(tmp_path: Path) -> None:
    (tmp_path / "env.yml").write_text("dependencies: [numpy]\n")
    environment = read(tmp_path, python={"condaDependenciesFile": "env.yml"})
    assert environment.python.conda_dependencies is not None
    assert environment.python.conda_dependencies.conda_packages == ("numpy",)


def test_an_image_is_read_for_targets_that_take_one(tmp_path: Path) -> None:
    registry = {"address": "example.org", "username": "me", "password": "secret"}
    docker = read(tmp_path, docker={"enabled": True, "baseImage": "ubuntu", "baseImageRegistry": registry}).docker
    assert docker.given() == ("enabled", "base_image", "base_image_registry")
    environment = read(tmp_path, docker={"condaOnlyPackages": ["mkl"]})
    assert Environment.from_json(environment.to_json(), tmp_path, "").docker.conda_only_packages == ["mkl"]
    assert docker.problems() == []
    assert "secret" not in repr(docker)


@pytest.mark.parametrize(
    ("docker", "problem"),
    [
        ({"baseImage": "a", "baseDockerfile": "FROM a"}, "environment.docker has base_image and base_dockerfile"),
        ({"baseImageRegistry": {"address": "a"}}, "environment.docker.base_image_registry takes address, username and"),
        (
            {"condaOnlyPackages": ["mkl"]},
            "environment.docker.conda_only_packages names conda dependencies, and python has none",
        ),
        ({"baseImageRegistry": "secret"}, "environment.docker.base_image_registry takes address, username and"),
    ],
)
def test_an_image_that_contradicts_itself_is_refused(tmp_path: Path, docker: dict[str, Any], problem: str) -> None:
    (found,) = read(tmp_path, docker=docker).problems()
    assert found.startswith(problem)
    assert "secret" not in found


def test_conda_only_packages_are_a_list(tmp_path: Path) -> None:
    python = {"condaDependencies": {"dependencies": ["mkl"]}}
    environment = read(tmp_path, docker={"condaOnlyPackages": "mkl"}, python=python)
    assert environment.problems() == ["environment.docker.conda_only_packages is 'mkl'; it takes a list of texts"]


def test_an_environment_with_a_password_is_not_registered(workspace: Workspace) -> None:
    registry = {"address": "example.org", "username": "me", "password": "secret"}
    environment = Environment.from_dockerfile("mine", "FROM example.org/a\n", container_registry=registry)
    assert environment.docker.base_image_registry == registry
    with pytest.raises(ConfigError, match="has a password, which no record may hold; name a variable"):
        environment.register(workspace)
    environment.save_to_directory(workspace.path.parent / "mine")
    (file,) = (workspace.path.parent / "mine").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    environment.docker.base_image_registry = {"address": "example.org", "credentials": "REGISTRY_LOGIN"}
    registered = environment.register(workspace)
    assert registered.docker.base_image_registry == environment.docker.base_image_registry


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"enviromentVariables": {}}, "it has no key 'enviromentVariables'; did you mean 'environmentVariables'?"),
        ({"python": {"interpreterPath": "/usr/bin/python3"}}, "python.interpreterPath is '/usr/bin/python3', which nothing"),
        ({"python": {"baseCondaEnvironment": "base"}}, "python.baseCondaEnvironment is 'base', which nothing here can honour"),
        ({"python": "3.11"}, "python is '3.11'; it takes an object"),
        ({"python": {"condaDependencies": ["numpy"]}}, "python.condaDependencies is ['numpy']; it takes an object"),
        ({"python": {"condaDependencies": {}, "condaDependenciesFile": "x.yml"}}, "cannot read the conda file"),
        ({"docker": {"arguments": ["--privileged"]}}, "docker.arguments is ['--privileged'], which nothing here can honour"),
        ({"spark": {"packages": [{"group": "g"}]}}, "spark.packages"),
        ({"inferencingStackVersion": "latest"}, "inferencingStackVersion is 'latest'"),
        ({"name": 3}, "name is 3; it takes a text"),
        ({"environmentVariables": {"A": None}}, "environmentVariables: 'A': None is not a text"),
    ],
)  # fmt: skip
def test_what_means_nothing_here_is_refused_by_name(tmp_path: Path, document: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError) as refused:
        read(tmp_path, **document)
    assert words in refused.value.what


def test_two_conda_files_at_once_are_refused(tmp_path: Path) -> None:
    python = {"condaDependencies": {"dependencies": ["numpy"]}, "condaDependenciesFile": "env.yml"}
    with pytest.raises(ConfigError, match="give one of them"):
        read(tmp_path, python=python)


def test_factories_read_their_files(tmp_path: Path) -> None:
    (tmp_path / "env.yml").write_text("dependencies: [numpy]\n")
    (tmp_path / "requirements.txt").write_text("six  # old\n")
    conda = Environment.from_conda_specification("a", tmp_path / "env.yml")
    assert conda.python.conda_dependencies is not None
    assert conda.python.conda_dependencies.conda_packages == ("numpy",)
    assert (
        Environment.from_pip_requirements("b", tmp_path / "requirements.txt").python.pip_requirements == "six  # old\n"
    )
    with pytest.raises(ConfigError, match=r"none\.txt cannot be read"):
        Environment.from_pip_requirements("b", tmp_path / "none.txt")


def test_a_setting_that_does_not_exist_cannot_be_made() -> None:
    environment = Environment("mine")
    with pytest.raises(AttributeError):
        environment.python.conda_dependancies = CondaDependencies()  # type: ignore[attr-defined]  # a slip of the pen
    with pytest.raises(AttributeError):
        environment.variables = {}  # type: ignore[attr-defined]


def test_contradictions_are_told() -> None:
    environment = Environment("mine")
    environment.python.conda_dependencies = CondaDependencies()
    environment.python.user_managed_dependencies = True
    environment.docker = True  # type: ignore[assignment]  # as a user might write it
    assert environment.problems() == [
        "environment.python has conda_dependencies and user_managed_dependencies; packages come from one of them",
        "environment.docker is True; change the settings in it instead of itself",
    ]


def test_the_json_that_is_written_is_read_back_the_same(tmp_path: Path) -> None:
    environment = Environment.from_json(json.loads(TEMPLATE), tmp_path, "")
    again = Environment.from_json(environment.to_json(), tmp_path, "")
    assert again.to_json() == environment.to_json()
    assert again.to_json()["python"]["condaDependencies"]["channels"] == ["conda-forge"]


def test_a_folder_is_written_and_read(tmp_path: Path) -> None:
    (tmp_path / "needs.txt").write_text("six==1.17.0\n")
    environment = Environment.from_pip_requirements("needs", tmp_path / "needs.txt")
    environment.save_to_directory(tmp_path / "env")
    assert Environment.load_from_directory(tmp_path / "env") == environment
    with pytest.raises(ConfigError, match="exists already"):
        environment.save_to_directory(tmp_path / "env")
    environment.save_to_directory(tmp_path / "env", overwrite=True)
    with pytest.raises(ConfigError, match=r"azureml_environment\.json cannot be read"):
        Environment.load_from_directory(tmp_path)


def test_environments_from_images_and_dockerfiles(tmp_path: Path) -> None:
    (tmp_path / "env.yml").write_text("dependencies:\n  - scikit-learn\n")
    image = Environment.from_docker_image("img", "python:3.11", conda_specification=tmp_path / "env.yml")
    assert (image.docker.base_image, bool(image.python.conda_dependencies)) == ("python:3.11", True)
    (tmp_path / "Dockerfile").write_text("FROM python:3.11\n")
    for given in (tmp_path / "Dockerfile", "FROM python:3.11\n"):
        assert Environment.from_dockerfile("made", given).docker.base_dockerfile == "FROM python:3.11\n"
    with pytest.raises(ConfigError, match="cannot be read"):
        Environment.from_dockerfile("made", tmp_path / "nowhere")
    with pytest.raises(ConfigError, match="give one of them"):
        Environment.from_docker_image("img", "i", conda_specification="a", pip_requirements="b")


def test_an_existing_conda_environment_is_refused_with_the_way() -> None:
    with pytest.raises(ConfigError, match=r"conda env export --from-history -n myenv > env\.yml"):
        Environment.from_existing_conda_environment("env", "myenv")
