"""A file of unknown origin, read from front to end within limits."""

from __future__ import annotations

import io
import os
from typing import IO

from jupyter_deploy.models.decompress import DAMAGE_ERRORS

MAX_BYTES = 16 * 1024**3
"""Where reading a stream is given up; a compressed file of a few megabytes can unpack to more than any disk holds."""

_CHUNK = 1024 * 1024
_MAX_ARGUMENT = 512 * 1024 * 1024


class StreamEnded(Exception):
    """Every program that loads this stream fails here at the latest."""


class StreamUnreadable(Exception):
    """A program that loads this stream might go on where this machine cannot."""


class Stream:
    """A file read from front to end, within limits.

    Parameters
    ----------
    file : positioned at the first byte.
    limit : how many bytes may be read in all.
    """

    def __init__(self, file: IO[bytes], limit: int = MAX_BYTES) -> None:
        self._file = file
        self._limit = limit
        self._length = _length(file)
        self.position = 0

    def read(self, size: int) -> bytes:
        """Exactly so many bytes."""
        if size > _MAX_ARGUMENT:
            self.skip(size)
            raise StreamUnreadable("an argument is too long")
        try:
            data = self._file.read(size)
        except (*DAMAGE_ERRORS, OSError) as error:
            raise StreamEnded from error
        self._count(len(data))
        if len(data) != size:
            raise StreamEnded
        return data

    def readline(self) -> bytes:
        """A line with its end."""
        try:
            line = self._file.readline(_MAX_ARGUMENT)
        except (*DAMAGE_ERRORS, OSError) as error:
            raise StreamEnded from error
        self._count(len(line))
        if not line.endswith(b"\n"):
            raise StreamEnded
        return line

    def skip(self, size: int) -> None:
        """Pass over so many bytes without keeping them, and without reading them where the file is no stream."""
        if self._length is None:
            while size > 0:
                size -= len(self.read(min(size, _CHUNK)))
            return
        if self._file.tell() + size > self._length:
            raise StreamEnded
        self._file.seek(size, os.SEEK_CUR)
        self._count(size)

    def _count(self, size: int) -> None:
        self.position += size
        if self.position > self._limit:
            raise StreamUnreadable("the file unpacks to too many bytes")


def _length(file: IO[bytes]) -> int | None:
    """How long a file on the disk is; None for what is unpacked while it is read."""
    if isinstance(file, io.BufferedReader) and isinstance(file.raw, io.FileIO):
        return os.fstat(file.fileno()).st_size
    return None
