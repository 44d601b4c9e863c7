"""Servers as processes: started in a folder of their own, waited for, weighed and ended."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil

import jupyter_deploy
from bench.serving.peers import APPS, OURS, Peer, install

KEY = "a-key-of-the-benchmark"
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class Running:
    """A server that answers.

    Attributes
    ----------
    uri : where it is asked. seconds : from its start to its first 200.
    """

    def __init__(self, process: subprocess.Popen[bytes], uri: str, ready: str) -> None:
        self.uri = uri
        self.process = psutil.Process(process.pid)
        began = time.perf_counter()
        while not _answers(ready):
            if process.poll() is not None or time.perf_counter() - began > 120:
                raise RuntimeError(f"the server of {uri} did not start")
            time.sleep(0.005)
        self.seconds = time.perf_counter() - began

    def family(self) -> list[psutil.Process]:
        """Its processes."""
        return [self.process, *self.process.children(recursive=True)]

    def cpu_seconds(self) -> float:
        """What they have used of the processor."""
        return sum(sum(one.cpu_times()[:2]) for one in self.family())

    def pss_mb(self) -> float:
        """Their memory in MB, shared pages counted once (PSS)."""
        return sum(one.memory_full_info().pss for one in self.family()) / 1e6


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@contextlib.contextmanager
def peer(chosen: Peer, model: Path, folder: Path) -> Iterator[Running]:
    """Run one of the other servers."""
    programs = install(chosen)
    place = folder / chosen.name.replace(" ", "-")
    shutil.copytree(APPS, place, dirs_exist_ok=True)
    for name in ("ridge.pkl", "ridge.joblib"):
        shutil.copy(model, place / name)
    port, other, third = free_ports(3)
    numbers = {"{port}": port, "{other}": other, "{third}": third}
    for name, content in chosen.files.items():
        filled = {key: numbers.get(str(value), value) for key, value in content.items()}
        (place / name).write_text(json.dumps(filled), encoding="utf-8")
    environment = {**os.environ, **_ONE_THREAD, "PATH": f"{programs}:{os.environ['PATH']}", "BENTOML_DO_NOT_TRACK": "1"}
    if chosen.prepare and not (place / "mlflow-model").exists():
        subprocess.run(
            [programs / "python", chosen.prepare], cwd=place, env=environment, check=True, capture_output=True
        )
    command = [word.format(bin=programs, port=port) for word in chosen.command]
    with _ended(command, place, environment) as process:
        yield Running(process, f"http://127.0.0.1:{port}{chosen.path}", f"http://127.0.0.1:{port}{chosen.ready}")


@contextlib.contextmanager
def ours(model: Path, folder: Path, script: str = "score.py", **settings: Any) -> Iterator[Running]:
    """Run our server on the same script, with keys on."""
    python = install(OURS) / "python"
    app = folder / "app"
    app.mkdir(parents=True, exist_ok=True)
    shutil.copy(model, app / "ridge.pkl")
    (app / "score.py").write_text((APPS / script).read_text(encoding="utf-8"), encoding="utf-8")
    server = folder / "server" / "jupyter_deploy_scoring"
    if not server.exists():
        shutil.copytree(Path(jupyter_deploy.__file__).parent / "scoring", server)
        subprocess.run(
            [python, "-m", "compileall", "-q", str(server)],
            check=True,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},
        )
    (port,) = free_ports(1)
    document: Mapping[str, Any] = {
        "format": 1, "name": "bench", "entryScript": "score.py", "port": port, "authEnabled": True, "maxQueueWaitMs": 10_000, **settings,
    }  # fmt: skip
    (folder / "service.json").write_text(json.dumps(document), encoding="utf-8")
    keys = folder / "keys.json"
    keys.write_text(json.dumps({"primaryKey": KEY, "secondaryKey": "another-key"}), encoding="utf-8")
    command = [str(python), str(server), "front", "--settings", str(folder / "service.json"), "--keys", str(keys)]
    with _ended(command, app, {**os.environ, **_ONE_THREAD}) as process:
        yield Running(process, f"http://127.0.0.1:{port}/score", f"http://127.0.0.1:{port}/ready")


@contextlib.contextmanager
def _ended(command: list[str], folder: Path, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        yield process
    except RuntimeError:
        print((folder / "server.log").read_text(errors="replace")[-2000:])
        raise
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
