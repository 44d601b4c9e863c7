"""A service from its first accepted connection to its last answer: the front's parts put together."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop

from . import access, banner, logs, tls
from .app import PATHS, Application
from .background import Background, Spawn
from .control import EXIT_FAILED, Control
from .dispatch import Dispatcher
from .exposition import State
from .gate import Gate
from .metrics import Metrics
from .server import HttpServer
from .settings import Settings
from .supervision import Failure, Readiness, Supervisor
from .tls import Certificate, CertificateError
from .watched import WatchedFile
from .worker_process import Worker

KEYS_LOADED = "keys and certificate were read again"
"""What the log says then; who owns a container waits for it."""
LOOK_EVERY = 1.0
"""Seconds between two looks whether the revision of keys and certificate has changed."""


class StartFailed(Exception):
    """The front itself cannot start; the text says why and what to do."""


@dataclass(frozen=True)
class Start:
    """What a front starts with.

    Attributes
    ----------
    settings : the service's.
    spawn, workers : how to start a worker, and the first ones, started already.
    listen_fd : a listening socket to accept on when told to; None binds the settings' host and port at once.
    control_fd : the socket to the owner; without one the front accepts at once.
    life_fd : a pipe that is closed when the owner dies.
    keys_file : where the keys, or the secrets of tokens, are.
    certificate : for TLS; None answers without.
    start_timeout : seconds for the script's import and ``init()``.
    spawn_aside : how to start a process beside the front.
    secrets_file : where the service's other secrets are.
    collected : folder for collected data where the settings name no place.
    revision : a file that is replaced with keys and certificate where nobody tells us that they were; the log says what is in it.
    """

    settings: Settings
    spawn: Callable[[], Worker]
    workers: Sequence[Worker]
    listen_fd: int | None
    control_fd: int | None
    life_fd: int | None
    keys_file: Path | None
    certificate: Certificate | None
    start_timeout: float
    spawn_aside: Spawn
    secrets_file: Path | None
    collected: Path | None
    revision: WatchedFile | None


def run(start: Start) -> int:
    """Serve until told to end; returns the process's exit code."""
    logs.configure(start.settings.log_level, start.settings.log_format)
    return uvloop.run(Front(start).serve())


