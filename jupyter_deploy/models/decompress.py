"""The compressions that joblib knows and the standard library can undo, told apart by a file's first bytes."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from typing import IO, cast

DAMAGE_ERRORS = (EOFError, zlib.error, lzma.LZMAError)
"""What reading damaged compressed content raises, and nothing else does."""

_CHUNK = 64 * 1024


class _ZlibReader(io.RawIOBase):
    """The content of one zlib stream, or of several behind each other, as joblib reads them."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._stream = zlib.decompressobj()
        self._pending = b""

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # the buffer is always writable bytes
        """Fill the buffer; returns how far."""
        while True:
            if self._stream.eof:
                self._pending, self._stream = self._stream.unused_data, zlib.decompressobj()
            compressed = self._pending or self._file.read(_CHUNK)
            if not compressed:
                return 0
            data = self._stream.decompress(compressed, len(buffer))
            self._pending = self._stream.unconsumed_tail
            if data:
                buffer[: len(data)] = data
                return len(data)


def _open_zlib(file: IO[bytes]) -> IO[bytes]:
    return cast(IO[bytes], io.BufferedReader(_ZlibReader(file), _CHUNK))


def _open_gzip(file: IO[bytes]) -> IO[bytes]:
    return cast(IO[bytes], gzip.GzipFile(fileobj=file))


def _open_bz2(file: IO[bytes]) -> IO[bytes]:
    return cast(IO[bytes], bz2.BZ2File(file))


def _open_lzma(file: IO[bytes]) -> IO[bytes]:
    return cast(IO[bytes], lzma.LZMAFile(file))


_BY_FIRST_BYTES: tuple[tuple[bytes, Callable[[IO[bytes]], IO[bytes]]], ...] = (
    (b"\x78", _open_zlib),
    (b"\x1f\x8b", _open_gzip),
    (b"BZh", _open_bz2),
    (b"\x5d\x00", _open_lzma),
    (b"\xfd7zXZ", _open_lzma),
)
_LZ4 = b"\x04\x22\x4d\x18"
_OLD_JOBLIB = (
    b"ZF"  # joblib's own format before 0.10: behind this the length as a hexadecimal number, filled up with blanks
)
_OLD_LENGTH = re.compile(_OLD_JOBLIB + rb"[\s0-9A-Fa-fxXL_+-]{19}")
HEAD = 21
"""How many of a file's first bytes tell its compression."""


def is_unknown_compression(head: bytes, *, expected: bool) -> bool:
    """Whether joblib would undo a compression here that the standard library cannot.

    Parameters
    ----------
    head : the first bytes. expected : the file's name says that it is a pickle.
    """
    return head.startswith((_LZ4, _OLD_JOBLIB) if expected else _LZ4) or bool(_OLD_LENGTH.match(head))


@contextlib.contextmanager
def decompressed(file: IO[bytes], head: bytes) -> Iterator[IO[bytes]]:
    """The file's content without its compression, or the file itself where it has none.

    Parameters
    ----------
    file : positioned at its first byte; stays open.
    head : its first bytes.
    """
    for first_bytes, opened in _BY_FIRST_BYTES:
        if head.startswith(first_bytes):
            with opened(file) as content:
                yield content
            return
    yield file
