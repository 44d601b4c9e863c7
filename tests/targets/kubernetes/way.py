"""A way to the cluster's API that tests can cut."""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path
from urllib.parse import urlsplit

import yaml

_CHUNK = 64 * 1024


class Way:
    """An address of this machine whose connections are passed on to another one, until it is cut.

    Parameters
    ----------
    there : where they lead. here : where they are taken; with port 0 at any.
    """

    def __init__(self, there: tuple[str, int], here: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        self._there = there
        self._listener = socket.create_server(here)
        self._here: tuple[str, int] = self._listener.getsockname()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._begin(self._accept, self._listener)

    @property
    def port(self) -> int:
        """Where it takes connections."""
        return self._here[1]

    def cut(self) -> None:
        """End all connections, and take no others."""
        for each in (self._listener, *list(self._open)):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def mend(self) -> None:
        """Take connections again, at the same address."""
        self._listener = socket.create_server(self._here)
        self._begin(self._accept, self._listener)

    def _begin(self, work: object, *arguments: socket.socket) -> None:
        assert callable(work)
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                here, _ = listener.accept()
                there = socket.create_connection(self._there)
                self._open |= {here, there}
                self._begin(self._carry, here, there)

    def _carry(self, here: socket.socket, there: socket.socket) -> None:
        back = threading.Thread(target=_pass_on, args=(there, here), daemon=True)
        back.start()
        _pass_on(here, there)
        back.join()
        self._open -= {here, there}
        here.close()
        there.close()


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(_CHUNK):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def way_to(kubeconfig: Path, folder: Path) -> tuple[Way, Path]:
    """A way to the cluster of a kubeconfig, and one that takes it."""
    document = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
    chosen = next(each for each in document["contexts"] if each["name"] == document["current-context"])
    cluster = next(each for each in document["clusters"] if each["name"] == chosen["context"]["cluster"])["cluster"]
    server = urlsplit(cluster["server"])
    way = Way((server.hostname or "", server.port or 443))
    cluster["tls-server-name"] = server.hostname
    cluster["server"] = f"https://127.0.0.1:{way.port}"
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    path.chmod(0o600)
    return way, path
