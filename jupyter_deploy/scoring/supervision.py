"""Keeps one worker running: reports its start, restarts it with a growing pause, ends it when the service ends.

A worker that fails before any has served is the service's failure; afterwards it is tried again for ever.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import orjson

from . import frames, logs, tracebacks
from .control import Control
from .dispatch import Dispatcher
from .worker_process import WorkerProcess, exit_reason

STABLE_AFTER = 60.0  # seconds of service after which earlier failures are forgotten
LONGEST_PAUSE = 30.0


@dataclass
class Readiness:
    """What the routes need to know of the worker: set here, read by the application."""

    ready: bool = False
    raw: bool = False
    swagger: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Failure:
    """Why a worker could not start: where, in one line, and the script's own traceback."""

    stage: str
    message: str
    traceback: str = ""


class _Link(asyncio.Protocol):
    """The front's end of the socket to a worker."""

    def __init__(self, on_message: Callable[[_Link, dict[str, Any], bytes], None]) -> None:
        self._on_message = on_message
        self._unpacker = frames.Unpacker()
        self.transport: asyncio.WriteTransport
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        for record, body in self._unpacker.feed(data):
            self._on_message(self, record, body)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the end is what counts, not how
        if not self.closed.done():
            self.closed.set_result(None)


class _Generation:
    """One worker from its start to its end."""

    def __init__(self, worker: WorkerProcess) -> None:
        self.worker = worker
        self.stage = "import"
        self.ready_at: float | None = None
        self.failure: Failure | None = None
        self.verdict: str | None = None  # why we ended it ourselves


class Supervisor:
    """Runs workers one after the other.

    Parameters
    ----------
    spawn : starts a worker.
    dispatcher : gets each worker that is ready.
    readiness : is told when one is ready and when it is not.
    control : is told of every start and end.
    start_timeout : seconds that importing the script and ``init()`` may take together.
    """

    def __init__(
        self,
        spawn: Callable[[], WorkerProcess],
        dispatcher: Dispatcher,
        readiness: Readiness,
        control: Control,
        start_timeout: float,
    ) -> None:
        self._spawn = spawn
        self._dispatcher = dispatcher
        self._readiness = readiness
        self._control = control
        self._start_timeout = start_timeout
        self._ending = asyncio.Event()
        self._current: _Generation | None = None

    async def run(self, first: WorkerProcess) -> Failure | None:
        """Keep workers running until ``end``; returns a failure when the first one could not start."""
        worker, served, pause = first, False, Pause()
        while True:
            generation = await self._live(worker)
            served = served or generation.ready_at is not None
            if self._ending.is_set():
                return None
            if not served:
                return generation.failure
            if generation.ready_at is not None and time.monotonic() - generation.ready_at >= STABLE_AFTER:
                pause = Pause()
            await self._pause(generation, pause.next())
            if self._ending.is_set():
                return None
            worker = self._spawn()

    def end_worker(self, reason: str) -> None:
        """Kill the current worker; the reason is what is reported of its end."""
        if self._current is not None:
            self._current.verdict = reason
            self._current.worker.kill()

    def end(self, patience: float = 1.0) -> None:
        """End the worker for good: asked to first, killed after ``patience`` seconds."""
        self._ending.set()
        if self._current is not None:
            self._current.worker.terminate()
            asyncio.get_running_loop().call_later(patience, self._current.worker.kill)

    def kill(self) -> None:
        """Kill the current worker at once, with nothing reported."""
        if self._current is not None:
            self._current.worker.kill()

    async def _live(self, worker: WorkerProcess) -> _Generation:
        loop = asyncio.get_running_loop()
        generation = self._current = _Generation(worker)
        ended: asyncio.Future[int] = loop.create_future()
        worker.when_ended(lambda code: loop.call_soon_threadsafe(ended.set_result, code))
        self._control.emit("starting", worker=worker.pid)
        if self._ending.is_set():  # told so before there was anything to end
            worker.kill()
        link = _Link(functools.partial(self._take, generation))
        transport, _ = await loop.create_unix_connection(lambda: link, sock=worker.link)
        watch = loop.create_task(self._watch_start(generation))
        code = await ended
        # Its last words may still be in the socket; a grandchild that left the group may hold the other end open.
        await asyncio.wait({link.closed}, timeout=0.5)
        watch.cancel()
        transport.close()
        worker.close()
        self._current = None
        self._conclude(generation, code)
        return generation

    def _take(self, generation: _Generation, link: _Link, record: dict[str, Any], body: bytes) -> None:
        kind = record["type"]
        if kind == "answer":
            self._dispatcher.answered(record, body)
        elif kind == "ready":
            self._begin_service(generation, link, record, body)
        elif kind == "stage":
            generation.stage = record["stage"]
        else:
            generation.failure = Failure(record["stage"], record["message"], record["traceback"])
            generation.worker.kill()  # all is said, and threads that the script began may keep it alive

    def _begin_service(self, generation: _Generation, link: _Link, record: dict[str, Any], body: bytes) -> None:
        generation.ready_at = time.monotonic()
        self._readiness.ready, self._readiness.raw = True, record["raw"]
        self._readiness.swagger = orjson.loads(body)
        self._control.emit("ready", worker=generation.worker.pid, seconds=record["seconds"])
        self._dispatcher.attach(link.transport)

    async def _watch_start(self, generation: _Generation) -> None:
        await asyncio.sleep(self._start_timeout)
        if generation.ready_at is not None:
            return
        generation.worker.ask_for_stacks()
        await asyncio.sleep(0.3)  # the dump is written by a signal handler, which tells nobody when it is done
        stacks = tracebacks.of_stacks(generation.worker.stacks())
        logs.server.error("worker %d is where it was when its time was up:\n%s", generation.worker.pid, stacks)
        what = "init()" if generation.stage == "init" else "importing the script"
        message = f"{what} did not finish within {self._start_timeout:g} s"
        generation.failure = Failure(generation.stage, message, stacks)
        generation.verdict = message
        generation.worker.kill()

    def _conclude(self, generation: _Generation, code: int) -> None:
        self._readiness.ready = False
        reason = generation.verdict or (generation.failure and generation.failure.message) or exit_reason(code)
        if generation.ready_at is None and generation.failure is None:
            what = "init() ran" if generation.stage == "init" else "the script was imported"
            message = generation.verdict or f"the process ended while {what}: {reason}"
            generation.failure = Failure(generation.stage, message)
        generation.verdict = reason
        self._dispatcher.detach(reason)

    async def _pause(self, generation: _Generation, seconds: float) -> None:
        pid, reason = generation.worker.pid, generation.verdict
        logs.server.error("worker %d ended: %s; the next one starts in %g s", pid, reason, seconds)
        self._control.emit("worker_exited", worker=pid, reason=reason, restart_in=seconds)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._ending.wait(), seconds)


class Pause:
    """How long to wait before the next start: not at all, then 0.5 s, then twice as long each time up to 30 s."""

    def __init__(self) -> None:
        self._seconds = 0.0

    def next(self) -> float:
        """Return the pause in seconds and lengthen the one after it."""
        seconds = self._seconds
        self._seconds = min(max(0.5, seconds * 2), LONGEST_PAUSE)
        return seconds
