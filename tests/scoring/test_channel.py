"""What the queue believes of its workers, message by message: slots, calls that were taken back, workers that end."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

from jupyter_deploy.scoring.alarm import Alarm
from jupyter_deploy.scoring.channel import UNREAD_PARTS, Call, Channel
from jupyter_deploy.scoring.dispatch import MOST_AHEAD_BYTES, Dispatcher
from jupyter_deploy.scoring.frames import Unpacker
from jupyter_deploy.scoring.outputs import Answer
from jupyter_deploy.scoring.request import Request


def on_a_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    @wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(test(*args, **kwargs))

    run.__signature__ = inspect.signature(test)  # type: ignore[attr-defined]
    return run


class Worker:
    """The link to a worker that does what the test says; ``told`` is what it was sent."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self.told: list[tuple[str, int]] = []
        self.killed = ""
        self._unpacker = Unpacker()
        self._dispatcher = dispatcher
        self.channel: Channel = dispatcher.attach(self, self.kill)

    def kill(self, reason: str) -> None:
        self.killed = reason

    def writelines(self, pieces: list[bytes]) -> None:
        assert self.channel_is_open, "RuntimeError: the handler is closed"
        self.told += [(record["type"], record["id"]) for record, _ in self._unpacker.feed(b"".join(pieces))]

    @property
    def channel_is_open(self) -> bool:
        return not hasattr(self, "channel") or self.channel.is_open

    def says(self, kind: str, number: int = 0, body: bytes = b"", **more: Any) -> None:
        record = {"type": kind, "id": number, "status": 200, "headers": [], "run_failed": False, "run_ms": 1.0, **more}
        self._dispatcher.take(self.channel, record, body)

    def answers(self, number: int) -> None:
        self.says("answer", number)


class Client:
    """Who waits for an answer; ``got`` is what came."""

    def __init__(self, dispatcher: Dispatcher, size: int = 1) -> None:
        self.got: list[Any] = []
        self.written: list[Callable[[], None]] = []
        self.call: Call = dispatcher.submit(Request("", "POST", "/score", "", (), b"x" * size), self)

    def answer(self, answer: Answer) -> None:
        self.got.append(answer.status)

    def begin(self, answer: Answer) -> None:
        self.got.append("begin")

    def part(self, data: bytes, written: Callable[[], None]) -> None:
        self.got.append(data)
        self.written.append(written)

    def end(self, *, whole: bool) -> None:
        self.got.append("whole" if whole else "broken")


def started(**given: int) -> tuple[Dispatcher, Worker]:
    """A dispatcher with one worker whose calls are known to be short."""
    dispatcher = Dispatcher(**{"slots": 1, "queue_wait_ms": 60_000, "timeout_ms": 60_000, **given})
    worker = Worker(dispatcher)
    worker.answers(Client(dispatcher).call.id)
    worker.told.clear()
    return dispatcher, worker


@on_a_loop
async def test_nothing_is_handed_ahead_before_calls_are_known_to_be_short() -> None:
    dispatcher = Dispatcher(slots=1, queue_wait_ms=60_000, timeout_ms=60_000)
    worker = Worker(dispatcher)
    first, second, third = Client(dispatcher), Client(dispatcher), Client(dispatcher)
    assert worker.told == [("call", first.call.id)]
    worker.answers(first.call.id)
    assert worker.told[1:] == [("call", second.call.id), ("call", third.call.id)]


@on_a_loop
async def test_a_call_that_is_taken_back_keeps_its_place_until_the_worker_has_dropped_it() -> None:
    dispatcher, worker = started()
    running, left, waiting = Client(dispatcher), Client(dispatcher), Client(dispatcher)
    dispatcher.withdraw(left.call)
    assert worker.told == [("call", running.call.id), ("call", left.call.id), ("withdraw", left.call.id)]
    worker.says("withdrawn", left.call.id)
    assert worker.told[3:] == [("call", waiting.call.id)]
    worker.answers(running.call.id)
    worker.answers(waiting.call.id)
    assert (running.got, left.got, waiting.got) == ([200], [], [200])


@on_a_loop
async def test_a_call_that_began_as_it_was_taken_back_keeps_its_slot_and_its_time() -> None:
    dispatcher, worker = started(timeout_ms=50)
    running, left = Client(dispatcher), Client(dispatcher)
    worker_began_it_already = left.call
    dispatcher.withdraw(worker_began_it_already)
    worker.answers(running.call.id)
    assert left.call.id in worker.channel.begun
    late = Client(dispatcher)
    assert late.call.id not in worker.channel.begun
    await asyncio.sleep(0.1)
    assert worker.killed.startswith("run() took longer than 50 ms")
    dispatcher.detach(worker.channel, "killed")
    assert late.got == []  # it had not begun, and goes to the next worker
    other = Worker(dispatcher)
    assert other.told == [("call", late.call.id)]


