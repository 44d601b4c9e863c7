"""The log of a service: one file that is rotated by size, written by one process at a time."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

LIMIT = 10 * 1024 * 1024
KEPT = 4
_GAP = b"\n(lines are missing here: the disk was full)\n"


class RotatingLog:
    """Appends bytes to a file; at the limit the file becomes ``name.1``, that one ``name.2``, and so on.

    What the disk has no room for is lost; that it was is noted as soon as there is room again.

    Parameters
    ----------
    path : the newest file. limit : bytes after which a new file begins, at the next line's end. kept : older files that stay.
    """

    def __init__(self, path: Path, limit: int = LIMIT, kept: int = KEPT) -> None:
        self._path = path
        self._limit = limit
        self._kept = kept
        self._has_gap = False
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._open()

    def _open(self) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._file = os.fdopen(os.open(self._path, flags, 0o600), "ab", buffering=0)
        self._size = self._file.tell()

    def write(self, data: bytes) -> None:
        """Append; when the limit is passed, go on in a new file after the last whole line."""
        if self._size + len(data) > self._limit:
            end = data.rfind(b"\n") + 1
            if end or self._size > 2 * self._limit:
                self._append(data[:end])
                self._rotate()
                data = data[end:]
        self._append(data)

    def note(self, text: str) -> None:
        """Append a line of the supervisor's own, in the form that the scoring server's lines have."""
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
        self.write(f"{stamp},000 W [{os.getpid()}] supervisor - {text}\n".encode())

    def _append(self, data: bytes) -> None:
        text = _GAP + data if self._has_gap else data
        try:
            written = self._file.write(text)
        except OSError:  # there is no room; the service goes on without its log
            written = 0
        self._has_gap = written < len(text)
        self._size += written

    def _rotate(self) -> None:
        with contextlib.suppress(OSError):  # as above: then the same file grows on
            for number in range(self._kept, 0, -1):
                older = self._path if number == 1 else self._numbered(number - 1)
                if older.exists():
                    older.replace(self._numbered(number))
            full = self._file
            self._open()
            full.close()

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")

    def close(self) -> None:
        """Close the newest file."""
        self._file.close()


def log_files(path: Path) -> tuple[Path, ...]:
    """The files of a log, oldest first."""
    older = sorted(path.parent.glob(path.name + ".*"), key=lambda file: -int(file.suffix[1:]))
    return (*older, path) if path.exists() else tuple(older)
