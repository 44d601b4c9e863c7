"""``jupyter ml model package`` on a real engine."""

from __future__ import annotations

import signal
import uuid
from pathlib import Path

import docker

from jupyter_deploy import Workspace
from tests.cli.conftest import DOUBLE, Cli, finish, start
from tests.engines import BASE_IMAGE
from tests.helpers import register_text, write_script


def test_a_dockerfile_goes_where_the_output_path_says(cli: Cli, workspace: Workspace, tmp_path: Path) -> None:
    register_text(workspace)
    write_script(tmp_path, DOUBLE)
    (tmp_path / "steps.txt").write_text("ENV ADDED=1\n")
    (tmp_path / "meta.json").write_text('{"modelId": "tiny:1"}')
    words = (
        "model",
        "package",
        "-f",
        "meta.json",
        "--es",
        "score.py",
        "--bi",
        "some/base:1",
        "--ds",
        "steps.txt",
        "--output-path",
        "context",
    )
    assert cli(*words).document == {
        "generateDockerfile": True, "state": "Succeeded", "location": str(tmp_path / "context")
    }  # fmt: skip
    dockerfile = (tmp_path / "context" / "Dockerfile").read_text()
    assert "FROM some/base:1" in dockerfile
    assert "ENV ADDED=1" in dockerfile
    assert (tmp_path / "context" / "azureml-app" / "azureml-models" / "tiny" / "1" / "tiny.txt").is_file()
    assert cli(*words).cause == f"{tmp_path / 'context'} is not empty"
    assert cli("model", "package", "--es", "score.py").cause == "no model is given"
    assert cli(*words, "--il", "v1").cause.startswith("image_label has no meaning with generate_dockerfile")


def test_an_interruption_ends_the_build_and_leaves_nothing(
    workspace: Workspace, tmp_path: Path, engine: docker.DockerClient
) -> None:
    label = uuid.uuid4().hex
    register_text(workspace, label)  # so that there is something to build
    write_script(tmp_path, f"{DOUBLE}# {label}")
    (tmp_path / "steps.txt").write_text("RUN sleep 60\n")
    words = ("model", "package", "-m", "tiny", "--es", "score.py", "--bi", BASE_IMAGE, "--il", label)
    with start(tmp_path, *words, "--ds", "steps.txt") as process:
        assert process.stderr is not None
        next(line for line in process.stderr if line.startswith("RUN sleep"))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err.splitlines()[-1]) == (130, "", "interrupted")
    assert list(workspace.folder.path.glob(".package-*")) == []

    again = finish(start(tmp_path, *words))
    assert again.document["location"] == f"jupyter-deploy/tiny-service:{label}"
    assert "the image is there already" not in again.err
    for tag in engine.images.get(again.document["location"]).tags:
        engine.images.remove(tag)
