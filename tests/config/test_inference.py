"""InferenceConfig: the keys of its file, the rules in their order, and what each path is relative to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy.config.environment import Environment
from jupyter_deploy.config.inference import InferenceConfig
from jupyter_deploy.errors import ConfigError, ScriptError

SCRIPT = "def init():\n    pass\n\n\ndef run(data):\n    return data\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "score.py").write_text(SCRIPT)
    (tmp_path / "source" / "x").mkdir(parents=True)
    (tmp_path / "source" / "x" / "score.py").write_text(SCRIPT)
    (tmp_path / "source" / "env.yml").write_text("dependencies: []\n")
    return tmp_path


def refused(document: dict[str, Any]) -> ConfigError:
    with pytest.raises(ConfigError) as error:
        InferenceConfig.from_json(document, "inferenceconfig.json")
    return error.value


def test_the_script_alone_is_enough(folder: Path) -> None:
    config = InferenceConfig("score.py")
    assert (config.runtime, config.root, config.script_path) == ("python", folder, folder / "score.py")
    assert config.given() == {"entry_script": "score.py"}


def test_script_and_conda_file_are_relative_to_the_source_directory(folder: Path) -> None:
    config = InferenceConfig("x/score.py", source_directory="source", conda_file="env.yml")
    assert config.script_path == folder / "source" / "x" / "score.py"
    assert config.path_of("conda_file") == folder / "source" / "env.yml"
    assert config.path_of("pip_requirements_file") is None


@pytest.mark.parametrize("runtime", ["python", "Python", "PYTHON", "spark-py", "python-slim"])
def test_the_runtime_is_read_in_any_case(runtime: str) -> None:
    assert InferenceConfig("score.py", runtime=runtime).runtime == runtime.lower()


@pytest.mark.parametrize(
    ("settings", "cause"),
    [
        ({"entry_script": ""}, "entry_script is empty"),
        ({"source_directory": "nowhere"}, "nowhere is no folder"),
        ({"entry_script": "scroe.py"}, "scroe.py does not exist"),
        ({"runtime": "r"}, "runtime is 'r'; it takes one of python, spark-py"),
        ({"cuda_version": "12"}, "cuda_version is '12'; it takes one of 9.0, 9.1, 10.0, 12.6, 12.8"),
        ({"base_image_registry": {"address": "a"}}, "takes address, username and password, all three"),
        (
            {"base_image_registry": {"address": "a", "username": "", "password": "p"}},
            "username and password, all three",
        ),
        (
            {"base_image_registry": {"address": "https://", "username": "u", "password": "p"}},
            "has no host in its address",
        ),
        ({"conda_file": "no.yml"}, "no.yml does not exist"),
        ({"extra_docker_file_steps": "no.txt"}, "no.txt does not exist"),
        ({"entry_script": "../score.py", "source_directory": "source"}, "lies outside source_directory"),
    ],
)
def test_a_broken_rule_is_named(settings: dict[str, Any], cause: str) -> None:
    with pytest.raises(ConfigError) as error:
        InferenceConfig(**{"entry_script": "score.py", **settings})
    assert cause in error.value.what


def test_a_missing_script_says_what_its_path_was_relative_to(folder: Path) -> None:
    with pytest.raises(ConfigError) as in_folder:
        InferenceConfig("scroe.py")
    assert in_folder.value.remedy == f"it was taken relative to the current folder, {folder}"
    with pytest.raises(ConfigError) as in_source:
        InferenceConfig("score.py", source_directory="source")
    assert in_source.value.remedy == f"it was taken relative to source_directory, {folder / 'source'}"


@pytest.mark.parametrize(
    ("name", "better"), [("my-score.py", "my_score.py"), ("class.py", "score_class.py"), ("1st.py", "score_1st.py")]
)
def test_a_script_that_cannot_be_imported_is_refused(folder: Path, name: str, better: str) -> None:
    (folder / name).write_text(SCRIPT)
    with pytest.raises(ConfigError, match="its name is no Python name") as error:
        InferenceConfig(name)
    assert error.value.remedy == f"rename it, to {better} for example"


def test_only_python_files_are_scripts(folder: Path) -> None:
    (folder / "score.ipynb").write_text("{}")
    with pytest.raises(ConfigError, match=r"score.ipynb is no .py file"):
        InferenceConfig("score.ipynb")


def test_a_script_with_a_syntax_error_is_refused_with_line_and_text(folder: Path) -> None:
    (folder / "score.py").write_text("def init():\n    return (\n")
    with pytest.raises(ScriptError, match=r"^score.py:2: ") as error:
        InferenceConfig("score.py")
    assert "return (" in error.value.why


def test_conda_and_pip_together_are_refused(folder: Path) -> None:
    for name in ("env.yml", "requirements.txt"):
        (folder / name).touch()
    with pytest.raises(ConfigError, match="both given"):
        InferenceConfig("score.py", conda_file="env.yml", pip_requirements_file="requirements.txt")


def test_an_environment_stands_instead_of_the_parts(folder: Path) -> None:
    (folder / "env.yml").touch()
    environment = Environment("mine")
    assert InferenceConfig("score.py", environment=environment).environment is environment
    for part in ({"conda_file": "env.yml"}, {"enable_gpu": True}, {"base_image": "ubuntu"}, {"runtime": "spark-py"}):
        with pytest.raises(ConfigError, match=f"environment and {next(iter(part))} are given"):
            InferenceConfig("score.py", environment=environment, **part)
    with pytest.raises(ConfigError, match="environment is 'mine'; it takes an Environment"):
        InferenceConfig("score.py", environment="mine")  # type: ignore[arg-type]  # as a user might write it


def test_an_environment_of_the_file_is_read_relative_to_the_source_directory(folder: Path) -> None:
    document = {"name": "mine", "python": {"condaDependenciesFile": "env.yml"}, "environmentVariables": {"A": "1"}}
    config = InferenceConfig.from_json(
        {"entryScript": "x/score.py", "sourceDirectory": "source", "environment": document}, "ic.json"
    )
    assert config.environment is not None
    assert (config.environment.name, config.environment.environment_variables) == ("mine", {"A": "1"})
    assert refused({"entryScript": "score.py", "environment": "mine"}).problems == (
        "environment is 'mine'; it takes an object",
    )


def test_every_key_of_the_file_reaches_its_setting(folder: Path) -> None:
    for name in ("env.yml", "steps.txt"):
        (folder / name).touch()
    registry = {"address": "a", "username": "u", "password": "p"}
    config = InferenceConfig.from_json(
        {
            "entryScript": "score.py", "runtime": "python", "condaFile": "env.yml", "condaOnlyPackages": ["mkl"],
            "extraDockerFileSteps": "steps.txt",
            "sourceDirectory": ".", "enableGpu": True, "cudaVersion": "10.0", "baseImage": "image", "baseImageRegistry": registry,
            "description": "d",
        },
        "ic.json",
    )  # fmt: skip
    assert config.given() == {
        "entry_script": "score.py", "conda_file": "env.yml", "conda_only_packages": ("mkl",),
        "extra_docker_file_steps": "steps.txt", "source_directory": ".",
        "enable_gpu": True, "cuda_version": "10.0", "base_image": "image", "base_image_registry": registry, "description": "d",
    }  # fmt: skip


def test_both_spellings_of_the_docker_steps_are_read_but_not_together(folder: Path) -> None:
    (folder / "steps.txt").touch()
    for key in ("extraDockerFileSteps", "extraDockerfileSteps"):
        config = InferenceConfig.from_json({"entryScript": "score.py", key: "steps.txt"}, "ic.json")
        assert config.extra_docker_file_steps == "steps.txt"
    both = {"entryScript": "score.py", "extraDockerFileSteps": "a", "extraDockerfileSteps": "b"}
    assert "given twice" in refused(both).what


def test_conda_only_packages_are_names_in_a_conda_file(folder: Path) -> None:
    assert (
        "condaOnlyPackages is 'mkl'; it takes a list" in refused({"entryScript": "a", "condaOnlyPackages": "mkl"}).what
    )
    assert (
        "conda_only_packages is [3]; it takes a list"
        in refused({"entryScript": "score.py", "condaOnlyPackages": [3]}).what
    )
    assert "which is not given; give both" in refused({"entryScript": "score.py", "condaOnlyPackages": ["mkl"]}).what


def test_null_means_not_given() -> None:
    config = InferenceConfig.from_json({"entryScript": "score.py", "condaFile": None, "runtime": None}, "ic.json")
    assert config == InferenceConfig("score.py")
    assert "entryScript is missing" in refused({"entryScript": None}).what


def test_all_problems_of_a_file_come_at_once_under_its_own_names() -> None:
    error = refused({"entryscript": "score.py", "runtime": 3, "enableGpu": "yes", "baseImageRegistry": "host"})
    assert error.what == "inferenceconfig.json: 5 problems"
    assert error.problems == (
        "an inference configuration has no key 'entryscript'; did you mean 'entryScript'?",
        "runtime is 3; it takes a text",
        "enableGpu is 'yes'; it takes true or false",
        "baseImageRegistry takes an object with address, username and password",
        "entryScript is missing",
    )


def test_a_file_is_read_by_its_path(folder: Path) -> None:
    (folder / "ic.json").write_text(json.dumps({"entryScript": "score.py"}))
    assert InferenceConfig.from_file("ic.json") == InferenceConfig("score.py")