class Front:
    """One running front."""

    def __init__(self, start: Start) -> None:
        settings = start.settings
        self._start = start
        self._readiness = Readiness()
        self._control = Control(self._abandon)
        metrics = Metrics(PATHS)
        self._dispatcher = Dispatcher(
            settings.slots_per_worker,
            settings.queue_wait_ms,
            settings.scoring_timeout_ms,
            settings.max_batch_rows,
            metrics,
        )
        self._supervisor = Supervisor(
            start.spawn, self._dispatcher, self._readiness, self._control, start.start_timeout
        )
        self._background = Background(settings, start.spawn_aside, start.secrets_file, start.collected)
        self._supervisor.tell = self._background.take
        self._gate = Gate(settings)
        self._server = HttpServer()
        self._routes = Application(
            settings,
            self._gate,
            self._dispatcher,
            self._readiness,
            self._server.date,
            lambda: self._server.draining,
            metrics,
            self._state,
            self._background.observers,
        )
        self._tasks: set[asyncio.Task[None]] = set()
        self._ending = False
        self._watches: list[asyncio.Task[None]] = []
        self._listening: socket.socket

    async def serve(self) -> int:
        """Serve until drained (0) or until it is plain that the service cannot start (3)."""
        problem = self._prepare()
        await self._connect()
        problem = problem or await self._background.begin()
        if problem:
            self._kill_first()
            return await self._fail(Failure("start", problem))
        if self._start.control_fd is None:
            await self._accept()
        failure = await self._supervisor.run(self._start.workers)
        if failure is not None:
            return await self._fail(failure)
        await asyncio.gather(*self._tasks)
        await self._background.end()
        self._control.emit("drained")
        await self._control.close()
        return 0

    def _prepare(self) -> str:
        """Read keys and certificate and get the socket; returns why that cannot be done, empty when it is done."""
        settings = self._start.settings
        try:
            if settings.log_config is not None:
                logs.configure_as(settings.log_config)
            revision = self._read_revision()
            self._read_keys()
            self._read_certificate()
            self._listening = self._listening_socket()
        except (StartFailed, logs.LogConfigError) as error:
            return str(error)
        logs.server.info("%s", banner.text(settings, self._listening.getsockname()[1]))
        for note in settings.notes:
            logs.server.warning("%s", note)
        if revision:
            logs.server.warning("keys and certificate were read%s", revision)
        return ""

    def _state(self) -> State:
        supervisor = self._supervisor
        pids = {"front": os.getpid(), **supervisor.pids, **self._background.pids}
        dropped = self._background.dropped
        return State(self._dispatcher.load, supervisor.restarts, supervisor.load_seconds, pids, dropped)

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._drain, 0.5, 30.0)  # what spreads the load may not know it yet
        loop.add_signal_handler(signal.SIGINT, self._drain, 0.0, 30.0)  # nobody is between the service and who says so
        loop.add_signal_handler(signal.SIGHUP, self._reload_keys)  # "load_keys" from who owns a container
        if self._start.life_fd is not None:
            loop.add_reader(self._start.life_fd, self._abandon)
        self._control.obey(
            accept=lambda _: self._soon(self._accept()),
            drain=lambda order: self._drain(float(order.get("grace", 0.5)), float(order.get("limit", 60))),
            stop=lambda _: self._drain(0.0, 10.0),
            load_keys=lambda _: self._reload_keys(),
            end_worker=self._end_worker,
        )
        if self._start.control_fd is not None:
            owner = socket.socket(fileno=self._start.control_fd)
            await loop.create_unix_connection(lambda: self._control, sock=owner)

    async def _accept(self) -> None:
        if not self._ending:
            certificate = self._start.certificate
            context = certificate.context if certificate else None
            await self._server.accept(self._listening, self._routes, context)
            if certificate is not None:
                self._begin_watch(self._watch_certificate(certificate))
            if self._start.revision is not None:
                self._begin_watch(self._watch_revision(self._start.revision))
            self._control.emit("accepting")

    def _listening_socket(self) -> socket.socket:
        if self._start.listen_fd is not None:
            return socket.socket(fileno=self._start.listen_fd)
        host, port = self._start.settings.host, self._start.settings.port
        try:
            return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        except OSError as error:
            raise StartFailed(f"cannot listen on {host} port {port}: {error.strerror}; choose another port") from error

    def _read_keys(self) -> None:
        if self._start.keys_file is not None:
            try:
                self._gate.access = access.read(self._start.keys_file, self._start.settings)
            except access.KeysError as error:
                raise StartFailed(str(error)) from error
        elif self._start.settings.is_guarded:
            raise StartFailed(
                "authEnabled or tokenAuthEnabled is true, but no file of keys was given; start with --keys FILE"
            )

    def _read_certificate(self) -> None:
        if self._start.certificate is not None:
            try:
                self._start.certificate.load()
            except CertificateError as error:
                raise StartFailed(str(error)) from error
            self._gate.certificate_names = self._start.certificate.names
        elif self._start.settings.ssl_enabled:
            raise StartFailed("sslEnabled is true, but no certificate was given; start with --certificate FILE")

    def _read_revision(self) -> str:
        """The revision of what is read next, for the log; read first, so that it is never said of older keys."""
        if self._start.revision is None:
            return ""
        with contextlib.suppress(OSError, ValueError):
            return f" (revision {self._start.revision.read().strip()})"
        return ""

    async def _watch_revision(self, revision: WatchedFile) -> None:
        """Take keys and a certificate that were replaced without a word to us."""
        while not self._ending:
            await asyncio.sleep(LOOK_EVERY)
            if revision.has_changed():
                self._reload_keys()

    async def _watch_certificate(self, certificate: Certificate) -> None:
        """Take a certificate that was replaced without a word to us."""
        while not self._ending:
            await asyncio.sleep(tls.LOOK_EVERY)
            if certificate.has_changed():
                self._reload(self._read_certificate, "the certificate stays as it was")

    def _reload(self, read: Callable[[], None], otherwise: str) -> bool:
        try:
            read()
        except StartFailed as error:
            logs.server.error("%s: %s", otherwise, error)
            return False
        return True

    def _begin_watch(self, watch: Coroutine[Any, Any, None]) -> None:
        self._watches.append(asyncio.get_running_loop().create_task(watch))

    def _reload_keys(self) -> None:
        revision = self._read_revision()
        keys = self._reload(self._read_keys, "the keys stay as they were")
        if not self._reload(self._read_certificate, "the certificate stays as it was") or not keys:
            return
        logs.server.warning("%s%s", KEYS_LOADED, revision)
        self._control.emit("keys_loaded")

    def _end_worker(self, order: dict[str, Any]) -> None:
        self._supervisor.end_workers(str(order["reason"]))

    def _drain(self, grace: float, limit: float) -> None:
        if not self._ending:
            self._ending = True
            self._server.stop_accepting()
            self._control.emit("draining")
            self._soon(self._end(grace, limit))

    async def _end(self, grace: float, limit: float) -> None:
        cut = await self._server.drain(grace, limit)
        if cut:
            logs.server.warning("%d requests were cut: they were not answered within %g s", cut, limit)
        self._supervisor.end()

    async def _fail(self, failure: Failure) -> int:
        logs.server.error("the service cannot start (%s): %s", failure.stage, failure.message)
        self._background.kill()
        self._control.emit("failed", stage=failure.stage, message=failure.message, traceback=failure.traceback)
        await self._control.close()
        return EXIT_FAILED

    def _abandon(self) -> None:
        """End at once with everything that was started: the owner has gone."""
        self._kill_first()
        self._supervisor.kill()
        self._background.kill()
        os._exit(1)

    def _kill_first(self) -> None:
        for worker in self._start.workers:
            worker.kill()

    def _soon(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
