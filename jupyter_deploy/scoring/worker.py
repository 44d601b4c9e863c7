"""The process that holds the entry script: loads it, calls ``init()`` once, then ``run()`` for what the front sends.

With one slot ``run()`` is called in the main thread and never twice at once; with more, in that many threads.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import queue
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import frames, logs, options, outputs, places, scorer, script, settings, swagger, tracebacks
from .compat import finder
from .outputs import Answer
from .request import Request
from .script import ScriptFailed
from .settings import Settings

_OPTIONS = ("settings", "link-fd", "life-fds", "stacks-fd")


class Link:
    """The worker's end of the socket to its front; several threads may send."""

    def __init__(self, fd: int) -> None:
        self._socket = socket.socket(fileno=fd)
        self._sending = threading.Lock()

    def send(self, record: dict[str, Any], body: bytes = b"") -> None:
        """Send one message; when the front is gone there is nobody left to work for, and the process ends."""
        with self._sending:
            try:
                for piece in frames.pack(record, body):
                    self._socket.sendall(piece)
            except OSError:
                os._exit(1)

    def receive(self) -> tuple[dict[str, Any], bytes] | None:
        """Wait for the next message; None when the front has closed the link."""
        return frames.receive(self._socket)


def main(argv: Sequence[str]) -> int:
    """Run a worker until the front closes the link; returns the exit code."""
    given = options.parse(argv, _OPTIONS, required=_OPTIONS)
    faulthandler.register(signal.SIGUSR1, file=int(given["stacks-fd"]), all_threads=True)
    _die_with([int(fd) for fd in given["life-fds"].split(",")])
    link = Link(int(given["link-fd"]))
    service = settings.load(Path(given["settings"]))
    logs.configure(service.log_level)
    sys.stdout = logs.PrintStream()
    try:
        run = _prepare(service, link)
    except ScriptFailed as error:
        _report(link, service, error)
        return 1
    if service.slots == 1:
        _serve_alone(link, run)
    else:
        _serve_in_threads(link, run, service.slots)
    return 0


def _die_with(fds: Sequence[int]) -> None:
    """End this process's whole group as soon as one of the pipes is closed by the death of who holds its other end."""
    if sys.platform == "linux":
        import ctypes

        pr_set_pdeathsig = 1  # reaches a process whose run() never gives up the interpreter lock
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)

    def watch() -> None:
        select.select(fds, [], [])
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, name="life", daemon=True).start()


def _prepare(service: Settings, link: Link) -> script.RunFunction:
    began = time.perf_counter()
    places.enter(service)
    finder.install()
    loaded = script.load(service.entry_script)
    documents = swagger.documents(service, loaded.run)
    link.send({"type": "stage", "stage": "init"})
    loaded.call_init()
    _flush_prints()
    seconds = round(time.perf_counter() - began, 3)
    link.send({"type": "ready", "seconds": seconds, "raw": loaded.run.kind == "raw"}, outputs.encode(documents))
    return loaded.run


def _report(link: Link, service: Settings, error: ScriptFailed) -> None:
    _flush_prints()
    trace = tracebacks.of_script(error.__cause__) if error.__cause__ else ""
    logs.server.error("the service cannot start: %s\n%s", error, trace)
    logs.server.info("what is in the model folder:\n%s", "\n".join(_listing(service.model_dir)))
    link.send({"type": "failed", "stage": error.stage, "message": str(error), "traceback": trace})


def _listing(folder: Path, most: int = 200) -> list[str]:
    lines = [str(folder)]
    for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
        if len(lines) == most:
            lines[-1] = "…"
            break
        lines.append(f"  {path.relative_to(folder).as_posix()}{'/' if path.is_dir() else ''}")
    return lines


def _serve_alone(link: Link, run: script.RunFunction) -> None:
    while (message := link.receive()) is not None:
        _serve(link, run, *message)


def _serve_in_threads(link: Link, run: script.RunFunction, slots: int) -> None:
    handed: queue.SimpleQueue[tuple[dict[str, Any], bytes]] = queue.SimpleQueue()

    def work() -> None:
        while True:
            _serve(link, run, *handed.get())

    for number in range(slots):
        threading.Thread(target=work, name=f"slot-{number}", daemon=True).start()
    while (message := link.receive()) is not None:
        handed.put(message)


def _serve(link: Link, run: script.RunFunction, record: dict[str, Any], body: bytes) -> None:
    request = Request(
        id=record["request_id"],
        method=record["method"],
        path=record["path"],
        query=record["query"],
        headers=tuple((name, value) for name, value in record["headers"]),
        body=body,
    )
    logs.request_id.set(request.id)
    answer = scorer.score(run, request)
    if answer.error is not None:
        _log_failure(answer.error)
    _flush_prints()
    logs.request_id.set("")
    link.send(_answer_record(record["id"], answer), answer.body)


def _flush_prints() -> None:
    with contextlib.suppress(AttributeError, ValueError, OSError):  # a script may have put anything in stdout's place
        sys.stdout.flush()


def _log_failure(error: BaseException) -> None:
    logs.server.error("run() raised %s\n%s", type(error).__name__, tracebacks.of_script(error).rstrip())


def _answer_record(call_id: int, answer: Answer) -> dict[str, Any]:
    return {
        "type": "answer",
        "id": call_id,
        "status": answer.status,
        "headers": answer.headers,
        "run_failed": answer.run_failed,
        "run_ms": answer.run_ms,
    }
