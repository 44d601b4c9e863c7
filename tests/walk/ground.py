"""The ground of a walk: a workspace of its own, in which one command is run whole, or until one of its processes is killed."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar, NamedTuple

import psutil

from jupyter_deploy import Webservice, Workspace
from jupyter_deploy.errors import ServiceNotFound
from tests.helpers import READS_ITS_MODEL, post, register_text, wait_until, write_script
from tests.walk.kernel import SERVICE, do

ROOT = Path(__file__).parents[2]
HOOK = Path(__file__).with_name("hook")


class Step(NamedTuple):
    """A step that a good run has taken, and the processes that could be killed just after it."""

    name: str
    victims: tuple[str, ...]


class Ground:
    """A workspace with two models, "one" and "two", whose service runs in processes.

    Parameters
    ----------
    folder : an empty folder for everything that belongs to it.
    """

    target: ClassVar[str] = "process"
    parts: ClassVar[int] = 9
    """Of a walk, each with every ninth step; every third of the parts makes up every third step."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mark = secrets.token_hex(8)
        self.workspace = Workspace(folder / "workspace")
        write_script(folder, READS_ITS_MODEL)
        self.models = {text: register_text(self.workspace, text).id for text in ("one", "two")}

    @property
    def service(self) -> Webservice:
        return Webservice(self.workspace, SERVICE)

    def steps(self, command: str, *arguments: str) -> list[Step]:
        """Run a command whole; every step that it took."""
        trace = self._folder / f"{command}.trace"
        trace.unlink(missing_ok=True)
        assert self._run(command, arguments, {"WALK_TRACE": str(trace)}) == 0
        return [Step(name, tuple(victims)) for name, victims in map(json.loads, trace.read_text().splitlines())]

    def kill(self, step: str, victim: str, command: str, *arguments: str) -> None:
        """Run a command until a process is killed, and wait until the rest of it has come to its end."""
        killed = self._folder / "killed"
        killed.unlink(missing_ok=True)
        self._run(command, arguments, {"WALK_KILL": json.dumps([step, victim]), "WALK_KILLED": str(killed)})
        assert killed.exists(), f"'{step}' was not reached"
        wait_until(lambda: not self._operations(), seconds=30)

    def _run(self, command: str, arguments: tuple[str, ...], orders: Mapping[str, str]) -> int:
        words = [sys.executable, "-m", "tests.walk.kernel", str(self.workspace.path), command, *arguments]
        with (self._folder / "kernel.log").open("ab") as log:
            return subprocess.run(
                words, env={**os.environ, **self._surroundings(), **orders}, stdout=log, stderr=log, timeout=120, check=False
            ).returncode  # fmt: skip

    def _surroundings(self) -> dict[str, str]:
        return {
            "PYTHONPATH": f"{HOOK}{os.pathsep}{ROOT}",
            "WALK_MARK": self._mark,
            "WALK_TARGET": self.target,
            "WALK_SERVICE": str(self.workspace.folder.service_folder(SERVICE)),
        }

    def do(self, command: str, *arguments: str) -> None:
        """Run a command whole, in this process."""
        before = os.environ.copy()
        os.environ.update(self._surroundings())
        try:
            do(self.workspace, command, *arguments)
        finally:
            os.environ.clear()
            os.environ.update(before)

    def is_tidy(self, *, served: bool) -> bool:
        """Whether nothing runs but what serves."""
        return len(self.processes()) == (3 if served else 0)

    def goes_on(self, step: str, victim: str) -> bool:
        """Whether what served before an update has to be there, without a break, when a process is killed after a step."""
        return victim != "supervisor"

    def processes(self) -> list[psutil.Process]:
        """Every living process that has come out of a command here, whatever it calls itself."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get("WALK_MARK") == self._mark and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def _operations(self) -> list[psutil.Process]:
        found = []
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                if any("engine.runner" in argument for argument in process.cmdline()):
                    found.append(process)
        return found

    def answer(self) -> str | None:
        """What the service answers over HTTP; None where nobody does."""
        try:
            uri = self.service.scoring_uri
            answer = post(uri, timeout=10) if uri else None
        except (OSError, ServiceNotFound):
            return None
        return str(answer.json) if answer and answer.status == 200 else None

    @contextlib.contextmanager
    def asking(self) -> Iterator[list[str]]:
        """Ask the service all the time; what it answered, with the errors among it."""
        answers: list[str] = []
        uri, enough = str(self.service.scoring_uri), threading.Event()

        def ask() -> None:
            while not enough.wait(0.02):
                try:
                    answer = post(uri)
                    answers.append(answer.json if answer.status == 200 else f"status {answer.status}")
                except OSError as error:
                    answers.append(repr(error))

        thread = threading.Thread(target=ask)
        thread.start()
        try:
            yield answers
        finally:
            enough.set()
            thread.join()

    def leave(self) -> None:
        """Take the service away, if it is there."""
        with contextlib.suppress(ServiceNotFound):
            self.do("delete")
