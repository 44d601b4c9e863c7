"""The lab's Docker Engine for tests: started by the first that asks, ended by the last of those that use it, if tests started it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from jupyter_deploy.errors import TargetError
from jupyter_deploy.images.engine import connected

if TYPE_CHECKING:
    from docker import DockerClient

BASE_IMAGE = os.environ.get("LAB_BASE_IMAGE", "jupyter-deploy/python:3.11")
LAB = Path(__file__).parent / "lab"
_LONGEST = 3000
"""Seconds that a script of the lab's takes at most: where it has to compile a whole cluster."""


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[None]:
    """A running engine with the base image; what runs already is taken, and left."""
    if not (os.environ.get("CI") or os.environ.get("LAB")):
        pytest.skip("Docker is started only under CI or LAB=1")
    with shared("docker", _answers, "docker-up", "down"):
        yield


@contextlib.contextmanager
def shared(name: str, is_up: Callable[[], bool], up: str, down: str) -> Iterator[str]:
    """Something that processes of tests share: started by the first, ended by the last where one of them started it.

    Parameters
    ----------
    name : of it. is_up : whether it runs. up, down : the lab's scripts that start it, also where it runs, and end it.

    Yields
    ------
    the last line that the script prints.
    """
    users_path = Path(tempfile.gettempdir(), f"jupyter-deploy-tests-{name}.lock")
    started, turn = users_path.with_suffix(".started"), users_path.with_suffix(".turn")
    with users_path.open("w") as users:
        with alone(turn):
            if not is_up():
                started.touch()
            done = subprocess.run([LAB / up], check=True, capture_output=True, text=True, timeout=_LONGEST)
            fcntl.flock(users, fcntl.LOCK_SH)
        yield done.stdout.splitlines()[-1]
        with alone(turn), contextlib.suppress(BlockingIOError):  # others use it
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if started.exists():
                subprocess.run([LAB / down], check=True, capture_output=True)
                started.unlink()


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
def alone(turn: Path) -> Iterator[None]:
    """Nobody else starts or ends it meanwhile."""
    with turn.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _answers() -> bool:
    try:
        with connected("the lab's engine cannot be used"):
            return True
    except TargetError:
        return False
