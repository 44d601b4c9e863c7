"""The worker as a process of the operating system: started, watched, ended with everything it has started itself."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Protocol

from . import frames, places, tracebacks
from .settings import Settings


class Worker(Protocol):
    """A worker, however it was started.

    Attributes
    ----------
    link : our end of the socket to it.
    """

    link: socket.socket

    @property
    def pid(self) -> int:
        """Its process id, which is its process group too."""
        ...

    @property
    def template(self) -> int | None:
        """The process that it was forked from; None where that is none, or has ended."""
        ...

    @property
    def ended_with_it(self) -> int:
        """The process that it was forked from, where that has ended too; else its own process id."""
        ...

    def terminate(self) -> None:
        """Ask the worker and its children to end."""
        ...

    def kill(self) -> None:
        """End the worker and its children at once."""
        ...

    def ask_for_stacks(self) -> None:
        """Have the worker write where each of its threads is; works while one holds the interpreter lock."""
        ...

    def stacks(self) -> str:
        """Return what it has written so far."""
        ...

    def close(self) -> None:
        """Give back what is kept to watch it; its link belongs to the loop."""
        ...

    def when_ended(self, call: Callable[[int], object]) -> None:
        """Call from another thread with the exit code when the worker has ended and its children with it."""
        ...


class WorkerProcess:
    """A worker that is a process of the front's own.

    Attributes
    ----------
    link : our end of the socket to it.
    """

    def __init__(self, process: subprocess.Popen[bytes], link: socket.socket, stacks: IO[bytes]) -> None:
        self.link = link
        self._process = process
        self._stacks = stacks

    @property
    def pid(self) -> int:
        """Its process id, which is its process group too."""
        return self._process.pid

    @property
    def template(self) -> None:
        """None: it was not forked from another."""

    @property
    def ended_with_it(self) -> int:
        """It was not forked."""
        return self._process.pid

    def terminate(self) -> None:
        """Ask the worker and its children to end."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the worker and its children at once."""
        self._signal(signal.SIGKILL)

    def ask_for_stacks(self) -> None:
        """Have the worker write where each of its threads is; works while one holds the interpreter lock."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGUSR1)

    def stacks(self) -> str:
        """Return what it has written so far."""
        return tracebacks.dumped(self._stacks)

    def close(self) -> None:
        """Give back what is kept to watch it; its link belongs to the loop."""
        self._stacks.close()

    def when_ended(self, call: Callable[[int], object]) -> None:
        """Call from another thread with the exit code when the worker has ended and its children with it."""

        def wait() -> None:
            code = self._process.wait()
            signal_group(self.pid, signal.SIGKILL)  # its number stays taken while a child of the worker lives
            call(code)

        threading.Thread(target=wait, name=f"worker-{self.pid}", daemon=True).start()

    def _signal(self, number: signal.Signals) -> None:
        if self._process.returncode is None:
            signal_group(self.pid, number)


def spawn(
    settings_file: Path,
    settings: Settings,
    life_fds: Sequence[int],
    role: str = "worker",
    options: Sequence[str] = (),
) -> WorkerProcess:
    """Start a worker, or a process of another role; call from the main thread, with which it is tied to die.

    Parameters
    ----------
    settings_file : its service.json.
    settings : the same, read.
    life_fds : read ends of pipes; the process ends when one of them is closed.
    role : what it does. options : of that role.
    """
    ours, theirs = frames.socket_pair()
    stacks = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the worker has ended
    command = [
        *(sys.executable, str(Path(__file__).resolve().parent), role),
        *("--settings", str(settings_file)),
        *("--link-fd", str(theirs.fileno())),
        *("--life-fds", ",".join(map(str, life_fds))),
        *("--stacks-fd", str(stacks.fileno())),
        *options,
    ]
    with theirs:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **places.variables(settings)},
            pass_fds=(theirs.fileno(), stacks.fileno(), *life_fds),
            start_new_session=True,
        )
    return WorkerProcess(process, ours, stacks)


def signal_group(group: int, number: signal.Signals) -> None:
    """Send a signal to a process and all of its group; one that has gone is no error."""
    with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS says the latter of a group of zombies
        os.killpg(group, number)


def exit_reason(code: int) -> str:
    """Say in words how a process ended.

    >>> exit_reason(-9), exit_reason(1)
    ('killed by signal 9 (SIGKILL)', 'exit code 1')
    """
    if code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return f"killed by signal {-code} ({signal.Signals(-code).name})"
    return f"killed by signal {-code}"
