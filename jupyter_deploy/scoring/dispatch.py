"""The queue in front of the worker: hands over at most as many requests as there are slots, and none ahead of time.

A request that was handed over has begun. When its worker ends it gets 502 and is not repeated; one that still waits
stays in the queue and obeys the same limit whether the worker is busy or being restarted.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from . import frames, outputs
from .outputs import Answer
from .request import Request


@dataclass(eq=False)
class Call:
    """A request on its way through the queue; ``answer`` is what it comes to."""

    id: int
    request: Request
    answer: asyncio.Future[Answer]
    expiry: asyncio.TimerHandle | None = field(default=None)

    @property
    def waits(self) -> bool:
        """Whether it has not been handed over."""
        return self.expiry is not None


class Dispatcher:
    """Queue and slots of one service.

    Parameters
    ----------
    slots : how many requests may be in the worker at once.
    queue_wait_ms : how long one may wait for a slot, in milliseconds.
    """

    def __init__(self, slots: int, queue_wait_ms: int) -> None:
        self._slots = slots
        self._queue_wait_ms = queue_wait_ms
        self._ids = itertools.count(1)
        self._waiting: deque[Call] = deque()
        self._running: dict[int, Call] = {}
        self._worker: asyncio.WriteTransport | None = None

    def submit(self, request: Request) -> Call:
        """Hand a request over, or let it wait for a slot."""
        loop = asyncio.get_running_loop()
        call = Call(next(self._ids), request, loop.create_future())
        if self._worker is not None and len(self._running) < self._slots and not self._waiting:
            self._hand_over(self._worker, call)
        else:
            call.expiry = loop.call_later(self._queue_wait_ms / 1000, self._expire, call)
            self._waiting.append(call)
        return call

    def withdraw(self, call: Call) -> None:
        """Give up a request whose client has gone; one that has begun runs to its end."""
        if call.waits:
            self._leave_queue(call)
        call.answer.cancel()

    def attach(self, worker: asyncio.WriteTransport) -> None:
        """Begin to hand over requests to a worker that is ready."""
        self._worker = worker
        self._fill_slots()

    def detach(self, reason: str) -> None:
        """Answer what the worker had begun; it has ended for the given reason."""
        self._worker = None
        text = f"the process that was running this request ended ({reason}); the request was not repeated"
        for call in self._running.values():
            _settle(call, outputs.message(502, text, run_failed=True))
        self._running.clear()

    def answered(self, record: dict[str, Any], body: bytes) -> None:
        """Take the worker's answer to a request and hand over the next one."""
        call = self._running.pop(record["id"])
        headers = tuple((name, value) for name, value in record["headers"])
        _settle(call, Answer(record["status"], body, headers, record["run_failed"], record["run_ms"]))
        self._fill_slots()

    def _fill_slots(self) -> None:
        while self._worker is not None and self._waiting and len(self._running) < self._slots:
            call = self._waiting.popleft()
            if call.expiry is not None:
                call.expiry.cancel()
                call.expiry = None
            self._hand_over(self._worker, call)

    def _hand_over(self, worker: asyncio.WriteTransport, call: Call) -> None:
        self._running[call.id] = call
        request = call.request
        record = {
            "id": call.id,
            "request_id": request.id,
            "method": request.method,
            "path": request.path,
            "query": request.query,
            "headers": request.headers,
        }
        worker.writelines(frames.pack(record, request.body))

    def _expire(self, call: Call) -> None:
        self._leave_queue(call)
        text = (
            f"no slot became free within {self._queue_wait_ms} ms (max_request_wait_time, maxQueueWaitMs); the service runs "
            f"{self._slots} at a time (replica_max_concurrent_requests)"
        )
        wait = str(max(1, -(-self._queue_wait_ms // 1000)))
        _settle(call, outputs.message(503, text, headers=(("retry-after", wait),)))

    def _leave_queue(self, call: Call) -> None:
        if call.expiry is not None:
            call.expiry.cancel()
            call.expiry = None
        self._waiting.remove(call)


def _settle(call: Call, answer: Answer) -> None:
    if not call.answer.done():  # its client may have gone
        call.answer.set_result(answer)
