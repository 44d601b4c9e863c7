"""The front's start: the worker first, because its imports are the slowest thing, then the server.

Nothing is imported at the top that the worker's start does not need.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from . import options, room, settings, worker_process

START_TIMEOUT = 310.0
_OPTIONS = (
    "settings",
    "listen-fd",
    "control-fd",
    "life-fd",
    "keys",
    "certificate",
    "start-timeout",
    "secrets",
    "collected",
    "address",
    "revision",
)


def main(argv: Sequence[str]) -> int:
    """Run a service until it is told to end; returns the exit code, 3 when it could not start."""
    given = options.parse(argv, _OPTIONS)
    path = Path(given["settings"])
    control_fd = _fd(given, "control-fd")
    life_fd = _fd(given, "life-fd")
    if life_fd == 0:
        life_fd = os.dup(0)  # workers have another standard input
    try:
        service = settings.load(path)
        if "address" in given:  # of its own, which requests may name too
            service = replace(service, allowed_hosts=(*service.allowed_hosts, given["address"]))
    except settings.SettingsError as error:
        return _refuse(control_fd, str(error))
    room.raise_descriptors()
    # The worker holds the read end: where the kernel does not tie it to us, the pipe does.
    front_alive, _ = os.pipe()
    life_fds = [front_alive] if life_fd is None else [front_alive, life_fd]

    spawn = _spawner(path, service, life_fds)

    def spawn_aside(role: str, options: Sequence[str]) -> worker_process.WorkerProcess:
        return worker_process.spawn(path, service, life_fds, role, options)

    try:
        workers = [spawn() for _ in range(service.worker_count)]
    except OSError as error:
        return _refuse(
            control_fd, f"a worker cannot be started: {error}; free memory or processes, or raise the limits"
        )
    from . import memory, serving
    from .tls import Certificate
    from .watched import WatchedFile

    memory.keep_freed()
    return serving.run(
        serving.Start(
            settings=service,
            spawn=spawn,
            workers=workers,
            listen_fd=_fd(given, "listen-fd"),
            control_fd=control_fd,
            life_fd=life_fd,
            keys_file=Path(given["keys"]) if "keys" in given else None,
            certificate=Certificate(Path(given["certificate"])) if "certificate" in given else None,
            start_timeout=float(given.get("start-timeout", START_TIMEOUT)),
            spawn_aside=spawn_aside,
            secrets_file=Path(given["secrets"]) if "secrets" in given else None,
            collected=Path(given["collected"]) if "collected" in given else None,
            revision=WatchedFile(Path(given["revision"])) if "revision" in given else None,
        )
    )


def _spawner(path: Path, service: settings.Settings, life_fds: Sequence[int]) -> Callable[[], worker_process.Worker]:
    """What starts a worker: a process of its own, or one that is forked from a template."""
    if not service.worker_preload:
        return lambda: worker_process.spawn(path, service, life_fds)
    from . import forked_worker

    return forked_worker.Template(path, service, life_fds).spawn


def _fd(given: dict[str, str], name: str) -> int | None:
    return int(given[name]) if name in given else None


def _refuse(control_fd: int | None, text: str) -> int:
    from . import control

    sys.stderr.write(text + "\n")
    if control_fd is not None:
        with socket.socket(fileno=control_fd) as owner:
            owner.sendall(control.line("failed", stage="start", message=text, traceback=""))
    return control.EXIT_FAILED
