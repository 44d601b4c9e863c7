"""Keeps the workers running: reports their starts, restarts each with a growing pause, ends them when the service ends.

The service is ready when every worker has been. One that fails before that is the service's failure; afterwards it is tried again for ever.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import orjson

from . import frames, logs, tracebacks
from .channel import Channel
from .control import Control
from .dispatch import Dispatcher
from .worker_process import Worker, exit_reason

STABLE_AFTER = 60.0  # seconds of being ready after which earlier failures are forgotten, without a call too
LONGEST_PAUSE = 30.0
_STACKS_WITHIN = 3.0  # seconds in which a worker has to say where it is
_ASIDE = ("log", "collect")


@dataclass
class Readiness:
    """What the routes need to know of the workers: set here, read by the application."""

    ready: bool = False
    raw: bool = False
    swagger: dict[str, Any] = field(default_factory=dict)
    tensors: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Failure:
    """Why a worker could not start: where, in one line, and the script's own traceback."""

    stage: str
    message: str
    traceback: str = ""


class _Generation(asyncio.Protocol):
    """One worker from its start to its end, and the front's end of the socket to it."""

    def __init__(
        self,
        worker: Worker,
        take: Callable[[_Generation, dict[str, Any], bytes], None],
        *,
        name: str,
        is_first: bool,
    ) -> None:
        self.worker = worker
        self.name = name
        self.is_first = is_first  # no worker in its place has been ready before
        self.announced = 0  # the process id that the owner was told
        self.stage = "import"
        self.ready_at: float | None = None
        self.load_seconds: float | None = None
        self.failure: Failure | None = None
        self.verdict: str | None = None  # why we ended it ourselves
        self.channel: Channel | None = None
        self.transport: asyncio.WriteTransport
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._take = take
        self._unpacker = frames.Unpacker()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        for record, body in self._unpacker.feed(data):
            try:
                self._take(self, record, body)
            except Exception:  # a mistake of ours; what else it says is not to be lost with this
                logs.server.exception("a message of worker %d was not dealt with", self.worker.pid)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the end is what counts, not how
        self.shut()
        if not self.closed.done():
            self.closed.set_result(None)

    @property
    def was_useful(self) -> bool:
        """Whether it did what it is for: answered a call, or was ready for a good while."""
        if self.ready_at is None or self.channel is None:
            return False
        return self.channel.has_answered or time.monotonic() - self.ready_at >= STABLE_AFTER

    def shut(self) -> None:
        """Have nothing more sent to the worker."""
        if self.channel is not None:
            self.channel.is_open = False

    def kill(self, reason: str) -> None:
        """End the worker; the reason is what is reported of its end."""
        self.verdict = reason
        self.worker.kill()


