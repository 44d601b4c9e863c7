from __future__ import annotations

import getpass
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from jupyter_deploy.engine.job import Cancelled
from jupyter_deploy.errors import TargetError
from jupyter_deploy.images.engine import connected, refusal
from tests.goldens import assert_golden

AS_NOBODY = """
import os
import docker, docker.errors, requests.exceptions  # while their files may be read
from jupyter_deploy.errors import TargetError
from jupyter_deploy.images import engine
os.environ["DOCKER_HOST"] = "unix:///var/run/docker.sock"
os.setgroups([])
os.setegid(65534)
os.seteuid(65534)
try:
    with engine.connected("it cannot be done"):
        pass
except TargetError as error:
    print(error)
"""


def refused() -> TargetError:
    with pytest.raises(TargetError) as raised, connected("it cannot be done"):
        pytest.fail("there is an engine")
    return raised.value


def test_without_an_engine_the_first_line_says_where_it_was_looked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    error = refused()
    assert_golden("errors/docker/no_engine.txt", str(error), {str(tmp_path): "FOLDER"})


def test_an_engine_that_does_not_listen_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{tmp_path}/docker.sock")
        assert (refused().what, refused().why) == (
            f"no Docker Engine answers at unix://{tmp_path}/docker.sock",
            "Connection refused",
        )


def test_an_address_that_is_none_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "nonsense://here")
    assert refused().what == "the Docker Engine at nonsense://here cannot be used"
    assert "DOCKER_HOST" in refused().remedy


def test_who_may_not_use_the_socket_is_told_how(docker_engine: None) -> None:
    said = subprocess.run([sys.executable, "-c", AS_NOBODY], capture_output=True, text=True, check=True).stdout
    assert_golden("errors/docker/no_permission.txt", said.rstrip(), {f"docker {getpass.getuser()}": "docker USER"})


def test_a_full_disk_of_the_engine_is_named() -> None:
    error = refusal("the image cannot be built", "write /var/lib/docker/tmp/x: no space left on device")
    assert error.what == "the image cannot be built: the Docker Engine's disk is full"
    assert "docker system prune" in error.remedy


def test_a_cancellation_is_not_taken_for_the_engines_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise Cancelled("'update' was cancelled")

    monkeypatch.setattr("docker.api.daemon.DaemonApiMixin.version", interrupted)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{listener.getsockname()[1]}")
        with pytest.raises(Cancelled), connected("it cannot be done"):
            pytest.fail("it was cancelled")


def test_what_is_no_engine_is_not_taken_for_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def greet() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(1024)
            connection.sendall(b"220 mail.example.com\r\n")

    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/socket")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{tmp_path}/socket")
        listener.listen()
        greeting = threading.Thread(target=greet)
        greeting.start()
        assert refused().what == f"the Docker Engine at unix://{tmp_path}/socket cannot be used"
        greeting.join()
