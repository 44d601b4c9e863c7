"""A client of a tunnel: what it sends goes to a pod, and what the pod sends to it, neither faster than the other side takes it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

_DATA = b"\0"
_ERROR = 1
_CHUNK = 64 * 1024
_KEPT = 256 * 1024
"""Bytes of a request that are kept until its answer begins, as the pod may turn out to accept nothing any more."""
_LINGER, _LONGEST_LINGER = 2.0, 30.0
"""Seconds between two pieces, and in all, for which a client that still sends is read: closing at once would take its answer from it."""


class Client:
    """One connection of a client.

    Parameters
    ----------
    reader, writer : its bytes.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._kept: list[bytes] = []
        self._may_repeat = True

    async def begins(self) -> bool:
        """Wait for its first bytes, as who only connects needs no pod; False where none come."""
        self._kept = [await self._reader.read(_CHUNK)]
        return bool(self._kept[0])

    @property
    def is_gone(self) -> bool:
        """Whether it has hung up."""
        return self._reader.at_eof()

    async def talks_to(self, pod: ClientConnection) -> bool:
        """Pass bytes in both directions until either side ends; False where the pod has taken nothing, so that another may."""
        from websockets.exceptions import ConnectionClosed

        sending = asyncio.ensure_future(self._send(pod))
        try:
            is_refused = await self._receive(pod)
        except (ConnectionClosed, OSError):
            is_refused = False  # what it has done with the request nobody knows
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        if is_refused and self._may_repeat:
            return False
        with contextlib.suppress(OSError):
            self._writer.write_eof()
        return True

    async def _send(self, pod: ClientConnection) -> None:
        for data in self._kept:
            await pod.send(_DATA + data)
        while data := await self._reader.read(_CHUNK):
            self._keep(data)
            await pod.send(_DATA + data)
        await pod.close()

    def _keep(self, data: bytes) -> None:
        if self._may_repeat and sum(map(len, self._kept)) + len(data) <= _KEPT:
            self._kept.append(data)
        else:
            self._forget()

    def _forget(self) -> None:
        self._may_repeat, self._kept = False, []

    async def _receive(self, pod: ClientConnection) -> bool:
        """Hand over what the pod sends, until it ends; whether it refused the connection."""
        begun: set[int] = set()
        async for message in pod:
            assert isinstance(message, bytes)
            channel, data = message[0], message[1:]
            if channel not in begun:  # each begins with the number of the port
                begun.add(channel)
            elif channel == _ERROR:
                return b"refused" in data.lower()
            else:
                self._forget()
                self._writer.write(data)
                await self._writer.drain()
        return False

    async def hang_up(self) -> None:
        """Close the connection, after what was written has gone out and the client has stopped to send."""
        with contextlib.suppress(OSError, asyncio.TimeoutError):
            await asyncio.wait_for(self._read_on(), _LONGEST_LINGER)
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def _read_on(self) -> None:
        while await asyncio.wait_for(self._reader.read(_CHUNK), _LINGER):
            pass