class Supervisor:
    """Runs a service's workers, each of them again when it has ended.

    Parameters
    ----------
    spawn : starts a worker.
    dispatcher : gets each worker that is ready.
    readiness : is told when one is ready and when none is.
    control : is told of every start and end.
    start_timeout : seconds that importing the script and ``init()`` may take together.

    Attributes
    ----------
    restarts : workers that were started in place of one that had ended.
    tell : is given what workers say beside their answers: log records to be sent on, data to be kept.
    """

    def __init__(
        self,
        spawn: Callable[[], Worker],
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
        self._living: list[_Generation] = []
        self.restarts = 0
        self.tell: Callable[[dict[str, Any], bytes], object] = lambda *_: None
        self._missing = 0  # workers that have not been ready for the first time
        self._failure: Failure | None = None

    async def run(self, first: Sequence[Worker]) -> Failure | None:
        """Keep workers running until ``end``; returns a failure when one of the first could not start."""
        self._missing = len(first)
        await asyncio.gather(*(self._keep(worker, f"worker-{place}") for place, worker in enumerate(first)))
        return self._failure

    @property
    def pids(self) -> dict[str, int]:
        """The workers' process ids, each by the name of its place, and that of the template that they were forked from."""
        templates = (generation.worker.template for generation in self._living)
        template = next((pid for pid in templates if pid is not None), None)
        workers = {generation.name: generation.worker.pid for generation in self._living}
        return workers if template is None else {"template": template, **workers}

    @property
    def load_seconds(self) -> dict[str, float]:
        """How long imports and ``init()`` took in each worker that is ready."""
        return {each.name: each.load_seconds for each in self._living if each.load_seconds is not None}

    def end_workers(self, reason: str) -> None:
        """Kill the workers that run; the reason is what is reported of their end."""
        for generation in self._living:
            generation.kill(reason)

    def end(self, patience: float = 1.0) -> None:
        """End the workers for good: asked to first, killed after ``patience`` seconds."""
        self._ending.set()
        for generation in self._living:
            generation.worker.terminate()
            asyncio.get_running_loop().call_later(patience, generation.worker.kill)

    def kill(self) -> None:
        """Kill the workers at once, with nothing reported."""
        for generation in self._living:
            generation.worker.kill()

    async def _keep(self, worker: Worker, name: str) -> None:
        """Keep one worker running."""
        served, pause = False, Pause()
        while True:
            generation = await self._live(worker, name, first=not served)
            served = served or generation.ready_at is not None
            if self._ending.is_set():
                return
            if not served:
                self._fail(generation)
                self.end(patience=0)
                return
            if generation.was_useful:
                pause = Pause()
            await self._pause(generation, pause.next())
            next_one = await self._start(pause)
            if next_one is None:
                return
            self.restarts += 1
            worker = next_one

    async def _start(self, pause: Pause) -> Worker | None:
        """Start a worker, again and again where the system has no descriptors, processes or memory for it; None when the service ends."""
        while not self._ending.is_set():
            try:
                return self._spawn()
            except OSError as error:
                seconds = max(pause.next(), 0.5)
                logs.server.error("no worker can be started: %s; the next try is in %g s", error, seconds)
                await self._sleep(seconds)
        return None

    async def _live(self, worker: Worker, name: str, *, first: bool) -> _Generation:
        loop = asyncio.get_running_loop()
        generation = _Generation(worker, self._take, name=name, is_first=first)
        self._living.append(generation)
        ended: asyncio.Future[int] = loop.create_future()
        worker.when_ended(lambda code: loop.call_soon_threadsafe(ended.set_result, code))
        generation.announced = worker.pid
        self._control.emit("starting", worker=worker.pid)
        if self._ending.is_set():  # told so before there was anything to end
            worker.kill()
        transport, _ = await loop.create_unix_connection(lambda: generation, sock=worker.link)
        watch = loop.create_task(self._watch_start(generation))
        either: set[asyncio.Future[Any]] = {ended, generation.closed}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        done, _ = await asyncio.wait({ended}, timeout=1)
        if not done:  # without its link it cannot be of use
            generation.kill("it closed its connection to the front")
        code = await ended
        generation.shut()
        # Its last words may still be in the socket; a grandchild that left the group may hold the other end open.
        await asyncio.wait({generation.closed}, timeout=0.5)
        watch.cancel()
        transport.close()
        worker.close()
        self._living.remove(generation)
        self._conclude(generation, code)
        return generation

    def _take(self, generation: _Generation, record: dict[str, Any], body: bytes) -> None:
        if record["type"] in _ASIDE:
            self.tell(record, body)
        elif generation.channel is not None:
            self._dispatcher.take(generation.channel, record, body)
        elif record["type"] == "ready":
            self._begin_service(generation, record, body)
        elif record["type"] == "stage":
            generation.stage = record["stage"]
        else:
            generation.failure = Failure(record["stage"], record["message"], record["traceback"])
            self._fail(generation)
            generation.worker.kill()  # all is said, and threads that the script began may keep it alive

    def _fail(self, generation: _Generation) -> None:
        """Take a first worker's failure for the service's, unless another came before: with a template one's end is the end of all."""
        if generation.is_first and not self._ending.is_set():
            self._failure = self._failure or generation.failure

    def _begin_service(self, generation: _Generation, record: dict[str, Any], body: bytes) -> None:
        generation.ready_at, generation.load_seconds = time.monotonic(), record["seconds"]
        if generation.worker.pid != generation.announced:  # it was forked from the process that was announced
            self._control.emit("starting", worker=generation.worker.pid)
        self._readiness.raw, self._readiness.swagger = record["raw"], orjson.loads(body)
        self._readiness.tensors = record["tensors"]
        if generation.is_first:
            self._missing -= 1
        if not self._missing:
            self._readiness.ready = True
            self._control.emit("ready", worker=generation.worker.pid, seconds=record["seconds"])
        generation.channel = self._dispatcher.attach(generation.transport, generation.kill)

    async def _watch_start(self, generation: _Generation) -> None:
        await asyncio.sleep(self._start_timeout)
        if generation.ready_at is not None:
            return
        stacks = tracebacks.of_stacks(await _stacks_of(generation.worker))
        if generation.ready_at is not None or generation.failure is not None:  # just now
            return
        logs.server.error("worker %d is where it was when its time was up:\n%s", generation.worker.pid, stacks)
        what = "init()" if generation.stage == "init" else "importing the script"
        message = f"{what} did not finish within {self._start_timeout:g} s"
        generation.failure = Failure(generation.stage, message, stacks)
        generation.kill(message)

    def _conclude(self, generation: _Generation, code: int) -> None:
        reason = generation.verdict or (generation.failure and generation.failure.message) or exit_reason(code)
        if generation.ready_at is None and generation.failure is None:
            what = "init() ran" if generation.stage == "init" else "the script was imported"
            message = generation.verdict or f"the process ended while {what}: {reason}"
            generation.failure = Failure(generation.stage, message)
        generation.verdict = reason
        if generation.channel is not None:
            self._dispatcher.detach(generation.channel, reason)
        self._readiness.ready = self._dispatcher.has_workers

    async def _pause(self, generation: _Generation, seconds: float) -> None:
        pid, reason = generation.worker.pid, generation.verdict
        logs.server.error("worker %d ended: %s; the next one starts in %g s", pid, reason, seconds)
        left = sum(other.ready_at is not None for other in self._living)
        also = generation.worker.ended_with_it
        self._control.emit("worker_exited", worker=pid, also=also, reason=reason, restart_in=seconds, left=left)
        await self._sleep(seconds)

    async def _sleep(self, seconds: float) -> None:
        """Wait, but not beyond the service's end."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._ending.wait(), seconds)


async def _stacks_of(worker: Worker) -> str:
    """Where a worker's threads are; a signal handler writes it, which tells nobody when it is done, and waits for a processor first."""
    before = written = worker.stacks()
    deadline = time.monotonic() + _STACKS_WITHIN
    worker.ask_for_stacks()
    while time.monotonic() < deadline:
        await asyncio.sleep(0.1)
        seen, written = written, worker.stacks()
        if written == seen != before:
            break
    return written


class Pause:
    """How long to wait before the next start: not at all, then 0.5 s, then twice as long each time up to 30 s."""

    def __init__(self) -> None:
        self._seconds = 0.0

    def next(self) -> float:
        """Return the pause in seconds and lengthen the one after it."""
        seconds = self._seconds
        self._seconds = min(max(0.5, seconds * 2), LONGEST_PAUSE)
        return seconds
