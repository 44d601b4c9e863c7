"""A process beside the front that takes what is to be sent or kept, so that no request ever waits for it.

The front writes to it without waiting. What it does not take in time, or cannot deliver, is dropped and counted.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any, cast

from . import frames, logs
from .supervision import STABLE_AFTER, Pause
from .worker_process import WorkerProcess, exit_reason

_START_SECONDS = 60.0
_GATHER_SECONDS = 0.05
_GATHER_BYTES = 256 * 1024


class Aside(asyncio.Protocol):
    """The front's end of one such process.

    Parameters
    ----------
    name : of what it does, for the log and the counts. spawn : starts it. most_unsent : bytes that may wait for it.

    Attributes
    ----------
    dropped : how much was not delivered. pid : of the process; None while there is none.
    """

    def __init__(self, name: str, spawn: Callable[[], WorkerProcess], most_unsent: int) -> None:
        self.name = name
        self.dropped = 0
        self.pid: int | None = None
        self._spawn = spawn
        self._most_unsent = most_unsent
        self._process: WorkerProcess | None = None
        self._transport: asyncio.WriteTransport | None = None
        self._started: asyncio.Future[str]
        self._ended = asyncio.Event()
        self._ending = False
        self._pause = Pause()
        self._held: list[bytes | bytearray] = []
        self._held_records = self._held_bytes = 0

    async def begin(self) -> str:
        """Start the process; returns why it cannot do its work, empty when it can."""
        loop = asyncio.get_running_loop()
        self._unpacker = frames.Unpacker()
        self._started = loop.create_future()
        self._began = time.monotonic()
        process = self._process = self._spawn()
        process.when_ended(lambda code: loop.call_soon_threadsafe(self._on_end, code))
        await loop.create_unix_connection(lambda: self, sock=process.link)
        try:
            problem = await asyncio.wait_for(self._started, _START_SECONDS)
        except asyncio.TimeoutError:
            problem = f"it did not start within {_START_SECONDS:g} s"
        self.pid = None if problem else process.pid
        if problem:
            self._ending = True
            process.kill()
        return problem

    def offer(self, record: dict[str, Any], *bodies: bytes) -> None:
        """Hand something over, or drop it where too much is waiting already."""
        transport = self._transport
        if transport is None or self._held_bytes + transport.get_write_buffer_size() > self._most_unsent:
            self.dropped += 1
            return
        if not self._held:
            asyncio.get_running_loop().call_later(_GATHER_SECONDS, self._hand_over)
        pieces = frames.pack(record, *bodies)
        self._held += pieces
        self._held_records += 1
        self._held_bytes += sum(map(len, pieces))
        if self._held_bytes > _GATHER_BYTES:
            self._hand_over()

    def _hand_over(self) -> None:
        """Write what was gathered: a write for each request would cost it more than all the rest, and wake the process each time."""
        held, self._held, self._held_bytes = self._held, [], 0
        records, self._held_records = self._held_records, 0
        if self._transport is None:
            self.dropped += records
        elif held:
            self._transport.writelines(held)

    async def end(self, patience: float) -> None:
        """Let it deliver what it has, for so many seconds, and end it."""
        self._ending = True
        self._hand_over()
        if self._transport is not None:
            self._transport.write_eof()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._ended.wait(), patience)
        self.kill()

    def kill(self) -> None:
        """End it at once."""
        self._ending = True
        if self._process is not None:
            self._process.kill()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        """Take what the process tells: that it is ready, that it cannot be, or how much it dropped."""
        for record, _ in self._unpacker.feed(data):
            if record["type"] == "dropped":
                self.dropped += record["count"]
            elif not self._started.done():
                self._started.set_result(record.get("message", ""))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the end is what counts, not how
        """Hand nothing over any more."""
        self._transport = None

    def _on_end(self, code: int) -> None:
        self.pid = None
        assert self._process is not None
        self._process.close()
        self._ended.set()
        if not self._started.done():
            self._started.set_result(f"its process ended with {exit_reason(code)}")
        if not self._ending:
            if time.monotonic() - self._began >= STABLE_AFTER:
                self._pause = Pause()
            seconds = self._pause.next()
            logs.server.error(
                "the process for %s ended: %s; the next one starts in %g s", self.name, exit_reason(code), seconds
            )
            loop = asyncio.get_running_loop()
            loop.call_later(seconds, lambda: loop.create_task(self._again()))

    async def _again(self) -> None:
        if not self._ending:
            self._ended.clear()
            problem = await self.begin()
            if problem:
                logs.server.error("%s is off: %s", self.name, problem)
