"""Files and options together: an option wins over the file, and the file chooses the target."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy import CondaDependencies, Environment, Workspace
from jupyter_deploy.cli.arguments import Parser
from jupyter_deploy.cli.configuration import (
    declare_inference,
    declare_target_options,
    deployment_config,
    inference_config,
)
from jupyter_deploy.config.inference import InferenceConfig
from jupyter_deploy.config.options import Options
from jupyter_deploy.errors import ConfigError, NotFound, UserError
from jupyter_deploy.targets.process.options import ProcessOptions
from tests.certificates import CNAME, issued
from tests.helpers import write_script


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_script(tmp_path)
    return tmp_path


def parser() -> Parser:
    made = Parser("jupyter ml x y", "Do it.", "")
    made.option("--deploy-config-file --dc -dc", "a file")
    made.option("--compute-type --cp", "a target")
    made.option("--compute-target --ct -ct", "a compute")
    declare_inference(made)
    declare_target_options(made)
    return made


def inference(*words: str) -> InferenceConfig | None:
    return inference_config(Workspace("workspace"), parser().read(words))


def deployment(*words: str, **described: Any) -> Options:
    return deployment_config(Workspace("workspace"), parser().read(words), described)


def write(folder: Path, **document: Any) -> str:
    (folder / "config.json").write_text(json.dumps(document))
    return "config.json"


def test_nothing_said_of_the_script_is_no_inference_configuration() -> None:
    assert inference() is None


def test_an_option_wins_over_the_inference_file(folder: Path) -> None:
    write_script(folder / "source")
    file = write(folder, entryScript="other.py", description="kept")
    config = inference("-ic", file, "--es", "score.py", "--sd", "source", "--rt", "Python")
    assert config == InferenceConfig("score.py", source_directory="source", description="kept")


def test_the_script_may_come_from_options_alone(folder: Path) -> None:
    (folder / "requirements.txt").touch()
    config = inference("--entry-script", "score.py", "--pip-requirements-file", "requirements.txt")
    assert config == InferenceConfig("score.py", pip_requirements_file="requirements.txt")


def test_an_environment_on_the_line_wins_over_one_of_another_kind_in_the_file(folder: Path) -> None:
    for name in ("env.yml", "requirements.txt"):
        (folder / name).touch()
    file = write(folder, entryScript="score.py", pipRequirementsFile="requirements.txt")
    assert inference("--ic", file, "--cf", "env.yml") == InferenceConfig("score.py", conda_file="env.yml")


def test_everything_that_is_said_of_an_image_can_be_said_on_the_line(folder: Path) -> None:
    (folder / "steps.txt").write_text("RUN true\n")
    words = ["--es", "score.py", "--rt", "spark-py", "--ds", "steps.txt", "--bi", "team/python:1", "--eg"]
    words += ["--ir", "example.org", "--base-image-credentials", "REGISTRY_LOGIN"]
    registry = {"address": "example.org", "credentials": "REGISTRY_LOGIN"}
    assert inference(*words) == InferenceConfig(
        "score.py", runtime="spark-py", extra_docker_file_steps="steps.txt", base_image="team/python:1",
        base_image_registry=registry, enable_gpu=True,
    )  # fmt: skip
    file = write(folder, entryScript="score.py", enableGpu=True, cudaVersion="12.6")
    config = inference("--ic", file, "--enable-gpu", "false", "--cv", "12.8")
    assert config == InferenceConfig("score.py", enable_gpu=False, cuda_version="12.8")


def test_a_registry_on_the_line_replaces_that_of_the_file_and_is_whole(folder: Path) -> None:
    login = {"address": "one.org", "username": "me", "password": "secret"}
    file = write(folder, entryScript="score.py", baseImage="a", baseImageRegistry=login)
    config = inference("--ic", file, "--ir", "two.org", "--base-image-credentials", "LOGIN")
    assert config is not None
    assert config.base_image_registry == {"address": "two.org", "credentials": "LOGIN"}
    with pytest.raises(ConfigError, match="or address and credentials, the name of an environment variable"):
        inference("--ic", file, "--ir", "two.org")


def test_an_environment_comes_by_name_or_from_a_folder(folder: Path) -> None:
    made = Environment("mine")
    made.python.conda_dependencies = CondaDependencies.create(conda_packages=["scikit-learn"])
    made.register(Workspace("workspace"))
    made.environment_variables = {"A": "1"}
    made.register(Workspace("workspace"))
    made.save_to_directory("saved")

    def found(*words: str) -> Environment:
        config = inference("--es", "score.py", *words)
        assert config is not None
        assert config.environment is not None
        return config.environment

    assert (found("-e", "mine").version, found("-e", "mine", "--ev", "1").version) == ("2", "1")
    assert found("--ed", "saved").to_json() == made.to_json()
    with pytest.raises(NotFound):
        found("-e", "none")
    with pytest.raises(ConfigError, match="--environment-version is given without"):
        found("--ev", "1")
    with pytest.raises(ConfigError, match="are both given"):
        found("-e", "mine", "--ed", "saved")


def test_problems_of_the_file_name_the_file(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"^config.json: .* no key 'entryScrip'; did you mean 'entryScript'"):
        inference("--ic", write(folder, entryScrip="score.py"), "--es", "score.py")
    with pytest.raises(ConfigError, match="inference configuration: entryScript is missing"):
        inference("--rt", "python")


def test_every_option_of_the_target_is_an_option_of_the_command(tmp_path: Path) -> None:
    pair = issued(tmp_path)
    words = [
        "--po", "8890", "--host", "0.0.0.0", "--allowed-hosts", "a,b", "--ae", "--kp", "p", "--ks", "s", "--cc", "0.5", "--gb", "1.5",
        "--rm", "4", "--mr", "900", "--max-body-mb", "8", "--worker-count", "2", "--worker-preload",
        "--tm", "5000", "--max-batch-rows", "64", "--nan-as", "error",
        "--se", "--sp", str(pair.certificate), "--sk", str(pair.key), "--sc", CNAME,
        "--log-format", "json", "--ai", "--app-insights-connection-string", "c", "--md", "--collect-url", "s3://b",
        "--collect-format", "parquet",
    ]  # fmt: skip
    options = deployment(*words)
    instead_of_keys = deployment("--token-auth-enabled")
    assert instead_of_keys == ProcessOptions(token_auth_enabled=True)
    assert {*options.given(), *instead_of_keys.given()} == {row.name for row in ProcessOptions.rows()}
    assert options == ProcessOptions(
        port=8890, host="0.0.0.0", allowed_hosts=("a", "b"), auth_enabled=True, primary_key="p", secondary_key="s", cpu_cores=0.5,
        memory_gb=1.5, replica_max_concurrent_requests=4, max_request_wait_time=900, max_body_mb=8,
        worker_count=2, worker_preload=True, scoring_timeout_ms=5000, max_batch_rows=64, nan_as="error", ssl_enabled=True,
        ssl_cert_pem_file=str(pair.certificate), ssl_key_pem_file=str(pair.key), ssl_cname=CNAME,
        log_format="json", enable_app_insights=True,
        app_insights_connection_string="c", collect_model_data=True, collect_url="s3://b", collect_format="parquet",
    )  # fmt: skip


def test_help_says_unit_default_and_limits_of_an_option() -> None:
    text = " ".join(parser().format_help().split())
    assert "answered with 503. (ms, default 500, at least 1)" in text
    assert "--auth-enabled [true|false], --ae [true|false]" in text


def test_an_option_wins_over_the_deployment_file(folder: Path) -> None:
    file = write(folder, computeType="Process", authEnabled=True, maxQueueWaitMs=700)
    options = deployment("-dc", file, "--ae", "false", tags={"a": "b"}, description="text")
    assert options == ProcessOptions(auth_enabled=False, max_request_wait_time=700, tags={"a": "b"}, description="text")


def test_no_file_means_the_embedded_target() -> None:
    assert deployment() == deployment("--cp", "PROCESS") == ProcessOptions()


@pytest.mark.parametrize(
    ("document", "cause"),
    [
        ({}, "config.json: computeType is missing"),
        ({"computeType": None}, "config.json: computeType is missing"),
    ],
)
def test_a_file_without_a_target_names_those_that_exist(folder: Path, document: dict[str, Any], cause: str) -> None:
    with pytest.raises(ConfigError) as refused:
        deployment("--dc", write(folder, **document))
    assert (refused.value.what, refused.value.remedy) == (cause, "choose one of: kubernetes, local, process")


def test_the_target_is_named_once(folder: Path) -> None:
    assert deployment("--dc", write(folder, computeType="Process"), "--cp", "process") == ProcessOptions()
    assert deployment("--dc", write(folder, port=8890), "--cp", "process") == ProcessOptions(port=8890)
    with pytest.raises(ConfigError, match="it is for the target 'aci', and 'process' was asked for"):
        deployment("--dc", write(folder, computeType="aci"), "--cp", "process")
    with pytest.raises(ConfigError, match="computeType is 3; it takes a text"):
        deployment("--dc", write(folder, computeType=3))
    with pytest.raises(UserError, match="no target 'aci'"):
        deployment("--dc", write(folder, computeType="aci"))


def test_rules_are_checked_over_file_and_options_together(folder: Path) -> None:
    file = write(folder, computeType="process", keys={"primaryKey": "same"})
    with pytest.raises(ConfigError, match="primary_key and secondary_key are the same"):
        deployment("--dc", file, "--ks", "same")


def test_a_value_that_does_not_fit_names_the_flag() -> None:
    with pytest.raises(ConfigError, match="--port is 'x'; it takes a whole number"):
        deployment("--po", "x")
    with pytest.raises(ConfigError, match="port is 0; it must be at least 1"):
        deployment("--port", "0")


def test_a_key_may_come_from_a_file(folder: Path) -> None:
    (folder / "key").write_text("from-a-file\n")
    assert deployment("--primary-key", "@key") == ProcessOptions(primary_key="from-a-file")


def test_sources_are_trusted_on_the_line_alone(folder: Path) -> None:
    (folder / "needs.txt").write_text("six\n")
    words = [
        "--es",
        "score.py",
        "--pip-requirements-file",
        "needs.txt",
        "--trust",
        "https://a.example",
        "--trust",
        "/own",
    ]
    config = inference(*words)
    assert config is not None
    assert config.trust == ("https://a.example", "/own")
    with pytest.raises(ConfigError, match="trust is for the sources"):
        inference("--trust", "/own")
