"""A worker's slots: with one, ``run()`` is called in the main thread and never twice at once; with more, in that many threads."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from dataclasses import replace
from typing import Any, NoReturn

from . import logs, scorer, tracebacks
from .batches import Batches
from .link import Calls, Link, LinkClosed, Message
from .outputs import Answer
from .request import Request
from .script import RunFunction, ScriptFailed
from .settings import Settings
from .streams import Stream


def check(run: RunFunction, service: Settings) -> None:
    """Refuse a script that cannot be called as the settings say.

    Raises
    ------
    ScriptFailed : naming the setting.
    """
    if service.max_batch_rows and run.rows is None:
        raise ScriptFailed(
            "signature",
            "max_batch_rows needs a run() with one array or table that @input_schema or a type hint describes by a sample;"
            " describe it so, or set max_batch_rows to 0",
        )


class Slots:
    """What calls ``run()``.

    Parameters
    ----------
    link : to the front. run : the script's. service : its settings.
    """

    def __init__(self, link: Link, run: RunFunction, service: Settings) -> None:
        self._link = link
        self._run = run = replace(run, most_body_bytes=service.max_body_mb * 1024 * 1024)
        self._count = service.slots_per_worker
        self._calls = Calls(link, alone=self._count == 1)
        self._batches = Batches(run, service.max_batch_rows) if service.max_batch_rows else None

    def serve(self) -> None:
        """Serve calls until the front closes the link."""
        with contextlib.suppress(LinkClosed):
            if self._count == 1:
                self._work()
            for number in range(self._count):
                threading.Thread(target=self._work_in_thread, name=f"slot-{number}", daemon=True).start()
            self._calls.read_on()

    def _work_in_thread(self) -> NoReturn:
        try:
            self._work()
        except (
            BaseException
        ):  # of ours: the main thread's would end the process too, and a slot must not be lost in silence
            logs.server.exception("slot %s ended; the worker is started again", threading.current_thread().name)
            os._exit(1)

    def _work(self) -> NoReturn:
        while True:
            if self._batches is None:
                self._serve(self._calls.next()[0])
            else:
                self._serve_batch(self._batches)

    def _serve(self, message: Message) -> None:
        number, request = message[0]["id"], request_of(message)
        logs.request_id.set(request.id)
        if self._batches is None:
            self._send(number, scorer.score(self._run, request))
        else:
            self._send(number, self._batches.alone(number, request), untold_batch=True)
        logs.request_id.set("")

    def _serve_batch(self, batches: Batches) -> None:
        """Serve the calls at the head of the queue that fit together."""
        messages = self._calls.next(batches.most)
        if (
            len(messages) == 1 and messages[0][0]["begun"]
        ):  # nothing waits, and this shall cost no more than without batches
            self._serve(messages[0])
            return
        batch, others = batches.first([(message[0]["id"], request_of(message)) for message in messages])
        for record, _ in messages[1:]:
            record["begun"] = False  # whatever the front thought
        self._calls.give_back([message for message in messages if message[0]["id"] in others])
        is_known = len(batch.calls) == 1 and messages[0][0]["begun"]
        if not is_known:
            self._tell_begun([number for number, _ in batch.calls])
        logs.request_id.set(", ".join(request.id for _, request in batch.calls))
        for number, answer in batches.run(batch, self._tell_begun):
            self._send(number, answer, untold_batch=is_known)
        logs.request_id.set("")

    def _tell_begun(self, numbers: list[int]) -> None:
        self._link.send({"type": "began", "id": 0, "ids": numbers})

    def _send(self, number: int, answer: Answer | Stream, *, untold_batch: bool = False) -> None:
        if isinstance(answer, Stream):
            self._send_stream(number, answer)
            return
        if answer.error is not None:
            _log_failure(answer.error)
        flush_prints()
        record = {"type": "answer", "id": number, **_head(answer)}
        if untold_batch:
            record["batch"] = 1
        self._link.send(record, answer.body)

    def _send_stream(self, number: int, stream: Stream) -> None:
        head = Answer(200, b"", (("content-type", stream.media_type),))
        self._calls.begin_stream(number)
        self._link.send({"type": "begin", "id": number, **_head(head)})
        whole = False
        try:
            for part in stream.parts:
                flush_prints()
                if not self._calls.may_send_part(number):
                    break
                self._link.send({"type": "part", "id": number}, part)
            whole = True
        except LinkClosed:
            raise
        except BaseException as error:  # the script's own, of any kind
            _log_failure(error)
        finally:
            stream.parts.close()
            self._calls.end_stream(number)
        flush_prints()
        self._link.send({"type": "end", "id": number, "whole": whole})


def request_of(message: Message) -> Request:
    """Return the request in a message from the front."""
    record, body = message
    headers = tuple((name, value) for name, value in record["headers"])
    return Request(record["request_id"], record["method"], record["path"], record["query"], headers, body)


def flush_prints() -> None:
    """Write what the script has printed without a line's end."""
    with contextlib.suppress(AttributeError, ValueError, OSError):  # a script may have put anything in stdout's place
        sys.stdout.flush()


def _log_failure(error: BaseException) -> None:
    logs.server.error("run() raised %s\n%s", type(error).__name__, tracebacks.of_script(error).rstrip())


def _head(answer: Answer) -> dict[str, Any]:
    return {
        "status": answer.status,
        "headers": answer.headers,
        "run_failed": answer.run_failed,
        "run_ms": answer.run_ms,
    }
