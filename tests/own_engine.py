"""A Docker Engine of a test's own: it may be stopped, killed and filled up, and nobody else's tests notice."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import docker
import psutil
import pytest

from tests.certificates import write_certificates
from tests.engines import BASE_IMAGE
from tests.helpers import wait_until
from tests.ports import free_port

_SIZE = "600m"
"""Of the disk that it keeps everything on: memory, of which it takes what is used."""

_NUMBERS = range(200)
"""Of the engines that can be beside each other; each is the third part of a network's address."""


class OwnEngine:
    """A second ``dockerd`` with a disk, a bridge and a socket of its own; over TLS it also answers to who has a certificate.

    Parameters
    ----------
    folder : for all of them; short, since paths of sockets are. bridge : a network that is there. host : its address of this machine.

    Attributes
    ----------
    over_tls, as_remote : its addresses over TLS, by loopback and by that address of the machine, as another machine would use it.
    certificates : a folder with those that it asks for, as ``DOCKER_CERT_PATH`` takes it.
    """

    def __init__(self, folder: Path, bridge: str, host: str) -> None:
        self.address = f"unix://{folder}/docker.sock"
        port = free_port()
        self.over_tls, self.as_remote = f"tcp://127.0.0.1:{port}", f"tcp://{host}:{port}"
        self.certificates = folder / "client"
        self._certificate = write_certificates(folder, self.certificates, "127.0.0.1", host)
        self.disk = folder / "data"
        self._folder = folder
        self._bridge = bridge
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, unless it runs, and wait until it answers."""
        if self._process is None:
            with (self._folder / "log").open("ab") as log:
                self._process = subprocess.Popen(self._command(), stdout=log, stderr=log)
            wait_until(self._listens)
            with self.client() as client:
                client.ping()

    def stop(self) -> None:
        """End it as a machine does that is shut down: what runs in it ends first."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a crash does."""
        self._end(signal.SIGKILL)

    @contextlib.contextmanager
    def client(self) -> Iterator[docker.DockerClient]:
        """A connection to it."""
        made = docker.DockerClient(base_url=self.address)
        try:
            yield made
        finally:
            made.close()

    @contextlib.contextmanager
    def full(self, spare: int) -> Iterator[None]:
        """Let its disk be full but for some bytes."""
        filler = self.disk / "filler"
        with filler.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(self.disk).free - spare)
        try:
            yield
        finally:
            filler.unlink()

    def _command(self) -> list[str | Path]:
        folders = ["--data-root", self.disk, "--exec-root", self._folder / "exec", "--pidfile", self._folder / "pid"]
        network = ["--bridge", self._bridge, "--iptables=false", "--ip-forward=false", "--ip-masq=false"]
        addresses = [word for each in (self.address, self.over_tls, self.as_remote) for word in ("--host", each)]
        own, authority = self._certificate, self.certificates / "ca.pem"
        tls = ["--tlsverify", "--tlscacert", authority, "--tlscert", own.certificate, "--tlskey", own.key]
        return ["dockerd", *addresses, *tls, *folders, *network, "--shutdown-timeout", "10"]

    def _listens(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._folder / "log").read_text()[-2000:]
        with socket.socket(socket.AF_UNIX) as connection:
            return connection.connect_ex(self.address.removeprefix("unix://")) == 0

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        helpers = psutil.Process(self._process.pid).children(recursive=True)
        self._process.send_signal(how)
        self._process.wait(timeout=30)
        self._process = None
        psutil.wait_procs(helpers, timeout=10)  # an engine that starts while they end takes them for its own
        (self._folder / "pid").unlink(missing_ok=True)


@pytest.fixture(scope="session")
def _own_engine(docker_engine: None) -> Iterator[OwnEngine]:
    """One for all tests of a process, with the lab's base image; started with the first of them."""
    with contextlib.ExitStack() as stack:
        folder, bridge, network = stack.enter_context(place())
        made = OwnEngine(folder, bridge, f"{network}.1")
        made.disk.mkdir()
        _run("mount", "-t", "tmpfs", "-o", f"size={_SIZE}", "tmpfs", made.disk)
        stack.enter_context(bridge_of(bridge, network))
        stack.callback(made.stop)
        made.start()
        with contextlib.closing(docker.from_env()) as lab, made.client() as own:
            own.images.load(lab.images.get(BASE_IMAGE).save(chunk_size=1 << 20, named=True))
        yield made


@pytest.fixture
def own_engine(_own_engine: OwnEngine, monkeypatch: pytest.MonkeyPatch) -> Iterator[OwnEngine]:
    """The engine, running, as the one that is used; at the end no container is left in it."""
    _own_engine.start()
    monkeypatch.setenv("DOCKER_HOST", _own_engine.address)
    yield _own_engine
    _own_engine.start()
    with _own_engine.client() as client:
        for container in client.containers.list(all=True):
            container.remove(force=True)


@contextlib.contextmanager
def place(numbers: Iterable[int] = _NUMBERS) -> Iterator[tuple[Path, str, str]]:
    """An empty folder, the name of a bridge and a network that no other process has, as long as this one lives.

    They are found by a lock and not by a process's id: two bridges of one network take each other's packets, and who
    was killed has left one.
    """
    for number in numbers:
        folder = Path(tempfile.gettempdir(), f"jd-{number}")
        folder.mkdir(mode=0o700, exist_ok=True)
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        with contextlib.ExitStack() as stack:
            stack.callback(os.close, held)
            if _is_free(held):
                _empty(folder)
                stack.callback(_empty, folder)
                yield folder, f"jd{number}", f"10.213.{number}"
                return
    pytest.fail("as many engines of tests run on this machine as can be")


def _is_free(folder: int) -> bool:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextlib.contextmanager
def bridge_of(name: str, network: str) -> Iterator[None]:
    """A bridge from which builds reach the package index; an engine that set its own rules would take away the lab's."""
    addresses = f"{network}.0/24"
    rules = [
        ["nat", "POSTROUTING", "-s", addresses, "!", "-o", name, "-j", "MASQUERADE"],
        ["filter", "FORWARD", "-i", name, "-j", "ACCEPT"],
        ["filter", "FORWARD", "-o", name, "-j", "ACCEPT"],
    ]
    with contextlib.ExitStack() as stack:
        if Path("/sys/class/net", name).exists():
            _run("ip", "link", "delete", name)
        for rule in rules:
            _drop(rule)
        _run("ip", "link", "add", name, "type", "bridge")
        stack.callback(_run, "ip", "link", "delete", name)
        _run("ip", "address", "add", f"{network}.1/24", "dev", name)
        _run("ip", "link", "set", name, "up")
        for rule in rules:
            table, chain, *what = rule
            _run("iptables", "-w", "-t", table, "-I", chain, *what)
            stack.callback(_drop, rule)
        yield


def _drop(rule: list[str]) -> None:
    """Take away a rule, as often as it is there."""
    table, chain, *what = rule
    command = ["iptables", "-w", "-t", table, "-D", chain, *what]
    while subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0:
        pass


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True)


def _empty(folder: Path) -> None:
    """Take away what is in a folder, and keep the folder, by which its owner is known."""
    unmount(folder)
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def unmount(folder: Path) -> None:
    """Unmount all below a folder; a killed engine leaves some."""
    mounted = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for path in sorted((path for path in mounted if path.startswith(f"{folder}/")), reverse=True):
        _run("umount", "--lazy", path)  # what was killed may have left processes that have it open
