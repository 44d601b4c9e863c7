"""A window on a service's log: lines by their position in the files, which are read from where one looks, never as a whole."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

CHUNK = 1 << 18
LONGEST = 4096
"""Characters of a line that are shown."""
REACH = 8 << 20
"""Bytes that one search looks at, so that it is answered soon; the next one goes on there."""

_TEXT = re.compile(r"^\S+ \S+ (?P<level>[A-Z]) \[(?:\w+/)?\d+\] (?P<source>.{0,80}?) - ")
_REQUEST = re.compile(rb" \(request ([\x20-\x7e]{1,100})\)$")
_COLOUR = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_CONTROL = {code: chr(0x2400 + code) for code in range(0x20) if code != 9} | {0x7F: "\u2421"}
_LEVELS = {"D": "debug", "I": "info", "W": "warning", "E": "error", "C": "critical"}
_JSON_LEVELS = {"DEBUG": "debug", "INFO": "info", "WARNING": "warning", "ERROR": "error", "CRITICAL": "critical"}


@dataclass(frozen=True)
class Line:
    """One line of a log.

    Parameters
    ----------
    position : of its first byte, in bytes since the beginning of what was first seen. end : that of the next line.
    text : without control characters, and cut where it is too long. level : debug to critical, or empty. source : who wrote it, or empty.
    request : the id of the request that it was written in, or empty.
    """

    position: int
    end: int
    text: str
    level: str = ""
    source: str = ""
    request: str = ""


@dataclass(frozen=True)
class _Part:
    begin: int
    size: int
    inode: int
    path: Path


Wanted = Callable[[Line], bool]


class LogWindow:
    """The log of a service, wherever one looks at it.

    Parameters
    ----------
    files : gives its files, oldest first. A position stays true while they are rotated; what is deleted cannot be read again.
    """

    def __init__(self, files: Callable[[], Sequence[Path]]) -> None:
        self._files = files
        self._parts: list[_Part] = []
        self._begins: dict[int, int] = {}  # by inode
        self._end = 0
        self.refresh()

    def refresh(self) -> tuple[int, int]:
        """Look at the files again; where the log begins now, and where it ends."""
        there = []
        for path in self._files():
            with contextlib.suppress(FileNotFoundError):  # rotated away meanwhile
                there.append((path, path.stat()))
        begin = 0 if any(facts.st_ino in self._begins for _, facts in there) else self._end
        found = []
        for path, facts in there:
            begin = max(begin, self._begins.get(facts.st_ino, 0))  # one below is of a deleted file with the same inode
            found.append(_Part(begin, facts.st_size, facts.st_ino, path))
            begin += facts.st_size
        self._parts, self._end = found, begin
        self._begins = {part.inode: part.begin for part in found}
        return (found[0].begin if found else begin), begin

    def before(self, position: int, count: int, wanted: Wanted | None = None) -> tuple[list[Line], int]:
        """The last lines that end at or before a position, oldest first, and the position up to which was looked."""
        found: list[Line] = []
        start, least = self.refresh()[0], position - REACH
        while position > start and len(found) < count and position > least:
            block, position = self._block_before(position, start)
            fitting = [line for line in block if wanted is None or wanted(line)]
            found = fitting + found
        if len(found) > count:
            found = found[-count:]
            position = found[0].position
        return found, position

    def after(self, position: int, count: int, wanted: Wanted | None = None) -> tuple[list[Line], int]:
        """The first lines that begin at or after a position, and the position up to which was looked."""
        start, end = self.refresh()
        position = max(position, start)
        found: list[Line] = []
        most = position + REACH
        while position < end and len(found) < count and position < most:
            block = self._block_after(position, end)
            if not block:
                break
            for line in block:
                position = line.end
                if wanted is None or wanted(line):
                    found.append(line)
                    if len(found) == count:
                        break
        return found, position

    def text(self) -> Iterator[bytes]:
        """The whole log, in pieces."""
        position, end = self.refresh()
        while position < end and (data := self._read(position, CHUNK)):
            yield data
            position += len(data)

    def _block_before(self, position: int, start: int) -> tuple[list[Line], int]:
        """Some whole lines that end at a position, and where they begin."""
        size = CHUNK
        while True:
            begin = max(start, position - size)
            data = self._read(begin, position - begin)
            cut = 0 if begin == start else data.find(b"\n") + 1
            if 0 < cut < len(data) or begin == start:
                return list(_lines(begin + cut, data[cut:])), begin + cut
            size *= 2  # one long line

    def _block_after(self, position: int, end: int) -> list[Line]:
        """Some whole lines that begin at a position; none where only a part of one is there."""
        size = CHUNK
        while True:
            data = self._read(position, size)
            if b"\n" in data or position + size >= end:
                return list(_lines(position, data))
            size *= 2

    def _read(self, position: int, size: int) -> bytes:
        """Bytes of the log, of as many files as they lie in; fewer where it ends, or where a file was rotated away just now."""
        pieces = []
        for part in self._parts:
            if part.begin <= position < part.begin + part.size and size > 0:
                with contextlib.suppress(FileNotFoundError), part.path.open("rb") as file:
                    if os.fstat(file.fileno()).st_ino != part.inode:
                        break
                    file.seek(position - part.begin)
                    piece = file.read(min(size, part.begin + part.size - position))
                    pieces.append(piece)
                    position += len(piece)
                    size -= len(piece)
        return b"".join(pieces)


def _lines(position: int, data: bytes) -> Iterator[Line]:
    """The lines in some bytes; what has no end yet is none."""
    begin = 0
    while (newline := data.find(b"\n", begin)) >= 0:
        yield line_of(data[begin:newline], position + begin, position + newline + 1)
        begin = newline + 1


def readable(line: str) -> str:
    """A line without colours, and with pictures of control characters.

    >>> readable("a\\x1b[31mb\\x00")
    'ab␀'
    """
    return _COLOUR.sub("", line).translate(_CONTROL)


def line_of(data: bytes, position: int, end: int) -> Line:
    """Read one line: who wrote it, in which request, how grave it is, and what of it can be shown.

    >>> line_of(b"2026-01-01 10:00:00,000 W [7] root - a\\x1b[31mb\\x00", 0, 10)
    Line(position=0, end=10, text='2026-01-01 10:00:00,000 W [7] root - ab␀', level='warning', source='root', request='')
    """
    text = readable(data[: 4 * LONGEST].decode("utf-8", "replace"))
    if len(text) > LONGEST or len(data) > 4 * LONGEST:
        text = f"{text[:LONGEST]}… ({len(data):,} bytes)"
    if found := _TEXT.match(text):
        request = _REQUEST.search(data[-128:])
        name = request[1].decode() if request else ""
        return Line(position, end, text, _LEVELS.get(found["level"], ""), found["source"], name)
    if data.startswith(b'{"time": ') and len(data) < CHUNK:
        return Line(position, end, text, *_json_facts(data))
    return Line(position, end, text)


def _json_facts(data: bytes) -> tuple[str, str, str]:
    try:
        record = json.loads(data)
    except ValueError:
        return "", "", ""
    level = _JSON_LEVELS.get(str(record.get("level")), "")
    return level, str(record.get("logger", ""))[:80], str(record.get("request_id", ""))[:100]
