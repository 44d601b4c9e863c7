"""The queue in front of the workers, and which of them gets which request.

A worker has some slots. While its calls are short it is handed one request more than it has slots, so that it need not wait for the next
one; that one has not begun, and is still the queue's: it obeys the same limit, and goes to another worker when its own ends. A request
that has begun is never run twice: when its worker ends it gets 502.

Where calls are batched, a worker is handed as many requests ahead as one batch may hold, and says itself which of them begin together.
"""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from . import frames, outputs
from .alarm import Alarm
from .outputs import Answer
from .request import Request

MOST_WAITING = 1000
MOST_AHEAD = 256
MOST_WAITING_BYTES = 512 * 1024 * 1024
_SHORT = 0.02
"""Seconds: a worker whose calls take longer is not handed a request ahead, as nothing would be gained."""


class Reply(Protocol):
    """Where an answer goes: whole, or as a stream of parts between ``begin`` and ``end``."""

    def answer(self, answer: Answer) -> None:
        """Send a whole answer."""
        ...

    def begin(self, answer: Answer) -> None:
        """Send the head of an answer whose body follows in parts."""
        ...

    def part(self, data: bytes, written: Callable[[], None]) -> None:
        """Send a part of the body; ``written`` is called once the client takes more."""
        ...

    def end(self, *, whole: bool) -> None:
        """End the body; where it is not whole the client has to see that."""
        ...


class Call:
    """A request on its way through the queue, to a worker and back."""

    __slots__ = ("channel", "id", "reply", "request", "since", "streams")

    def __init__(self, number: int, request: Request, reply: Reply) -> None:
        self.id = number
        self.request = request
        self.reply: Reply | None = reply  # None when nobody waits for the answer any more
        self.since = time.monotonic()  # of its place in the queue; later of its begin in the worker
        self.channel: Channel | None = None
        self.streams = False


class Link(Protocol):
    """What is needed of the connection to a worker."""

    def writelines(self, pieces: list[bytes]) -> None:
        """Send bytes."""
        ...


class Channel:
    """A worker that is ready, and what it was handed: ``begun`` in its slots, ``ahead`` not yet."""

    def __init__(self, link: Link, kill: Callable[[str], None]) -> None:
        self.link = link
        self.kill = kill
        self.begun: dict[int, Call] = {}
        self.ahead: dict[int, Call] = {}
        self.usual_seconds = 0.0


