"""Which engine is meant: by ``DOCKER_HOST``, by Docker's context, or by neither."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from jupyter_deploy.errors import TargetError
from jupyter_deploy.images.address import address
from jupyter_deploy.images.engine import connected
from tests.own_engine import OwnEngine


@pytest.fixture(autouse=True)
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Docker's configuration: a folder of the test's own, and no variable that names an engine."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def identity() -> str:
    """Where the engine keeps what it has; two engines of one machine may have the same id."""
    with connected("it cannot be asked") as engine:
        return str(engine.info()["DockerRootDir"])


def docker(*words: str) -> str:
    command = [str(shutil.which("docker")), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_without_anything_said_it_is_this_machines() -> None:
    assert address() == "unix:///var/run/docker.sock"


def test_the_context_in_use_is_meant_as_by_dockers_own_command(
    own_engine: OwnEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DOCKER_HOST")  # which is another way to that engine
    files = own_engine.certificates
    tls = f"ca={files}/ca.pem,cert={files}/cert.pem,key={files}/key.pem"
    docker("context", "create", "own", "--docker", f"host={own_engine.as_remote},{tls}")
    lab = identity()
    docker("context", "use", "own")
    assert address() == own_engine.as_remote
    assert identity() == docker("info", "--format", "{{.DockerRootDir}}") != lab

    monkeypatch.setenv("DOCKER_CONTEXT", "default")  # which wins over the file
    assert identity() == docker("info", "--format", "{{.DockerRootDir}}") == lab
    monkeypatch.setenv("DOCKER_CONTEXT", "own")
    monkeypatch.setenv("DOCKER_HOST", "unix:///var/run/docker.sock")  # and this over both
    assert identity() == docker("info", "--format", "{{.DockerRootDir}}") == lab


def test_a_context_that_is_not_there_is_named(configuration: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (configuration / "config.json").write_text('{"currentContext": "gone"}')
    with pytest.raises(TargetError) as refused:
        identity()
    assert refused.value.what == "the Docker Engine to use cannot be found out: there is no Docker context 'gone'"
    monkeypatch.setenv("DOCKER_CONTEXT", "none")
    with pytest.raises(TargetError) as refused:
        identity()
    assert refused.value.what == "the Docker Engine to use cannot be found out: there is no Docker context 'none'"
    assert "docker context ls" in refused.value.remedy


def test_an_engine_that_wants_certificates_names_the_variables_for_them(
    own_engine: OwnEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", own_engine.over_tls)
    with pytest.raises(TargetError) as refused:
        identity()
    assert refused.value.what == f"the Docker Engine at {own_engine.over_tls} cannot be used"
    assert "look at DOCKER_HOST, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH" in refused.value.remedy
    monkeypatch.setenv(
        "DOCKER_TLS_VERIFY", "1"
    )  # the certificates are looked for in the folder of Docker's configuration
    with pytest.raises(TargetError) as refused:
        identity()
    assert refused.value.what == f"the Docker Engine at {own_engine.over_tls} cannot be used"
