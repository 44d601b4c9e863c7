"""Registries of images for tests: Debian's docker-registry, on 127.0.0.1, ended by the tests that started it."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.helpers import wait_until
from tests.ports import free_port
from tests.servers import install
from tests.tokens import token_server

USER, PASSWORD = "someone", "pass:word"
_HTPASSWD = f"{USER}:$2b$04$ofX1aBL.661ksVPZoWTCeOoRH.UnZ6rQcNbd4slvdYFRREeuEZIEm\n"
"""What ``htpasswd -B`` writes for that password."""


class ImageRegistry:
    """A running registry.

    Parameters
    ----------
    folder : for its files. settings : of whom it asks who they are. host : that it listens on.

    Attributes
    ----------
    address : "127.0.0.1:PORT".
    """

    def __init__(self, folder: Path, settings: str = "", host: str = "127.0.0.1") -> None:
        self.address = f"{host}:{free_port()}"
        (folder / "config.yml").write_text(
            f"version: 0.1\nhttp: {{addr: '{self.address}'}}\nlog: {{level: warn}}\n"
            f"storage: {{filesystem: {{rootdirectory: '{folder}/images'}}}}\n" + settings
        )
        command = ["setpriv", "--pdeathsig", "KILL", _program(), "serve", str(folder / "config.yml")]
        with (folder / "log").open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_until(lambda: self._process.poll() is not None or self._answers())
        assert self._process.poll() is None, (folder / "log").read_text()

    def _answers(self) -> bool:
        with contextlib.suppress(OSError):
            try:
                urllib.request.urlopen(f"http://{self.address}/v2/").close()
            except urllib.error.HTTPError as error:
                error.close()
                return error.code == 401
            return True
        return False

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


def _program() -> str:
    if shutil.which("docker-registry") is None:
        install("docker-registry", lambda: shutil.which("docker-registry") is not None)
    return str(shutil.which("docker-registry"))


@contextlib.contextmanager
def _registry(folder: Path, settings: str = "", host: str = "127.0.0.1") -> Iterator[ImageRegistry]:
    if not (os.environ.get("CI") or os.environ.get("LAB")):
        pytest.skip("a registry of images is started only under CI or LAB=1")
    registry = ImageRegistry(folder, settings, host)
    try:
        yield registry
    finally:
        registry.stop()


@pytest.fixture(scope="session")
def open_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ImageRegistry]:
    """A registry that everybody may use."""
    with _registry(tmp_path_factory.mktemp("registry")) as registry:
        yield registry


@pytest.fixture(scope="session")
def guarded_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ImageRegistry]:
    """A registry that asks for a password."""
    folder = tmp_path_factory.mktemp("registry")
    (folder / "htpasswd").write_text(_HTPASSWD)
    with _registry(folder, f"auth: {{htpasswd: {{realm: tests, path: '{folder}/htpasswd'}}}}\n") as registry:
        yield registry


@pytest.fixture
def closed_registry(tmp_path: Path) -> Iterator[ImageRegistry]:
    """A registry that takes every login, and lets nobody do anything."""
    with token_server(tmp_path, allowed=()) as settings, _registry(tmp_path, settings) as registry:
        yield registry


@pytest.fixture
def plain_registry(tmp_path: Path) -> Iterator[ImageRegistry]:
    """A registry without TLS, where the engine asks for it: at the address of the engine's own bridge, which is not 127.0.0.1."""
    bridge = psutil.net_if_addrs().get("docker0", ())
    with _registry(tmp_path, host=next(each.address for each in bridge if each.family == socket.AF_INET)) as registry:
        yield registry
