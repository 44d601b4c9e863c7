"""How Python is started for a kernel, to ask it something or to answer for views."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jupyter_deploy.errors import SystemProblem
from jupyter_deploy.server.frames import LONGEST

DISTRIBUTION = "jupyter-deploy-models"
_TOP = Path(Path.cwd().anchor)
"""Where it is started: a file of the user's in the notebook's folder must not stand in for a module that it needs to start at all."""


@dataclass(frozen=True)
class Interpreter:
    """How Python is started for a kernel.

    Parameters
    ----------
    command : what is started, but for what it is to run. environment : variables beside those of the server, or in their place.
    """

    command: tuple[str, ...] = (sys.executable,)
    environment: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def remedy(self) -> str:
        """What to do where jupyter_deploy is not there."""
        return f"install it there: {shlex.join([*self.command, '-m', 'pip', 'install', DISTRIBUTION])}"

    async def start(self, *arguments: str) -> Process:
        """Start it, in a session of its own, so that nobody's interrupt reaches it; its standard streams are pipes.

        Raises
        ------
        SystemProblem : there is no such program, or it cannot be run.
        """
        variables = {name: value for name, value in os.environ.items() if name != "PYTHONEXECUTABLE"}
        try:
            return await asyncio.create_subprocess_exec(
                *self.command, *arguments, stdin=PIPE, stdout=PIPE, stderr=PIPE, cwd=_TOP, limit=LONGEST,
                env={**variables, **self.environment}, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise SystemProblem(f"{self.command[0]} cannot be started", str(error), "choose another kernel") from None


def kill(process: Process) -> None:
    """End what was started, with what stands around it, as ``conda run``; what began a session of its own goes on."""
    with contextlib.suppress(ProcessLookupError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
