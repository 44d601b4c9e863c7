"""Workers that are forked from a template, seen from the front: started, watched and ended like those that are processes of its own."""

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
from typing import IO

from . import frames, places, tracebacks
from .settings import Settings
from .worker_process import signal_group

_NUMBER_BYTES = 8


class ForkedWorker:
    """A worker that was asked of a template.

    Attributes
    ----------
    link : our end of the socket to it.
    """

    def __init__(self, template: Template, link: socket.socket) -> None:
        self.link = link
        self._template = template
        self._origin = template.pid
        self._pid: int | None = None
        self._code: int | None = None
        self._call: Callable[[int], object] | None = None

    @property
    def pid(self) -> int:
        """Its process id; before it is forked the template's."""
        return self._template.pid if self._pid is None else self._pid

    @property
    def template(self) -> int | None:
        """The template's process id, as long as it runs."""
        return self._origin if self._template.is_alive and self._template.pid == self._origin else None

    @property
    def ended_with_it(self) -> int:
        """The template, where that has ended too; else its own process id."""
        return self.pid if self._template.is_alive else self._origin

    def terminate(self) -> None:
        """Ask the worker and its children to end."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the worker and its children at once."""
        self._signal(signal.SIGKILL)

    def ask_for_stacks(self) -> None:
        """Have it write where each of its threads is."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGUSR1)

    def stacks(self) -> str:
        """Return what it, or its template, has written so far."""
        return self._template.stacks()

    def close(self) -> None:
        """Nothing is kept to watch it that the template does not keep."""

    def when_ended(self, call: Callable[[int], object]) -> None:
        """Call from another thread with the exit code when the worker has ended and its children with it."""
        with self._template.lock:
            self._call = call
            code = self._code
        if code is not None:
            call(code)

    def began(self, pid: int) -> None:
        """Take note of its process; the template tells."""
        self._pid = pid

    def ended(self, code: int) -> None:
        """Take note of its end; the template, or the template's end, tells."""
        if self._pid is not None:
            signal_group(self._pid, signal.SIGKILL)
        with self._template.lock:
            if self._code is not None:
                return
            self._code, call = code, self._call
        if call is not None:
            call(code)

    def _signal(self, number: signal.Signals) -> None:
        if self._code is None:
            signal_group(self.pid, number)


class Template:
    """The process that workers are forked from, started when the first one is asked for and again when it has ended.

    Parameters
    ----------
    settings_file, settings, life_fds : as of ``worker_process.spawn``.
    """

    def __init__(self, settings_file: Path, settings: Settings, life_fds: Sequence[int]) -> None:
        self._settings_file = settings_file
        self._settings = settings
        self._life_fds = life_fds
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket
        self._stacks: IO[bytes]
        self._workers: dict[int, ForkedWorker] = {}
        self._count = 0
        self.lock = threading.Lock()

    @property
    def pid(self) -> int:
        """Its process id, which is its process group too."""
        assert self._process is not None
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    def stacks(self) -> str:
        """Return what it has written of where its threads are."""
        return tracebacks.dumped(self._stacks)

    def spawn(self) -> ForkedWorker:
        """Ask for a worker; call from the main thread, with which the template is tied to die."""
        if not self.is_alive:
            self._start()
        ours, theirs = frames.socket_pair()
        with theirs:
            self._count += 1
            worker = ForkedWorker(self, ours)
            with self.lock:
                self._workers[self._count] = worker
            with contextlib.suppress(OSError):  # it has ended just now, and says so
                socket.send_fds(self._control, [self._count.to_bytes(_NUMBER_BYTES, "big")], [theirs.fileno()])
        return worker

    def _start(self) -> None:
        self._stacks = tempfile.TemporaryFile()  # noqa: SIM115 - kept as long as the template
        self._control, theirs = socket.socketpair()
        command = [
            *(sys.executable, str(Path(__file__).resolve().parent), "template"),
            *("--settings", str(self._settings_file)),
            *("--control-fd", str(theirs.fileno())),
            *("--life-fds", ",".join(map(str, self._life_fds))),
            *("--stacks-fd", str(self._stacks.fileno())),
        ]
        with theirs:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **places.variables(self._settings)},
                pass_fds=(theirs.fileno(), self._stacks.fileno(), *self._life_fds),
                start_new_session=True,
            )
        self._workers = {}  # those that were asked of an earlier one end with it
        listening = (self._process, self._control, self._workers)
        threading.Thread(target=self._listen, args=listening, name="template", daemon=True).start()

    def _note(self, record: frames.Record, workers: dict[int, ForkedWorker], by_pid: dict[int, ForkedWorker]) -> None:
        """Pass on what the template says of a worker; the script may have started processes of which nobody here knows."""
        if record["type"] == "ended":
            ended = by_pid.pop(record["pid"], None)
            if ended is not None:
                ended.ended(record["code"])
            return
        with self.lock:
            worker = workers.pop(record["number"])
        if record["type"] == "forked":
            worker.began(record["pid"])
            by_pid[record["pid"]] = worker
        else:
            worker.ended(1)

    def _listen(
        self, process: subprocess.Popen[bytes], control: socket.socket, workers: dict[int, ForkedWorker]
    ) -> None:
        inbox = frames.Inbox(control)
        by_pid: dict[int, ForkedWorker] = {}
        with contextlib.suppress(OSError):
            while (messages := inbox.take(wait=True)) is not None:
                for record, _ in messages:
                    self._note(record, workers, by_pid)
        control.close()
        code = process.wait()
        signal_group(process.pid, signal.SIGKILL)
        with self.lock:
            never_forked = list(workers.values())
            workers.clear()
        for worker in (*by_pid.values(), *never_forked):
            worker.ended(code)
