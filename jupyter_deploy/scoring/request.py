"""One HTTP request, as front and worker both know it, and what is said of one that does not fit."""

from __future__ import annotations

from dataclasses import dataclass


class BadInput(Exception):
    """The request does not fit ``run()``; the client is told why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(slots=True)
class Request:
    """One HTTP request.

    Attributes
    ----------
    id : the request's id, safe to log.
    method, path, query : of the request line; the query as sent.
    headers : pairs of lower-case name and value in their order.
    received : the bytes sent, which the front has when the request is whole; a worker, of large ones, in memory that may be written to.
    """

    id: str
    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    received: bytes | bytearray = b""

    @property
    def body(self) -> bytes:
        """What was received, as bytes."""
        if isinstance(self.received, bytearray):
            self.received = bytes(self.received)
        return self.received

    def header(self, name: str) -> str:
        """Return the first value of a header, named in lower case; empty when it was not sent."""
        for key, value in self.headers:
            if key == name:
                return value
        return ""
