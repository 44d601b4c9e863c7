"""A bundle-like folder and a running front, for tests that want the real server."""

from __future__ import annotations

import atexit
import functools
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jupyter_deploy

SCORING = Path(jupyter_deploy.__file__).parent / "scoring"
ECHO = """
def init():
    pass

def run(data):
    return data
"""


def make_bundle(
    folder: Path, script: str = ECHO, files: Mapping[str, str | bytes] | None = None, **settings: Any
) -> Path:
    """Write a bundle: server, app/score.py, further files under app/, service.json; return the path of the last."""
    if not (folder / "server").exists():
        (folder / "server").symlink_to(_server())
    app = folder / "app"
    app.mkdir(exist_ok=True)
    (app / "score.py").write_text(textwrap.dedent(script))
    for name, content in (files or {}).items():
        path = app / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else textwrap.dedent(content).encode())
    document = {"format": 1, "name": "test-service", "entryScript": "score.py", **settings}
    (folder / "service.json").write_text(json.dumps(document))
    return folder / "service.json"


@functools.cache
def _server() -> Path:
    """Copy the server once for all bundles, so that it is compiled once."""
    folder = Path(tempfile.mkdtemp(prefix="scoring-"))
    atexit.register(shutil.rmtree, folder)
    shutil.copytree(SCORING, folder / "jupyter_deploy_scoring", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def listening_socket() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0), backlog=1024)


def wait_for(condition: Callable[[], Any], seconds: float = 10) -> Any:
    """Wait until a condition holds and return its value."""
    end = time.monotonic() + seconds
    while True:
        is_last = time.monotonic() >= end  # which a look is that begins then, however long this process stood still
        value = condition()
        if value:
            return value
        assert not is_last, f"not within {seconds} s"
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Front:
    """A front with a control socket and a life pipe, as its owner sees it."""

    def __init__(
        self,
        settings: Path,
        listening: socket.socket | None = None,
        options: tuple[str, ...] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.listening = listening or listening_socket()
        self.port: int = self.listening.getsockname()[1]
        self.log_file = settings.parent / f"log-{time.monotonic_ns()}.txt"
        owner, theirs = socket.socketpair()
        life_read, self.life = os.pipe()
        command = [
            *(sys.executable, str(settings.parent / "server" / "jupyter_deploy_scoring"), "front"),
            *("--settings", str(settings), "--listen-fd", str(self.listening.fileno())),
            *("--control-fd", str(theirs.fileno()), "--life-fd", str(life_read), *options),
        ]
        with self.log_file.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                pass_fds=(self.listening.fileno(), theirs.fileno(), life_read),
                env={**os.environ, **(environment or {})},
            )
        theirs.close()
        os.close(life_read)
        owner.settimeout(20)
        self.control = owner
        self.lines = owner.makefile("rb")
        self.events: list[dict[str, Any]] = []
        self.worker = 0

    def __enter__(self) -> Front:
        return self

    def __exit__(self, *exc: object) -> None:
        if self.life >= 0:
            self.lose_owner()
        self.process.wait(10)
        self.lines.close()
        self.control.close()
        self.listening.close()

    def lose_owner(self) -> None:
        """Close the life pipe, as the death of the owner would."""
        os.close(self.life)
        self.life = -1

    def expect(self, event: str) -> dict[str, Any]:
        """Read events up to the named one and return it."""
        for line in self.lines:
            found: dict[str, Any] = json.loads(line)
            self.events.append(found)
            if found["event"] == "starting":
                self.worker = found["worker"]
            if found["event"] == event:
                return found
        raise AssertionError(f"no {event} among {self.events}\n{self.log}")

    def order(self, do: str, **data: Any) -> None:
        self.control.sendall(json.dumps({"do": do, **data}).encode() + b"\n")

    def serve(self) -> Front:
        """Wait until the worker is ready and begin to accept."""
        self.expect("ready")
        self.order("accept")
        self.expect("accepting")
        return self

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def ask(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Reply:
        """Send one request on a connection of its own; a body that is not bytes or text is sent as JSON."""
        sent = dict(headers or {})
        if body is not None and not isinstance(body, bytes | str):
            body = json.dumps(body)
            sent.setdefault("Content-Type", "application/json")
        connection = self.connect()
        try:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            pairs = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, pairs, response.read())
        finally:
            connection.close()

    def post(self, body: Any, headers: Mapping[str, str] | None = None) -> Reply:
        return self.ask("POST", "/score", body, headers)

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    def kill_worker(self) -> None:
        os.kill(self.worker, signal.SIGKILL)
