"""Lines that several containers have printed, as one log: by their time, each record's lines together, and marked with who wrote it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

Line = tuple[str, bytes]
"""A line with its time, comparable as a text."""

_BEGIN = re.compile(rb"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d|\{")
"""How a record of the scoring server begins, as text and as JSON."""
_PROCESS = re.compile(rb"\S+ \S+ [A-Z] \[(?=\d+\] )")
_JSON_END = re.compile(rb"\}\s*$")
_INDENTED = (b" ", b"\t", b"\n", b"\r")


def stamped(data: bytes) -> Iterator[Line]:
    """Read lines that an engine has put their time before, in RFC 3339 with up to nine digits of a second."""
    for line in _lines(data):
        stamp, _, text = line.partition(b" ")
        if len(text) > 1 << 14:  # of which each 16 KiB are stamped by some engines
            text = text.replace(stamp + b" ", b"")
        whole, _, fraction = stamp.decode("ascii", "replace").rstrip("Z").partition(".")
        yield f"{whole}.{fraction:0<9}", text


def merged(sources: Iterable[tuple[Sequence[Line], str]]) -> bytes:
    """Put what several containers have printed into one text.

    Parameters
    ----------
    sources : the lines of each, in their order, and the mark of its records; with an empty one they stay as they are.
    """
    records = [(record[0][0], _text(record, mark.encode())) for lines, mark in sources for record in _records(lines)]
    return b"".join(text for _, text in sorted(records, key=lambda record: record[0]))


def _records(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """Lines that belong together: what is indented belongs to what is above it, and so does the last line of a traceback."""
    record: list[Line] = []
    for line in lines:
        if record and not _belongs(line[1], record[-1][1]):
            yield record
            record = []
        record.append(line)
    if record:
        yield record


def _belongs(line: bytes, above: bytes) -> bool:
    return line.startswith(_INDENTED) or (above.startswith((b" ", b"\t")) and not _BEGIN.match(line))


def _text(record: Sequence[Line], mark: bytes) -> bytes:
    first, *rest = (line for _, line in record)
    return b"".join([_marked(first, mark) if mark else first, *rest])


def _marked(line: bytes, mark: bytes) -> bytes:
    """A record's first line with its writer in it, where whoever reads records goes on reading them.

    >>> _marked(b"2026-01-01 10:00:00,000 I [7] root - ready\\n", b"x2k4q")
    b'2026-01-01 10:00:00,000 I [x2k4q/7] root - ready\\n'
    >>> _marked(b'{"time": "2026-01-01T10:00:00.000Z", "pid": 7}\\n', b"x2k4q")
    b'{"time": "2026-01-01T10:00:00.000Z", "pid": 7, "pod": "x2k4q"}\\n'
    >>> _marked(b"a line of a library\\n", b"x2k4q")
    b'[x2k4q] a line of a library\\n'
    """
    if found := _PROCESS.match(line):
        return line[: found.end()] + mark + b"/" + line[found.end() :]
    if line.startswith(b'{"time": ') and (end := _JSON_END.search(line)):
        return line[: end.start()] + b', "pod": "' + mark + b'"' + line[end.start() :]
    return b"[" + mark + b"] " + line


def _lines(data: bytes) -> Iterator[bytes]:
    """Lines with their ends; a progress bar's carriage returns are none."""
    *whole, rest = data.split(b"\n")
    yield from (line + b"\n" for line in whole)
    if rest:
        yield rest
