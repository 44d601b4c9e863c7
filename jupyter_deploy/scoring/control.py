"""The line between the front and its owner: one JSON object a line, events out and orders in."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, cast

from . import logs

EXIT_FAILED = 3
"""The exit code of a service that could not start (azureml-v1 6.5)."""

Order = Callable[[dict[str, Any]], None]


def line(event: str, **data: Any) -> bytes:
    """Return one event as it is sent."""
    return json.dumps({"event": event, **data}).encode() + b"\n"


class Control(asyncio.Protocol):
    """The front's end. Without an owner nothing is connected, and events go nowhere.

    Parameters
    ----------
    on_gone : called when the owner has gone.
    """

    def __init__(self, on_gone: Callable[[], None]) -> None:
        self._on_gone = on_gone
        self._orders: dict[str, Order] = {}
        self._transport: asyncio.WriteTransport | None = None
        self._buffer = b""
        self._closing = False
        self._closed = asyncio.Event()

    def obey(self, **orders: Order) -> None:
        """Say what is done on each order (its ``do``); the order itself is the argument."""
        self._orders = orders

    def emit(self, event: str, **data: Any) -> None:
        """Tell the owner of an event."""
        if self._transport is not None:
            self._transport.write(line(event, **data))

    async def close(self) -> None:
        """Send what is not sent yet and close."""
        self._closing = True
        if self._transport is not None:
            self._transport.close()
            await self._closed.wait()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        """Carry out every order that is complete."""
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for text in lines:
            self._carry_out(text)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the end is what counts, not how
        """Tell that the owner has gone."""
        self._transport = None
        self._closed.set()
        if not self._closing:
            self._on_gone()

    def _carry_out(self, text: bytes) -> None:
        try:
            order = json.loads(text)
            self._orders[order["do"]](order)
        except (ValueError, TypeError, KeyError) as error:
            known = ", ".join(self._orders)
            logs.server.error("order %r not carried out (%r); orders are %s", text[:200], error, known)
