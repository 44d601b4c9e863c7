"""The original's server, from PyPI, in an environment of its own that is made once and kept in the user's cache."""

from __future__ import annotations

import fcntl
import hashlib
import http.client
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.ports import free_port
from tests.scoring.fronts import wait_for

HERE = Path(__file__).parent
_INHERITED = ("PATH", "LANG", "LC_ALL", "TMPDIR")


def interpreter() -> Path:
    """Return the Python of the original's environment, which is made when it is missing."""
    requirements = (HERE / "requirements.txt").read_bytes()
    key = hashlib.sha256(requirements + sys.version.encode()).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "jupyter_deploy-tests"
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / f"original-{key}"
    python, mark = folder / "bin" / "python", folder / "whole"
    with (cache / f"original-{key}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another worker of the tests may be making it
        if not mark.exists():
            shutil.rmtree(folder, ignore_errors=True)
            uv = Path(sys.executable).parent / "uv"
            subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
            install = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python]
            subprocess.run([*install, "--requirement", HERE / "requirements.txt"], check=True)
            mark.touch()
    return python


class Zygote:
    """The process that every server of the original is forked from; its imports would take two seconds each time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [interpreter(), "-W", "ignore", HERE / "zygote.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.codes: dict[int, int] = {}
        self._started: list[int] = []
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said = json.loads(line)
            if "ready" in said:
                self._ready.set()
            elif "started" in said:
                self._started.append(said["started"])
            else:
                self.codes[said["ended"]] = said["code"]

    def start(self, folder: Path, environment: Mapping[str, str], arguments: list[str], log: Path) -> int:
        """Start a server; returns its process id, which is its group too."""
        self._ready.wait(60)
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        before = len(self._started)
        self._order(
            folder=str(folder), environment={**inherited, **environment}, arguments=arguments, log=str(log)
        )  # fmt: skip
        wait_for(lambda: len(self._started) > before, 30)
        return self._started[-1]

    def end(self, pid: int) -> None:
        if pid not in self.codes:
            self._order(end=pid)
            wait_for(lambda: pid in self.codes)

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._reader.join(20)
        self._process.stdout.close()

    def _order(self, **order: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()


class Original:
    """One running server of the original."""

    def __init__(self, zygote: Zygote, app: Path, environment: Mapping[str, str], script: str = "score.py") -> None:
        self._zygote = zygote
        self.port = free_port()
        self.log_file = app.parent / "original.log"
        self.log_file.touch()
        variables = {"AML_APP_ROOT": str(app), "AZUREML_MODEL_DIR": str(app / "azureml-models"), **environment}
        variables["HOME"] = str(app.parent)  # gunicorn keeps its control socket there
        arguments = ["--entry_script", script, "--port", str(self.port)]
        self.pid = zygote.start(app, variables, arguments, self.log_file)

    @property
    def code(self) -> int | None:
        """The exit code; None while it runs."""
        return self._zygote.codes.get(self.pid)

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    def wait_until_ready(self) -> None:
        def answers() -> bool:
            assert self.code is None, self.log
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
                connection.request("GET", "/")
                return connection.getresponse().status == 200
            except ConnectionRefusedError:
                return False
            finally:
                connection.close()

        wait_for(answers, 40)

    def end(self) -> None:
        self._zygote.end(self.pid)


@contextmanager
def zygote() -> Iterator[Zygote]:
    made = Zygote()
    try:
        yield made
    finally:
        made.close()
