"""What an interpreter is: its version and the platform it is built for."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from jupyter_deploy.errors import EnvironmentFailed

_QUESTION = "import json, platform, sysconfig; print(json.dumps([platform.python_version(), sysconfig.get_platform()]))"


@dataclass(frozen=True)
class Interpreter:
    """A Python on this machine.

    Parameters
    ----------
    version : its version ("3.11.7").
    platform : what it is built for ("linux-x86_64").
    """

    version: str
    platform: str


def inspect(python: Path) -> Interpreter:
    """Ask an interpreter what it is; the running one without starting a process.

    Raises
    ------
    EnvironmentFailed : it does not run.
    """
    if python == Path(sys.executable):
        return Interpreter(platform.python_version(), sysconfig.get_platform())
    try:
        answer = subprocess.run([python, "-I", "-c", _QUESTION], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        why = error.stderr.strip() if isinstance(error, subprocess.CalledProcessError) else str(error)
        raise EnvironmentFailed(f"the interpreter {python} does not run", why, "Name another interpreter.") from error
    return Interpreter(*json.loads(answer))


def same_series(one: str, other: str) -> bool:
    """Whether packages for one version of Python run with the other: 3.11.7 and 3.11.9 do, 3.12.0 does not."""
    return one.split(".")[:2] == other.split(".")[:2]
