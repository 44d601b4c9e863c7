"""Starts a Python process that outlives the one that starts it, with the same interpreter and module search path."""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

_BOOTSTRAP = "import sys, json; sys.path[:] = json.loads(sys.argv.pop(1)); from {} import main; main()"
_started: list[subprocess.Popen[bytes]] = []


def start_detached(
    module: str,
    arguments: Sequence[str],
    *,
    folder: Path,
    errors: IO[bytes],
    output: IO[bytes] | int | None = None,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Run ``module.main()`` in a new session, so that no signal to this process's group reaches it.

    Parameters
    ----------
    module : dotted name of the module. arguments : what its ``sys.argv`` holds.
    folder : its current folder. errors : where its standard error goes. output : its standard output; None for the same.
    pass_fds : descriptors it inherits.
    """
    _reap()
    process = subprocess.Popen(
        [sys.executable, "-c", _BOOTSTRAP.format(module), json.dumps(sys.path), *arguments],
        stdin=subprocess.DEVNULL, stdout=errors if output is None else output, stderr=errors,
        cwd=folder, pass_fds=pass_fds, start_new_session=True,
    )  # fmt: skip
    _started.append(process)
    return process


def _reap() -> None:
    """Take the exit codes of those that ended, so that none stays a zombie of a long-lived kernel."""
    _started[:] = [process for process in _started if process.poll() is None]


@atexit.register
def _let_go() -> None:
    for process in _started:
        process.returncode = 0  # they live on, as meant; the interpreter need not warn of it at its end