@on_a_loop
async def test_a_worker_whose_link_has_ended_is_handed_nothing() -> None:
    dispatcher, worker = started()
    running, ahead = Client(dispatcher), Client(dispatcher)
    worker.channel.is_open = False
    waiting = Client(dispatcher)
    dispatcher.withdraw(ahead.call)
    assert not dispatcher.has_workers
    dispatcher.detach(worker.channel, "killed by signal 9 (SIGKILL)")
    other = Worker(dispatcher)
    assert other.told == [("call", waiting.call.id)]
    assert (running.got, ahead.got, waiting.got) == ([502], [], [])


@on_a_loop
async def test_what_two_workers_leave_behind_waits_in_the_order_it_came() -> None:
    dispatcher, first = started()
    second = Worker(dispatcher)
    clients = [Client(dispatcher) for _ in range(2)]
    second.answers(clients[1].call.id)
    clients += [Client(dispatcher) for _ in range(4)]
    for worker in (first, second):
        dispatcher.detach(worker.channel, "killed")
    unanswered = [client.call.id for client in clients if not client.got]
    assert [call.id for call in dispatcher._waiting] == unanswered
    assert len(unanswered) == 3


@on_a_loop
async def test_a_late_call_is_answered_at_once_and_its_neighbours_when_the_worker_has_ended() -> None:
    dispatcher, worker = started(timeout_ms=50)
    late, ahead = Client(dispatcher), Client(dispatcher)
    await asyncio.sleep(0.1)
    assert late.got == [504]
    worker.answers(late.call.id)  # it was under way as the time was up; what stood behind it has begun
    dispatcher.detach(worker.channel, worker.killed)
    assert (late.got, ahead.got) == ([504], [502])


@on_a_loop
async def test_a_batch_may_begin_though_nothing_may_wait() -> None:
    dispatcher = Dispatcher(slots=1, queue_wait_ms=0, timeout_ms=60_000, batch_rows=8)
    worker = Worker(dispatcher)
    client = Client(dispatcher)
    await asyncio.sleep(0.02)
    assert client.got == []
    worker.says("began", ids=[client.call.id])
    worker.answers(client.call.id)
    assert client.got == [200]


@on_a_loop
async def test_a_busy_worker_is_not_handed_more_and_more_ahead() -> None:
    dispatcher, worker = started(queue_wait_ms=20, batch_rows=8)
    Client(dispatcher)
    for _ in range(5):
        for _ in range(20):
            Client(dispatcher)
        await asyncio.sleep(0.05)
    assert [kind for kind, _ in worker.told].count("call") == 1 + 8


@on_a_loop
async def test_large_bodies_are_not_handed_ahead_by_the_dozen() -> None:
    dispatcher, worker = started(batch_rows=100)
    for _ in range(10):
        Client(dispatcher, MOST_AHEAD_BYTES // 3)
    assert len(worker.channel.ahead) == 4


@on_a_loop
async def test_no_time_of_run_passes_while_a_client_does_not_take_its_stream() -> None:
    dispatcher, worker = started(timeout_ms=50)
    client = Client(dispatcher)
    number = client.call.id
    worker.says("begin", number)
    for _ in range(UNREAD_PARTS):
        worker.says("part", number, b"x")
    await asyncio.sleep(0.15)
    assert not worker.killed
    client.written[0]()
    assert worker.told[-1] == ("more", number)
    await asyncio.sleep(0.15)  # now the worker is late
    assert worker.killed
    assert client.got[-1] == "broken"


@on_a_loop
async def test_a_stream_whose_client_went_before_its_begin_is_ended() -> None:
    dispatcher, worker = started()
    client = Client(dispatcher)
    dispatcher.withdraw(client.call)
    worker.says("begin", client.call.id)
    assert worker.told[-1] == ("withdraw", client.call.id)
    worker.says("part", client.call.id, b"x")
    worker.says("end", client.call.id, whole=True)
    assert client.got == []
    assert worker.channel.load == 0


@on_a_loop
async def test_what_begins_once_more_has_its_whole_time() -> None:
    dispatcher, worker = started(timeout_ms=1000, batch_rows=8)
    clients = [Client(dispatcher) for _ in range(2)]
    numbers = [client.call.id for client in clients]
    worker.says("began", ids=numbers)
    for _ in range(3):
        await asyncio.sleep(0.4)
        worker.says("began", ids=numbers)  # run together they failed; now each is run alone
    assert not worker.killed


@on_a_loop
async def test_an_alarm_that_is_set_while_it_rings_stays_one_alarm() -> None:
    rings = 0

    def ring(before: float) -> float:
        nonlocal rings
        rings += 1
        alarm.set()
        return before + 0.01

    alarm = Alarm(0.01, ring)
    began = time.monotonic()
    alarm.set()
    while rings < 20:
        await asyncio.sleep(0.005)
    assert time.monotonic() - began > 0.19  # two alarms would take half as long