class Dispatcher:
    """Queue, workers and slots of one service.

    Parameters
    ----------
    slots : calls that each worker may have in progress.
    queue_wait_ms : how long a request may wait before it begins, in milliseconds.
    timeout_ms : how long a call may take from its begin, in milliseconds; then its worker is killed.
    batch_rows : rows that one batch may hold; 0 where calls are not batched.
    """

    def __init__(self, slots: int, queue_wait_ms: int, timeout_ms: int, batch_rows: int = 0) -> None:
        self._slots = slots
        self._batches = batch_rows > 0
        self._most_ahead = min(batch_rows, MOST_AHEAD) or 1
        self._queue_wait_ms = queue_wait_ms
        self._timeout_ms = timeout_ms
        self._numbers = itertools.count(1)
        self._waiting: deque[Call] = deque()
        self._waiting_bytes = 0
        self._channels: list[Channel] = []
        self._expiry = Alarm(queue_wait_ms / 1000, self._expire)
        self._timeout = Alarm(timeout_ms / 1000, self._time_out)

    @property
    def has_workers(self) -> bool:
        """Whether some worker is ready."""
        return bool(self._channels)

    def submit(self, request: Request, reply: Reply) -> Call:
        """Hand a request over, or let it wait; a full queue refuses it."""
        call = Call(next(self._numbers), request, reply)
        channel = None if self._waiting else self._free_channel()
        if channel is not None:
            self._hand_over(channel, call)
        elif len(self._waiting) >= MOST_WAITING or self._waiting_bytes + len(request.body) > MOST_WAITING_BYTES:
            reply.answer(self._busy(f"{len(self._waiting)} requests are waiting already"))
        else:
            self._waiting.append(call)
            self._waiting_bytes += len(request.body)
            self._expiry.set()
        return call

    def withdraw(self, call: Call) -> None:
        """Give up a request whose client has gone; one that has begun runs to its end, a stream is ended."""
        call.reply = None
        channel = call.channel
        if channel is None:
            self._leave_queue(call)
        elif call.streams or call.id in channel.ahead:
            _take_back(channel, call)

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
        text = f"the process that was running this request ended ({reason}); the request was not repeated"
        for call in channel.begun.values():
            if call.reply is None:
                continue
            if call.streams:
                call.reply.end(whole=False)
            else:
                call.reply.answer(outputs.message(502, text, run_failed=True))
        for call in reversed(channel.ahead.values()):
            call.channel = None
            self._waiting.appendleft(call)
            self._waiting_bytes += len(call.request.body)
            self._expiry.set()
        self._fill()

    def take(self, channel: Channel, record: dict[str, Any], body: bytes) -> None:
        """Take a worker's message: that calls began, a call's answer, or the begin, a part or the end of a stream."""
        if record["type"] == "began":
            self._begin_all(channel, record["ids"])
            return
        call = channel.begun.get(record["id"])
        if call is None:  # answered already: it took too long, and its worker is being killed
            return
        if record["type"] == "answer":
            self._conclude(channel, call)
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
            if call.reply is not None:
                call.reply.end(whole=record["whole"])
            self._fill()
        elif call.reply is None:
            return
        elif kind == "begin":
            call.streams = True
            call.reply.begin(_answer(record, b""))
        else:
            call.reply.part(body, lambda: channel.link.writelines(frames.pack({"type": "more", "id": call.id})))

    def _conclude(self, channel: Channel, call: Call) -> None:
        """A slot is free: what was handed over ahead begins in it, unless the worker says itself what begins."""
        now = time.monotonic()
        del channel.begun[call.id]
        channel.usual_seconds += ((now - call.since) - channel.usual_seconds) * 0.2
        if channel.ahead and not self._batches:
            self._begin(channel, channel.ahead.pop(next(iter(channel.ahead))), now)

    def _begin_all(self, channel: Channel, numbers: list[int]) -> None:
        now = time.monotonic()
        for number in numbers:
            call = channel.ahead.pop(number, None)
            if call is not None:
                self._begin(channel, call, now)
        self._fill()

    def _begin(self, channel: Channel, call: Call, now: float) -> None:
        call.since = now
        channel.begun[call.id] = call
        self._timeout.set()

    def _free_channel(self) -> Channel | None:
        """The worker with the most free slots, else one that may be handed a request ahead."""
        best = min(self._channels, key=lambda channel: len(channel.begun) + len(channel.ahead), default=None)
        if best is None or len(best.begun) + len(best.ahead) < self._slots:
            return best
        if self._batches:
            return best if len(best.ahead) < self._most_ahead else None
        return best if not best.ahead and best.usual_seconds < _SHORT else None

    def _fill(self) -> None:
        while self._waiting and (channel := self._free_channel()) is not None:
            call = self._waiting.popleft()
            self._waiting_bytes -= len(call.request.body)
            self._hand_over(channel, call)

    def _hand_over(self, channel: Channel, call: Call) -> None:
        call.channel = channel
        if len(channel.begun) < self._slots and not self._batches:
            self._begin(channel, call, time.monotonic())
        else:
            channel.ahead[call.id] = call
            self._expiry.set()
        request = call.request
        record = {
            "type": "call",
            "id": call.id,
            "request_id": request.id,
            "method": request.method,
            "path": request.path,
            "query": request.query,
            "headers": request.headers,
        }
        channel.link.writelines(frames.pack(record, request.body))

    def _expire(self, before: float) -> float | None:
        """Answer with 503 what has waited since before a moment."""
        refused = self._busy(
            f"no slot became free within {self._queue_wait_ms} ms (max_request_wait_time, maxQueueWaitMs)"
        )
        for channel in self._channels:
            for call in [call for call in channel.ahead.values() if call.since <= before]:
                _take_back(channel, call)
                _refuse(call, refused)
        while self._waiting and self._waiting[0].since <= before:
            call = self._waiting.popleft()
            self._waiting_bytes -= len(call.request.body)
            _refuse(call, refused)
        left = [call.since for channel in self._channels for call in channel.ahead.values()]
        return min([*left, *(call.since for call in itertools.islice(self._waiting, 1))], default=None)

    def _time_out(self, before: float) -> float | None:
        """Answer with 504 what has run since before a moment, and kill the worker it runs in."""
        for channel in list(self._channels):
            late = [call for call in channel.begun.values() if call.since <= before]
            for call in late:
                del channel.begun[call.id]
                self._refuse_late(call)
            if late:
                reason = f"run() took longer than {self._timeout_ms} ms (scoring_timeout_ms, scoringTimeoutMs)"
                channel.kill(reason)
                self.detach(channel, reason)
        return min((call.since for channel in self._channels for call in channel.begun.values()), default=None)

    def _refuse_late(self, call: Call) -> None:
        text = f"run() did not end within {self._timeout_ms} ms (scoring_timeout_ms, scoringTimeoutMs) and was stopped"
        if call.reply is None:
            return
        if call.streams:
            call.reply.end(whole=False)
        else:
            call.reply.answer(outputs.message(504, text, run_failed=True))

    def _busy(self, why: str) -> Answer:
        slots = self._slots * max(1, len(self._channels))
        text = f"{why}; the service runs {slots} at a time (replica_max_concurrent_requests, maxConcurrentRequestsPerContainer)"
        seconds = max(1, -(-self._queue_wait_ms // 1000))
        return outputs.message(503, text, headers=(("retry-after", str(seconds)),))

    def _leave_queue(self, call: Call) -> None:
        try:
            self._waiting.remove(call)
        except ValueError:
            return  # it was refused
        self._waiting_bytes -= len(call.request.body)


def _take_back(channel: Channel, call: Call) -> None:
    """Tell a worker to drop a call that it was handed ahead, or to end its stream."""
    if not call.streams:
        channel.ahead.pop(call.id, None)
    channel.link.writelines(frames.pack({"type": "withdraw", "id": call.id}))


def _answer(record: dict[str, Any], body: bytes) -> Answer:
    headers = tuple((name, value) for name, value in record["headers"])
    return Answer(record["status"], body, headers, record["run_failed"], record["run_ms"])


def _refuse(call: Call, answer: Answer) -> None:
    if call.reply is not None:
        call.reply.answer(answer)
