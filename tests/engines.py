"""The lab's Docker Engine for tests: started by the first that asks, ended by the last of those that use it, if tests started it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from jupyter_deploy.errors import TargetError
from jupyter_deploy.images.engine import connected

if TYPE_CHECKING:
    from docker import DockerClient

BASE_IMAGE = os.environ.get("LAB_BASE_IMAGE", "jupyter-deploy/python:3.11")
LAB = Path(__file__).parent / "lab"
_USERS = Path(tempfile.gettempdir(), "jupyter-deploy-tests-docker.lock")
_STARTED = _USERS.with_suffix(".started")


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[None]:
    """A running engine with the base image; what runs already is taken, and left."""
    if not (os.environ.get("CI") or os.environ.get("LAB")):
        pytest.skip("Docker is started only under CI or LAB=1")
    with _USERS.open("w") as users:
        with alone():
            if not _answers():
                _STARTED.touch()
            subprocess.run([LAB / "docker-up"], check=True, capture_output=True, timeout=900)
            fcntl.flock(users, fcntl.LOCK_SH)
        yield
        with alone(), contextlib.suppress(BlockingIOError):  # others use it
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _STARTED.exists():
                subprocess.run([LAB / "down"], check=True, capture_output=True)
                _STARTED.unlink()


@pytest.fixture
def engine(docker_engine: None) -> Iterator[DockerClient]:
    """A client of that engine, to look at what was made there."""
    import docker

    client = docker.from_env()
    yield client
    client.close()


@pytest.fixture(scope="session")
def _buildx(docker_engine: None) -> str:
    """A folder of Docker's configuration whose plugin is buildx."""
    made = subprocess.run([LAB / "buildx-up"], check=True, capture_output=True, text=True, timeout=300)
    return made.stdout.splitlines()[-1]


@pytest.fixture
def buildx(_buildx: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ``docker`` command has buildx, and it is used."""
    monkeypatch.setenv("DOCKER_CONFIG", _buildx)
    monkeypatch.delenv("DOCKER_BUILDKIT")


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Nobody else starts or ends the engine meanwhile."""
    with _USERS.with_suffix(".turn").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield


def _answers() -> bool:
    try:
        with connected("the lab's engine cannot be used"):
            return True
    except TargetError:
        return False
