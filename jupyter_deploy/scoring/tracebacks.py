"""Tracebacks as the author of a script wants them: the script's and the libraries' lines, not the server's."""

from __future__ import annotations

import os
import re
import traceback
from pathlib import Path
from types import TracebackType
from typing import IO, Any

_HERE = str(Path(__file__).resolve().parent)
_FRAME = re.compile(r'^  File "([^"]*)"')


def of_script(error: BaseException) -> str:
    """Return the formatted traceback without the frames through which the server called the script."""
    return "".join(traceback.format_exception(type(error), error, _below_server(error.__traceback__)))


def frames_of_script(error: BaseException) -> list[dict[str, Any]]:
    """Return the same frames as data, outermost first: ``file``, ``line``, ``function``, ``text``."""
    frames = [
        {"file": frame.filename, "line": frame.lineno, "function": frame.name, "text": frame.line or ""}
        for frame in traceback.extract_tb(_below_server(error.__traceback__))
    ]
    if isinstance(error, SyntaxError):
        text = (error.text or "").strip()
        frames.append({"file": error.filename, "line": error.lineno, "function": "<module>", "text": text})
    return frames


def dumped(file: IO[bytes]) -> str:
    """Return what a process has written into a file that it shares with us; its place there is ours too, and is left as it is."""
    number = file.fileno()
    return os.pread(number, os.fstat(number).st_size, 0).decode("utf-8", "replace")


def of_stacks(dump: str) -> str:
    """Return what faulthandler wrote about a process without the server's frames and threads."""
    threads = []
    for block in re.split(r"\n(?=Thread |Current thread )", dump.strip()):
        lines = [line for line in block.splitlines() if not _is_server_line(line)]
        if any(_FRAME.match(line) for line in lines):
            threads.append("\n".join(line for line in lines if line.strip()))
    return "\n\n".join(threads)


def _below_server(trace: TracebackType | None) -> TracebackType | None:
    while trace is not None and _is_server_file(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    return trace


def _is_server_line(line: str) -> bool:
    frame = _FRAME.match(line)
    return frame is not None and _is_server_file(frame[1])


def _is_server_file(name: str) -> bool:
    return name.startswith((_HERE, "<frozen importlib", "<frozen runpy"))
