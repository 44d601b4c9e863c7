"""What tests of several rooms share: small models and scripts, requests, waiting on conditions, and what is left of a workspace."""

from __future__ import annotations

import contextlib
import http.client
import json
import resource
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import psutil

from jupyter_deploy import Model, Webservice, Workspace
from jupyter_deploy.workspace.records import ModelRecord, StoredFile

Value = TypeVar("Value")

ECHO = """
def init():
    pass

def run(data):
    return data
"""
READS_ITS_MODEL = """
import os
from pathlib import Path

def init():
    global answer
    answer = next(Path(os.environ["AZUREML_MODEL_DIR"]).iterdir()).read_text()

def run(data):
    return answer
"""


def wait_until(condition: Callable[[], Value | None], seconds: float = 20) -> Value:
    """Wait until a condition holds and return its value."""
    deadline = time.monotonic() + seconds
    while True:
        is_last = (
            time.monotonic() >= deadline
        )  # which a look is that begins then, however long this process stood still
        value = condition()
        if value:
            return value
        assert not is_last, f"not within {seconds} s"
        time.sleep(0.02)


def write_script(folder: Path, body: str = ECHO, name: str = "score.py") -> Path:
    """Write an entry script and return its path."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(body), encoding="utf-8")
    return path


def register_text(workspace: Workspace, text: str = "one", name: str = "tiny") -> Model:
    """Register a small text file as the next version of a model."""
    source = workspace.path.parent / f"{name}.txt"
    source.write_text(text, encoding="utf-8")
    folder = workspace.folder
    with folder.files.adding():
        sha256, size = folder.files.put(source)
        files = (StoredFile(source.name, sha256, size),)
        record = folder.models.add(
            ModelRecord(name, 0, datetime.now(timezone.utc), "tester", source.name, False, files)  # 0: the next one
        )
    return Model(workspace, id=record.id)


@contextlib.contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """Let the system refuse what makes a file of this process larger, as a full disk does: it takes what fits."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@dataclass(frozen=True)
class Answer:
    """What a service answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def post(uri: str, data: Any = None, key: str | None = None, timeout: float = 20) -> Answer:
    """Send one scoring request on a connection of its own; OSError where nobody listens."""
    parts = urlsplit(uri)
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})}
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    try:
        connection.request("POST", parts.path, json.dumps({"data": data}), headers)
        response = connection.getresponse()
        return Answer(response.status, dict(response.getheaders()), response.read())
    finally:
        connection.close()


def processes_of(workspace: Workspace) -> list[psutil.Process]:
    """Every living process of a workspace's operations and services: each has a path in it on its command line."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        named = any(str(workspace.path) in argument for argument in process.info["cmdline"] or ())
        if named and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


def wait_for_end(process: psutil.Process, seconds: float = 20) -> None:
    """Wait until a process has given up all that it had; its command line goes earlier."""
    with contextlib.suppress(psutil.NoSuchProcess):
        wait_until(lambda: process.status() == psutil.STATUS_ZOMBIE, seconds)


def take_away(workspace: Workspace) -> None:
    """Delete every service of a workspace and assert that no process of it is left."""
    try:
        for service in Webservice.list(workspace):
            if not service.view.is_elsewhere:
                service.delete()
        wait_until(lambda: not processes_of(workspace), seconds=5)
    finally:
        for process in processes_of(workspace):
            process.kill()
