"""The service's log: one format for the server, for ``print()`` and for the script's own loggers.

A record starts at the beginning of a line and nothing else does, so what a client sends (in a path, an id, a value that
ends up in an exception's text) cannot look like a record of its own.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

FORMAT = "%(asctime)s %(levelname).1s [%(process)d] %(name)s - %(message)s"
server = logging.getLogger("azmlinfsrv")
request_id: ContextVar[str] = ContextVar("request_id", default="")

_CONTROL = [*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029]
_ESCAPES = {code: f"\\x{code:02x}" for code in _CONTROL if chr(code) not in "\n\t"} | {ord("\n"): "\n    "}


class Formatter(logging.Formatter):
    """The original's line in UTC, the request's id after its first line, everything after that indented."""

    @staticmethod
    def converter(seconds: float | None) -> time.struct_time:
        """Return the moment in UTC."""
        return time.gmtime(seconds)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is logging's
        """Return the first part of the line, with the id of the request that is being served."""
        text = super().formatMessage(record)
        current = request_id.get()
        if not current:
            return text
        first, newline, rest = text.partition("\n")
        return f"{first} (request {current}){newline}{rest}"

    def format(self, record: logging.LogRecord) -> str:
        """Return the whole record with control characters escaped."""
        access.flush()
        return super().format(record).translate(_ESCAPES)


class JsonFormatter(logging.Formatter):
    """One JSON object a line, with the id of the request that is being served."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the whole record."""
        access.flush()
        return _object(record.created, record.levelname, record.name, text_of(record), request_id.get())


def text_of(record: logging.LogRecord) -> str:
    """Return a record's message, with the traceback that belongs to it."""
    return logging.Formatter().format(record)


def _object(seconds: float, level: str, logger: str, message: str, request: str, **more: Any) -> str:
    whole = int(seconds)
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole))
    head = {"time": f"{stamp}.{int((seconds - whole) * 1000):03d}Z", "level": level, "logger": logger}
    return json.dumps({**head, "message": message, "request_id": request, "pid": os.getpid(), **more})


def configure(level: str, layout: str = "text") -> None:
    """Send the server's and everybody's records to standard error.

    Parameters
    ----------
    level : name of the lowest level that is written. layout : "text" or "json".
    """
    access.as_json = layout == "json"
    handler = logging.StreamHandler(sys.__stderr__)
    handler.setFormatter(JsonFormatter() if access.as_json else Formatter(FORMAT))
    known = logging.getLevelName(level)
    for logger in (logging.getLogger(), server):
        logger.handlers = [handler]
        logger.setLevel(known if isinstance(known, int) else logging.INFO)
    # Handlers that a script adds to the root may write to the captured print(); it must not feed itself.
    server.propagate = False
    if not isinstance(known, int):
        server.warning("AZUREML_LOG_LEVEL is %r, which is no level; INFO is used", level)
    if layout not in ("text", "json"):
        server.warning("AZUREML_LOG_FORMAT is %r; it is text or json, and text is used", layout)


def forward_to(send: Callable[[dict[str, Any]], object]) -> None:
    """Give every record to somebody besides, as a plain one of type ``log``."""
    _forwarders.append(_Forwarder(send))
    _forward()


def _forward() -> None:
    for logger in (logging.getLogger(), server):
        for handler in _forwarders:
            logger.addHandler(handler)  # one that is there already is not added twice


_forwarders: list[logging.Handler] = []


class _Forwarder(logging.Handler):
    def __init__(self, send: Callable[[dict[str, Any]], object]) -> None:
        super().__init__()
        self._send = send

    def emit(self, record: logging.LogRecord) -> None:
        """Give a record on."""
        raised = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        self._send(
            {
                "type": "log", "id": 0, "time": record.created, "level": record.levelname, "number": record.levelno,
                "logger": record.name, "message": text_of(record).encode("utf-8", "replace").decode(), "raised": raised,
                "request_id": request_id.get(), "pid": record.process,
            }
        )  # fmt: skip


def configure_as(config: Mapping[str, Any]) -> None:
    """Log as a ``logging.json`` says; what it says nothing of stays as it is.

    Raises
    ------
    LogConfigError : logging does not understand it.
    """
    from logging.config import dictConfig

    from .compat import finder

    # The original's own file, which people copy, names classes of its package.
    forget = finder.install()
    stdout, sys.stdout = sys.stdout, sys.__stdout__  # a handler that wrote to the captured print() would feed itself
    try:
        dictConfig({"disable_existing_loggers": False, **config})
    except (ValueError, TypeError, AttributeError, ImportError) as error:
        raise LogConfigError(
            f"logging.json: {error} ({error.__cause__ or 'see logging.config'}); mend or remove it"
        ) from error
    finally:
        sys.stdout = stdout
        forget()
    access.formatted = True
    _forward()


class LogConfigError(Exception):
    """A ``logging.json`` cannot be used; the text says why."""


class AccessLog:
    """The lines that requests leave: put together here and written some at a time, since one write each would cost more than the rest.

    Other records of this process come after those that were noted before them.

    Attributes
    ----------
    formatted : whether the user's logging.json decides how a line looks and where it goes, so that each is a record of its own.
    later : called when there is a line to flush.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._second = 0
        self._stamp = ""
        self._pid = os.getpid()
        self.as_json = False
        self.later: Callable[[], object] = self.flush
        self.formatted = False

    def write(self, request: str, method: str, target: str, status: int, milliseconds: float, size: int) -> None:
        """Note an answer.

        Parameters
        ----------
        request : its id. method, target : what was asked. status, size : of the answer, in bytes. milliseconds : that it took.
        """
        if not server.isEnabledFor(logging.INFO):
            return
        text = f"{method} {target} {status} {milliseconds:.3f}ms {size}"
        if self.formatted:
            server.info("%s", text.translate(_ESCAPES))
            return
        now = time.time()
        if not self._lines:
            self.later()
        if self.as_json:
            facts = {"method": method, "path": target, "status": status, "ms": round(milliseconds, 3), "bytes": size}
            self._lines.append(_object(now, "INFO", server.name, text, request, **facts))
            return
        second = int(now)
        if second != self._second:
            self._second, self._stamp = second, time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(second))
        line = f"{self._stamp},{int((now - second) * 1000):03d} I [{self._pid}] {server.name} - {text}"
        self._lines.append(line if line.isprintable() else line.translate(_ESCAPES))

    def flush(self) -> None:
        """Write what was noted."""
        lines, self._lines = self._lines, []
        if lines and sys.__stderr__ is not None:
            with contextlib.suppress(OSError):  # a full disk: requests are answered all the same
                sys.__stderr__.write("\n".join(lines) + "\n")
                sys.__stderr__.flush()


access = AccessLog()


class PrintStream(io.TextIOBase):
    """Stands for ``sys.stdout``: every printed line becomes a record of ``azmlinfsrv.print``."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self._log = logging.getLogger("azmlinfsrv.print")
        self._own = threading.local()  # two threads printing at once must not share a line

    def write(self, text: str) -> int:
        """Log the lines that are complete and keep the rest."""
        *lines, rest = (getattr(self._own, "rest", "") + text).split("\n")
        self._own.rest = rest
        for line in lines:
            self._log.info("%s", line)
        return len(text)

    def flush(self) -> None:
        """Log what has no line end yet."""
        rest, self._own.rest = getattr(self._own, "rest", ""), ""
        if rest:
            self._log.info("%s", rest)

    def writable(self) -> bool:
        """Tell that this can be printed to."""
        return True

    def fileno(self) -> int:
        """Return the process's own standard output, for libraries that write to it directly."""
        return 1
