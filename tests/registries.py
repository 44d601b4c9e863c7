"""Registries of images for tests: Debian's docker-registry, on 127.0.0.1, ended by the tests that started it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers import wait_until
from tests.servers import free_port, install

USER, PASSWORD = "someone", "pass:word"
_HTPASSWD = f"{USER}:$2b$04$ofX1aBL.661ksVPZoWTCeOoRH.UnZ6rQcNbd4slvdYFRREeuEZIEm\n"
"""What ``htpasswd -B`` writes for that password."""


class ImageRegistry:
    """A running registry.

    Parameters
    ----------
    folder : for its files. guarded : whether it asks for USER and PASSWORD.

    Attributes
    ----------
    address : "127.0.0.1:PORT".
    """

    def __init__(self, folder: Path, *, guarded: bool) -> None:
        self._guarded = guarded
        self.address = f"127.0.0.1:{free_port()}"
        (folder / "htpasswd").write_text(_HTPASSWD)
        (folder / "config.yml").write_text(
            f"version: 0.1\nhttp: {{addr: '{self.address}'}}\nlog: {{level: warn}}\n"
            f"storage: {{filesystem: {{rootdirectory: '{folder}/images'}}}}\n"
            + (f"auth: {{htpasswd: {{realm: tests, path: '{folder}/htpasswd'}}}}\n" if guarded else "")
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


def _registry(folder: Path, *, guarded: bool) -> Iterator[ImageRegistry]:
    if not (os.environ.get("CI") or os.environ.get("LAB")):
        pytest.skip("a registry of images is started only under CI or LAB=1")
    registry = ImageRegistry(folder, guarded=guarded)
    yield registry
    registry.stop()


@pytest.fixture(scope="session")
def open_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ImageRegistry]:
    """A registry that everybody may use."""
    yield from _registry(tmp_path_factory.mktemp("registry"), guarded=False)


@pytest.fixture(scope="session")
def guarded_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ImageRegistry]:
    """A registry that asks for a password."""
    yield from _registry(tmp_path_factory.mktemp("registry"), guarded=True)
