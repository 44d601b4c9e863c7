"""The process that has loaded the script and called ``init()`` once, and is forked for every worker, so that they share its memory.

It serves no request and starts no thread: a fork has only the thread that forked, and whatever other threads held is held for ever in it.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import os
import select
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from . import frames, life, logs, options, settings, worker
from .link import Link
from .script import ScriptFailed
from .settings import Settings
from .worker import Prepared

_OPTIONS = ("settings", "control-fd", "life-fds", "stacks-fd")
_NUMBER_BYTES = 8
_FD = struct.Struct("i")
_MENDED = ("jemalloc_bg_thd",)
"""Threads that a fork may lack: jemalloc, which pandas brings by way of pyarrow, has handlers of its own that set its state right."""
_THREADS_END_WITHIN = 1.0
"""Seconds in which a thread that was waited for has to be gone from the system's list."""
_ACCELERATORS = ("/dev/nvidia", "/dev/kfd", "/dev/dri")


def main(argv: Sequence[str]) -> int:
    """Run until the front goes; returns the exit code."""
    given = options.parse(argv, _OPTIONS, required=_OPTIONS)
    faulthandler.register(signal.SIGUSR1, file=int(given["stacks-fd"]), all_threads=True)
    life.die_with_parent()
    service = settings.load(Path(given["settings"]))
    logs.configure(service.log_level, service.log_format)
    sys.stdout = logs.PrintStream()
    life_fds = [int(fd) for fd in given["life-fds"].split(",")]
    return _Template(service, int(given["control-fd"]), life_fds).run()


class _Template:
    def __init__(self, service: Settings, control_fd: int, life_fds: list[int]) -> None:
        self._service = service
        self._control = socket.socket(fileno=control_fd)
        self._life_fds = life_fds
        self._asked: list[tuple[int, int]] = []
        self._prepared: Prepared

    def run(self) -> int:
        self._take_request(wait=True)
        try:
            self._prepared = worker.prepare(self._service, self._tell)
            refuse_what_cannot_be_forked()
        except ScriptFailed as error:
            self._tell(worker.failure(self._service, error))
            return 1
        gc.collect()
        gc.freeze()  # what is there now is never collected, so that its pages stay shared
        woken = self._watch_children()
        watched = select.poll()  # unlike select it takes descriptors of any number
        for fd in (self._control.fileno(), woken.fileno(), *self._life_fds):
            watched.register(fd, select.POLLIN)
        while True:
            while self._asked:
                self._fork(*self._asked.pop(0))
            readable = {fd for fd, _ in watched.poll()}
            if readable.intersection(self._life_fds):
                os.killpg(0, signal.SIGKILL)
            if woken.fileno() in readable:
                woken.recv(4096)
                self._reap()
            if self._control.fileno() in readable:
                self._take_request(wait=True)

    def _take_request(self, *, wait: bool) -> bool:
        """Receive the number of a worker that is wanted, and its end of the socket to the front."""
        try:
            # recv_fds of Python 3.11 and earlier does not look at its flags
            data, carried, _, _ = self._control.recvmsg(
                _NUMBER_BYTES, socket.CMSG_LEN(_FD.size), 0 if wait else socket.MSG_DONTWAIT
            )
        except BlockingIOError:
            return False
        if not data:
            os._exit(0)
        (fd,) = _FD.unpack(carried[0][2])
        self._asked.append((int.from_bytes(data, "big"), fd))
        return True

    def _tell(self, record: dict[str, Any]) -> None:
        """Say something to the front in the place of every worker that it has asked for."""
        while self._take_request(wait=False):
            continue
        for _, fd in self._asked:
            os.write(fd, b"".join(frames.pack(record)))

    def _watch_children(self) -> socket.socket:
        woken, wake = socket.socketpair()
        wake.setblocking(False)
        self._woken, self._wake = woken, wake
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        return woken

    def _fork(self, number: int, fd: int) -> None:
        try:
            pid = os.fork()
        except OSError as error:
            logs.server.error("no worker can be forked: %s", error)
            os.close(fd)
            self._say({"type": "refused", "number": number})
            return
        if pid == 0:
            self._become_worker(fd)
        os.close(fd)
        self._say({"type": "forked", "number": number, "pid": pid})

    def _become_worker(self, fd: int) -> NoReturn:
        code = 1
        try:
            os.setsid()
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self._control.close()
            self._woken.close()
            self._wake.close()
            for _, other in self._asked:  # a worker's end has to be seen though another one lives
                os.close(other)
            life.die_with(self._life_fds)
            if (
                "numpy" in sys.modules
            ):  # else every worker would draw the same numbers; Python's own are seeded anew by the fork
                sys.modules["numpy"].random.seed()
            link = Link(fd)
            worker.attach(link, self._service)
            worker.serve(link, self._service, self._prepared)
            code = 0
        finally:
            os._exit(code)

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                self._say({"type": "ended", "pid": ended[0], "code": os.waitstatus_to_exitcode(ended[1])})

    def _say(self, record: dict[str, Any]) -> None:
        self._control.sendall(b"".join(frames.pack(record)))


def refuse_what_cannot_be_forked() -> None:
    """Refuse a script that has begun threads or opened an accelerator.

    Raises
    ------
    ScriptFailed : naming what was found.
    """
    remedy = "begin or open it on the first call of run(), or set worker_preload to false"
    threads = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    if threads:
        raise ScriptFailed("init", f"worker_preload: the script has begun the threads {', '.join(threads)}; {remedy}")
    opened = {target for target in _open_files() if target.startswith(_ACCELERATORS)}
    if opened:
        raise ScriptFailed("init", f"worker_preload: the script has opened {', '.join(sorted(opened))}; {remedy}")
    # OpenBLAS ends its threads before a fork and begins new ones later; those of others are simply not there in the fork.
    probe = os.fork()
    if probe == 0:
        os._exit(0)
    os.waitpid(probe, 0)
    deadline = time.monotonic() + _THREADS_END_WITHIN
    while (left := [name for name in native_threads() if name not in _MENDED]) and time.monotonic() < deadline:
        time.sleep(0.01)
    if left:
        raise ScriptFailed(
            "init",
            f"worker_preload: a library has begun {len(left)} threads ({', '.join(sorted(set(left)))}), which a fork would not have;"
            " use fewer in init() (OMP_NUM_THREADS=1), or set worker_preload to false",
        )


def native_threads() -> list[str]:
    """The names of this process's threads beside the main one, as the system has them; empty where it does not tell."""
    folder = Path("/proc/self/task")
    names = []
    for task in folder.iterdir() if folder.is_dir() else ():
        if task.name != str(os.getpid()):
            with contextlib.suppress(OSError):
                names.append((task / "comm").read_text().strip())
    return names


def _open_files() -> list[str]:
    folder = Path("/proc/self/fd")
    targets = []
    for entry in folder.iterdir() if folder.is_dir() else ():
        with contextlib.suppress(OSError):
            targets.append(str(entry.readlink()))
    return targets
