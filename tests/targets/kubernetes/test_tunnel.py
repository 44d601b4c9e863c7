"""The process of a tunnel, as a service's target starts it, finds it again and ends it; no cluster is asked before somebody connects."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.base import Place
from jupyter_deploy.targets.kubernetes import tunnel
from jupyter_deploy.targets.kubernetes.compute import Compute
from jupyter_deploy.targets.kubernetes.tunnel import HOST, Tunnel
from jupyter_deploy.workspace import identity
from tests.helpers import wait_for_end, wait_until

COMPUTE = Compute("lab", "/nowhere/kubeconfig", "lab", "default")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A service's place; what listens for it at the end of the test is ended."""
    folder = tmp_path / "services" / "tiny"
    folder.mkdir(parents=True)
    yield Place("0123abcd", "tiny", folder, None, compute=COMPUTE.to_json())
    for process in processes(tmp_path):
        process.kill()


def processes(folder: Path) -> list[psutil.Process]:
    found = psutil.process_iter(["cmdline", "status"])
    living = [each for each in found if each.info["status"] != psutil.STATUS_ZOMBIE]
    return [each for each in living if any(str(folder) in word for word in each.info["cmdline"] or ())]


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex((HOST, port)) == 0


def test_a_tunnel_is_started_once_and_found_again(place: Place) -> None:
    port = tunnel.start(place, "default", 0)
    assert tunnel.trouble(place.folder) == ""
    assert listens(port)
    [process] = processes(place.folder)
    assert tunnel.start(place, "default", port) == tunnel.start(place, "default", 0) == port
    assert processes(place.folder) == [process]
    assert os.getsid(process.pid) == process.pid  # no signal to this process's group reaches it


def test_a_tunnel_that_was_ended_listens_no_more_and_leaves_nothing(place: Place) -> None:
    port = tunnel.start(place, "default", 0)
    tunnel.end(place)
    assert not listens(port)
    wait_until(lambda: not processes(place.folder), 5)
    assert list(place.folder.iterdir()) == []
    assert tunnel.trouble(place.folder) == "its tunnel was ended"
    tunnel.end(place)  # there is none any more
    assert tunnel.start(place, "default", port) == port


@pytest.mark.parametrize("how", ["killed", "restarted", "elsewhere"])
def test_a_tunnel_that_is_gone_says_how_and_is_started_anew_at_its_port(
    place: Place, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = tunnel.start(place, "default", 0)
    [process] = processes(place.folder)
    here = socket.gethostname()
    with monkeypatch.context() as patched:
        if how == "restarted":
            patched.setattr(identity, "_boot", lambda: "another start of this machine")
        elif how == "elsewhere":
            patched.setattr(socket, "gethostname", lambda: "another-machine")
        else:
            process.kill()
            wait_for_end(process)
        words = {
            "killed": f"(process {process.pid}) was killed",
            "restarted": "restarted",
            "elsewhere": f"is on {here}",
        }
        assert words[how] in tunnel.trouble(place.folder)
    process.kill()
    wait_for_end(process)
    assert tunnel.start(place, "default", port) == port
    assert len(processes(place.folder)) == 1


def test_a_tunnel_goes_when_another_machine_takes_its_record_away(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    tunnel.start(place, "default", 0)
    with monkeypatch.context() as patched:
        patched.setattr(socket, "gethostname", lambda: "another-machine")
        tunnel.end(place)
    wait_until(lambda: not processes(place.folder), 5)


def test_a_tunnel_goes_with_its_workspace(place: Place) -> None:
    port = tunnel.start(place, "default", 0)
    shutil.rmtree(place.folder.parent)
    wait_until(lambda: not listens(port) and not processes(place.folder), 5)
    assert not place.folder.exists()


def test_a_cluster_that_was_attached_otherwise_gets_a_tunnel_of_its_own(place: Place, tmp_path: Path) -> None:
    port = tunnel.start(place, "default", 0)
    [process] = processes(place.folder)
    other = Compute("lab", str(tmp_path / "other"), "lab", "default")
    moved = Place(place.workspace, place.service, place.folder, None, compute=other.to_json())
    assert tunnel.start(moved, "default", port) == port
    [successor] = wait_until(lambda: [each for each in processes(place.folder) if each != process])
    found = Tunnel.read(place.folder)
    assert found is not None
    assert found.process.pid == successor.pid


def test_a_port_that_somebody_else_has_is_said_with_who_has_it(place: Place) -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(TargetError, match=rf"the tunnel cannot listen on 127.0.0.1, port {port}: .*{os.getpid()}"):
            tunnel.start(place, "default", port)
    wait_until(lambda: not processes(place.folder))


def test_a_starter_that_is_killed_leaves_no_tunnel_that_nobody_knows(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cancelled(*_: object) -> None:
        raise KeyboardInterrupt

    former = signal.signal(signal.SIGUSR1, cancelled)
    try:
        with pytest.raises(KeyboardInterrupt):
            threading.Timer(0.05, lambda: os.kill(os.getpid(), signal.SIGUSR1)).start()
            tunnel.start(place, "default", 0)
            signal.pause()
    finally:
        signal.signal(signal.SIGUSR1, former)
    wait_until(lambda: Tunnel.read(place.folder) is not None or not processes(place.folder))
    tunnel.end(place)
    wait_until(lambda: not processes(place.folder), 5)
