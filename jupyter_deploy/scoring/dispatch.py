"""The queue in front of the workers, and which of them gets which request.

A worker has some slots. While its calls are short it is handed one request more than it has slots, so that it need not wait for the next
one; that one has not begun, and is still the queue's: it obeys the same limit, and goes to another worker when its own ends. A request
that has begun is never run twice: when its worker ends it gets 502.

Where calls are batched, a worker is handed as many requests ahead as one batch may hold, and says itself which of them begin together.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from . import outputs
from .alarm import Alarm
from .channel import Call, Channel, Link, Reply
from .metrics import Metrics
from .outputs import Answer
from .request import Request

MOST_WAITING = 1000
MOST_AHEAD = 256
MOST_AHEAD_BYTES = 16 * 1024 * 1024
_SHORT = 0.02
"""Seconds: a worker whose calls take longer is not handed a request ahead, as nothing would be gained."""


@dataclass(frozen=True)
class Load:
    """How busy a service is: requests that wait for a slot, calls in progress, and how many there may be."""

    waiting: int
    running: int
    slots: int


class Dispatcher:
    """Queue, workers and slots of one service.

    Parameters
    ----------
    slots : calls that each worker may have in progress.
    queue_wait_ms : how long a request may wait before it begins, in milliseconds.
    timeout_ms : how long a call may take from its begin, in milliseconds; then its worker is killed.
    batch_rows : rows that one batch may hold; 0 where calls are not batched.
    """

    def __init__(
        self, slots: int, queue_wait_ms: int, timeout_ms: int, batch_rows: int = 0, metrics: Metrics | None = None
    ) -> None:
        self._metrics = metrics or Metrics()
        self._slots = slots
        self._batches = batch_rows > 0
        self._most_ahead = min(batch_rows, MOST_AHEAD) or 1
        self._queue_wait_ms = queue_wait_ms
        self._timeout_ms = timeout_ms
        self._numbers = itertools.count(1)
        self._waiting: deque[Call] = deque()
        self._channels: list[Channel] = []
        self._expiry = Alarm(queue_wait_ms / 1000, self._expire)
        self._timeout = Alarm(timeout_ms / 1000, self._time_out)

    @property
    def has_workers(self) -> bool:
        """Whether some worker is ready."""
        return any(channel.is_open for channel in self._channels)

    @property
    def load(self) -> Load:
        """How busy the workers are now."""
        ahead = sum(call.reply is not None for channel in self._channels for call in channel.ahead.values())
        running = sum(len(channel.begun) for channel in self._channels)
        return Load(len(self._waiting) + ahead, running, self._slots * len(self._channels))

    def submit(self, request: Request, reply: Reply) -> Call:
        """Hand a request over, or let it wait; a full queue refuses it."""
        call = Call(next(self._numbers), request, reply)
        channel = None if self._waiting else self._free_channel()
        if channel is not None:
            self._hand_over(channel, call)
        elif len(self._waiting) >= MOST_WAITING:
            self._metrics.refused["queue_full"] += 1
            call.reply = None
            reply.answer(self._busy(f"{len(self._waiting)} requests are waiting already"))
        else:
            self._waiting.append(call)
            self._expiry.set()
        return call

    def withdraw(self, call: Call) -> None:
        """Give up a request whose client has gone; one that has begun runs to its end, a stream is ended."""
        call.reply = None
        channel = call.channel
        if channel is None:
            self._leave_queue(call)
        elif call.streams or call.id in channel.ahead:
            channel.take_back(call)

    def attach(self, link: Link, kill: Callable[[str], None]) -> Channel:
        """Begin to hand requests to a worker that is ready.

        Parameters
        ----------
        link : the connection to it. kill : ends it, for the reason given.
        """
        channel = Channel(link, kill)
        self._channels.append(channel)
        self._fill()
        return channel

    def detach(self, channel: Channel, reason: str) -> None:
        """Answer what a worker had begun, and hand to others what it had not; it has ended for the given reason."""
        if channel not in self._channels:
            return
        self._channels.remove(channel)
        channel.is_open = False
        returning = [call for call in channel.ahead.values() if call.reply is not None]
        if returning:
            for call in returning:
                call.channel = None
            self._waiting = deque(sorted((*returning, *self._waiting), key=lambda call: call.id))
            self._expiry.set()
        text = f"the process that was running this request ended ({reason}); the request was not repeated"
        for call in list(channel.begun.values()):
            if call.reply is None:
                continue
            if call.streams:
                call.reply.end(whole=False)
            else:
                call.reply.answer(outputs.message(502, text, run_failed=True))
        self._fill()

    def take(self, channel: Channel, record: dict[str, Any], body: bytes) -> None:
        """Take a worker's message: that calls began or were dropped, an answer, or the begin, a part or the end of a stream."""
        kind = record["type"]
        if kind == "began":
            self._begin_all(channel, record["ids"])
            return
        if kind == "withdrawn":
            self._drop(channel, record["id"])
            return
        call = channel.begun[record["id"]]
        if kind == "answer":
            self._conclude(channel, call)
            self._metrics.run_failures += record["run_failed"]
            if "batch" in record:  # which was not told when it began
                self._metrics.batch_sizes.observe(record["batch"])
            if call.reply is not None:
                call.reply.answer(_answer(record, body))
            self._fill()
        else:
            self._stream(channel, call, record, body)

    def _stream(self, channel: Channel, call: Call, record: dict[str, Any], body: bytes) -> None:
        kind = record["type"]
        call.since = time.monotonic()  # each part has the whole timeout
        if kind == "end":
            self._conclude(channel, call)
            self._metrics.run_failures += not record["whole"]
            if call.reply is not None:
                call.reply.end(whole=record["whole"])
            self._fill()
        elif kind == "begin":
            call.streams = True
            if call.reply is None:  # its client went before
                channel.take_back(call)
            else:
                call.reply.begin(_answer(record, b""))
        elif call.reply is not None:
            call.unread += 1
            call.reply.part(body, partial(self._ask_for_more, channel, call))

    def _ask_for_more(self, channel: Channel, call: Call) -> None:
        call.unread -= 1
        call.since = time.monotonic()
        self._timeout.set()
        channel.send({"type": "more", "id": call.id})

    def _conclude(self, channel: Channel, call: Call) -> None:
        """A slot is free: what was handed over ahead begins in it, unless the worker says itself what begins."""
        now = time.monotonic()
        del channel.begun[call.id]
        channel.learn(now - call.since)
        self._begin_next(channel, now)

    def _begin_next(self, channel: Channel, now: float) -> None:
        if channel.ahead and not self._batches:
            self._begin(channel, next(iter(channel.ahead)), now)

    def _drop(self, channel: Channel, number: int) -> None:
        """A worker has dropped a call that was taken back: it did not begin, though it may have seemed so."""
        if channel.leave_ahead(number) is None and channel.begun.pop(number, None) is not None:
            self._begin_next(channel, time.monotonic())
        self._fill()

    def _begin_all(self, channel: Channel, numbers: list[int]) -> None:
        now = time.monotonic()
        self._metrics.batch_sizes.observe(len(numbers))
        for number in numbers:
            if number in channel.ahead:
                self._begin(channel, number, now)
            elif number in channel.begun:  # once more, without the others of its batch
                channel.begun[number].since = now
        self._fill()

    def _begin(self, channel: Channel, number: int, now: float) -> None:
        call = channel.leave_ahead(number)
        assert call is not None
        self._metrics.queue_waits.observe(now - call.since)
        call.since = now
        channel.begun[number] = call
        self._timeout.set()

    def _free_channel(self) -> Channel | None:
        """The worker with the most free slots, else one that may be handed a request ahead."""
        open_ones = [channel for channel in self._channels if channel.is_open]
        best = min(open_ones, key=lambda channel: channel.load) if len(open_ones) > 1 else next(iter(open_ones), None)
        if best is None or best.load < self._slots:
            return best
        if len(best.ahead) >= self._most_ahead or best.ahead_bytes > MOST_AHEAD_BYTES:
            return None
        is_short = best.usual_seconds is not None and best.usual_seconds < _SHORT
        return best if self._batches or is_short else None

    def _fill(self) -> None:
        while self._waiting and (channel := self._free_channel()) is not None:
            self._hand_over(channel, self._waiting.popleft())

    def _hand_over(self, channel: Channel, call: Call) -> None:
        begins = channel.load < self._slots
        channel.hand_over(call, begins=begins)
        if begins:
            self._begin(channel, call.id, time.monotonic())
        else:
            self._expiry.set()

    def _expire(self, before: float) -> float | None:
        """Answer with 503 what has waited since before a moment."""
        refused = self._busy(
            f"no slot became free within {self._queue_wait_ms} ms (max_request_wait_time, maxQueueWaitMs)"
        )
        for channel in self._channels:
            for call in [call for call in channel.ahead.values() if call.since <= before]:
                reply = call.reply
                if reply is not None:
                    self._metrics.refused["queue_wait"] += 1
                    channel.take_back(call)
                    reply.answer(refused)
        while self._waiting and self._waiting[0].since <= before:
            reply = self._waiting.popleft().reply
            if reply is not None:
                self._metrics.refused["queue_wait"] += 1
                reply.answer(refused)
        left = [call.since for channel in self._channels for call in channel.ahead.values() if call.reply is not None]
        return min([*left, *(call.since for call in itertools.islice(self._waiting, 1))], default=None)

    def _time_out(self, before: float) -> float | None:
        """Answer with 504 what has run since before a moment, and kill the worker it runs in.

        What else the worker has is dealt with when it has ended: what it still says tells what had begun.
        """
        for channel in self._channels:
            late = [call for call in _running(channel) if call.since <= before]
            if late:
                channel.is_open = False
                channel.kill(f"run() took longer than {self._timeout_ms} ms (scoring_timeout_ms, scoringTimeoutMs)")
            self._metrics.timeouts += len(late)
            for call in late:
                self._refuse_late(call)
        return min((call.since for channel in self._channels for call in _running(channel)), default=None)

    def _refuse_late(self, call: Call) -> None:
        text = f"run() did not end within {self._timeout_ms} ms (scoring_timeout_ms, scoringTimeoutMs) and was stopped"
        reply, call.reply = call.reply, None
        if reply is None:
            return
        if call.streams:
            reply.end(whole=False)
        else:
            reply.answer(outputs.message(504, text, run_failed=True))

    def _busy(self, why: str) -> Answer:
        slots = self._slots * max(1, len(self._channels))
        text = f"{why}; the service runs {slots} at a time (replica_max_concurrent_requests, maxConcurrentRequestsPerContainer)"
        seconds = max(1, -(-self._queue_wait_ms // 1000))
        return outputs.message(503, text, headers=(("retry-after", str(seconds)),))

    def _leave_queue(self, call: Call) -> None:
        with contextlib.suppress(ValueError):  # it was refused
            self._waiting.remove(call)


def _running(channel: Channel) -> list[Call]:
    """The calls whose time passes."""
    return [call for call in channel.begun.values() if not call.waits_for_client] if channel.is_open else []


def _answer(record: dict[str, Any], body: bytes) -> Answer:
    headers = tuple((name, value) for name, value in record["headers"])
    return Answer(record["status"], body, headers, record["run_failed"], record["run_ms"])
