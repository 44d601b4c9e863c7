"""What arrives of a request: which are not wanted for their form, and a body, kept within bounds piece by piece."""

from __future__ import annotations

from . import outputs
from .outputs import Answer
from .request import Request
from .room import Room

_MIB = 1024 * 1024
_SMALL_PIECE = 4096
_WORTH_A_PLACE = 64 * 1024
_TIMES_WHAT_CAME = 8
_VERSIONS = ("1.0", "1.1")


def refusal_by_form(request: Request, version: str, most_body_bytes: int) -> Answer | None:
    """Return the answer to a request that could be read in two ways, or whose body is announced as too large; None to one that is fine.

    Parameters
    ----------
    version : of HTTP, as "1.1".
    """
    if version not in _VERSIONS:
        return outputs.message(505, f"this server speaks HTTP/1.1, not HTTP/{version}")
    names = [name for name, _ in request.headers]
    if names.count("host") > 1:
        return outputs.message(400, "the request names more than one Host")
    if "transfer-encoding" in names:
        if version != "1.1":
            return outputs.message(400, "a request of HTTP/1.0 has no Transfer-Encoding")
        if request.header("transfer-encoding").strip().lower() != "chunked":
            return outputs.message(501, "the only Transfer-Encoding that is understood is chunked")
    return too_large(most_body_bytes) if declared(request) > most_body_bytes else None


def declared(request: Request) -> int:
    """Return how many bytes its body is said to have; 0 where nothing is said."""
    length = request.header("content-length")
    return int(length[:20]) if length.isdecimal() else 0


def too_large(most_body_bytes: int) -> Answer:
    """Return the answer to a body that is larger than the service allows."""
    return outputs.message(413, f"the body is larger than {most_body_bytes // _MIB} MiB (max_body_mb, maxBodyMb)")


class Body:
    """The body of one request after the other.

    Parameters
    ----------
    most_bytes : of one. room : what all connections may hold together.

    Attributes
    ----------
    declared : bytes that the body is said to have; 0 where nothing is said.
    rest : where what is missing of a large body is to be received, so that nothing has to be copied; None for others.
    """

    def __init__(self, most_bytes: int, room: Room) -> None:
        self._most_bytes = most_bytes
        self._room = room
        self._pieces: list[bytes | bytearray] = []
        self._size = 0  # for which there is room taken
        self.declared = 0
        self.rest: memoryview | None = None

    def add(self, data: bytes) -> Answer | None:
        """Keep a piece; where that is too much nothing is kept, and the answer to the request is returned."""
        if (refusal := self._take(len(data))) is not None:
            return refusal
        last = self._pieces[-1] if len(data) < _SMALL_PIECE and self._pieces else None
        if isinstance(last, bytearray):
            last += data
        else:  # a body in tiny pieces would take many times its size
            self._pieces.append(data if last is None else bytearray(data))
        return None

    def make_place(self) -> Answer | None:
        """Make a place for the rest of a body, unless most of it is missing: who only announces much shall not take memory."""
        missing = self.declared - self._size
        if not _WORTH_A_PLACE <= missing < self._size * _TIMES_WHAT_CAME:
            return None
        began = self._size
        if (refusal := self._take(missing)) is not None:
            return refusal
        whole = bytearray(self.declared)
        whole[:began] = b"".join(self._pieces)
        self._pieces = [whole]
        self.rest = memoryview(whole)[began:]
        return None

    def received(self, size: int) -> bool:
        """Take note that so many bytes are in their place; returns whether the body is whole."""
        assert self.rest is not None
        self.rest = self.rest[size:] if size < len(self.rest) else None
        return self.rest is None

    def take(self) -> bytes | bytearray:
        """Return the whole body; its room is given back by whoever has it then."""
        pieces, self._pieces, self._size = self._pieces, [], 0
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def drop(self) -> None:
        """Forget what has arrived."""
        self._room.give_back(self._size)
        self._pieces, self._size, self.rest = [], 0, None

    def _take(self, size: int) -> Answer | None:
        """Take room for a part; where that is too much nothing is kept, and the answer to the request is returned."""
        if self._size + size > self._most_bytes:
            refusal = too_large(self._most_bytes)
        elif not self._room.take(size):
            text = f"the bodies of requests that are not answered yet fill {self._room.most_body_bytes // _MIB} MiB; try again later"
            refusal = outputs.message(503, text, headers=(("retry-after", "1"),))
        else:
            self._size += size
            return None
        self.drop()
        return refusal
