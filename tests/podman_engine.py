"""Podman's service of the tests' own, where Docker's socket would be; with images, containers and settings that no other Podman sees."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import docker
import psutil
import pytest

from tests.engines import BASE_IMAGE
from tests.helpers import wait_until
from tests.own_engine import unmount
from tests.servers import install

_SETTINGS = """\
[containers]
default_ulimits = ["nofile={files}:{files}", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
runtime = "runc"
"""
"""The lab's root may raise no limit, which Podman would; it has no systemd; and crun refuses the two kinds of control groups there."""


@pytest.fixture(scope="session")
def podman_engine(docker_engine: None) -> Iterator[str]:
    """The address of a running service that has the lab's base image."""
    if shutil.which("podman") is None:
        install("podman", lambda: shutil.which("podman") is not None)
    folder = Path(tempfile.mkdtemp(prefix="jd-"))
    address = f"unix://{folder}/podman.sock"
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        stack.callback(unmount, folder)
        stack.callback(_end, _start(folder, address), folder)
        client = stack.enter_context(contextlib.closing(docker.DockerClient(base_url=address)))
        with contextlib.closing(docker.from_env()) as lab:
            client.images.load(lab.images.get(BASE_IMAGE).save(chunk_size=1 << 20, named=True))
        stack.callback(_remove_containers, client)
        yield address


@pytest.fixture
def podman(podman_engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same as the engine that is used."""
    monkeypatch.setenv("DOCKER_HOST", podman_engine)


def _start(folder: Path, address: str) -> subprocess.Popen[bytes]:
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    (folder / "containers.conf").write_text(_SETTINGS.format(files=files))
    command = ["podman", *(f"--{name}={folder}/{name}" for name in ("root", "runroot", "tmpdir"))]
    settings = {**os.environ, "CONTAINERS_CONF": f"{folder}/containers.conf"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "system", "service", "--time=0", address], stdout=log, stderr=log, env=settings, cwd=folder
        )

    def listens() -> bool:
        assert process.poll() is None, (folder / "log").read_text()[-2000:]
        with socket.socket(socket.AF_UNIX) as connection:
            return connection.connect_ex(f"{folder}/podman.sock") == 0

    wait_until(listens)
    return process


def _end(service: subprocess.Popen[bytes], folder: Path) -> None:
    """End the service, which by itself would take ten seconds, and what watches for minutes the commands that were run in containers."""
    service.kill()
    service.wait()
    watching = [
        each for each in psutil.process_iter(["cmdline"]) if str(folder) in " ".join(each.info["cmdline"] or ())
    ]
    for process in watching:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(watching, timeout=30)


def _remove_containers(client: docker.DockerClient) -> None:
    """Each is a process of its own, which does not end with the service."""
    for container in client.containers.list(all=True):
        container.remove(force=True)
