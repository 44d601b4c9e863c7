"""Views as a browser has them: opened over a WebSocket, asked, and broken off."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from tornado.websocket import WebSocketClientConnection

Message = dict[str, Any]
OWN = "@server"
"""The name of the server's own interpreter."""


class OpenView:
    """A view in a browser.

    Parameters
    ----------
    connect : opens a socket. kind, given : what is opened.
    """

    def __init__(self, connect: Callable[[], Awaitable[WebSocketClientConnection]], kind: str, given: Message) -> None:
        self._connect, self._kind, self._given = connect, kind, given
        self.id = uuid4().hex
        self.taken = 0
        self.buffers: list[bytes] = []
        self._ids = 0
        self._seen: list[Message] = []

    async def open(self) -> None:
        """Open a socket, the first or another one."""
        self.socket = await self._connect()
        self._is_over = False
        await self.send(open=self._kind, view=self.id, taken=self.taken, given=self._given)

    async def breaks(self) -> None:
        """Let the socket break; messages on their way are lost."""
        self.socket.close(3000)
        await self.closed()

    async def send(self, **content: Any) -> None:
        await self.socket.write_message(json.dumps(content))

    async def begin(self, what: str, part: str = "", **given: Any) -> str:
        """Ask, and give the id of the question."""
        self._ids += 1
        await self.send(ask=what, part=part, id=f"q{self._ids}", given=given)
        return f"q{self._ids}"

    async def reply(self, question: str) -> Message:
        return await self.until(lambda message: message.get("reply") == question)

    async def ask(self, what: str, part: str = "", **given: Any) -> Any:
        """Ask, and take the answer; what is told meanwhile is kept."""
        message = await self.reply(await self.begin(what, part, **given))
        assert "error" not in message, message
        return message["answer"]

    async def refusal(self, what: str, part: str = "", **given: Any) -> Message:
        """Ask, and take the error."""
        error: Message = (await self.reply(await self.begin(what, part, **given)))["error"]
        return error

    async def told(self, what: str, part: str = "", is_wanted: Callable[[Message], bool] = lambda _: True) -> Message:
        return await self.until(lambda one: one.get("told") == what and one["part"] == part and is_wanted(one))

    async def until(self, is_wanted: Callable[[Message], bool]) -> Message:
        """The next message of a kind."""
        for at, message in enumerate(self._seen):
            if is_wanted(message):
                return self._seen.pop(at)
        while True:
            message = await self.next()
            if is_wanted(message):
                return message
            self._seen.append(message)

    async def next(self) -> Message:
        """The next message, which is confirmed."""
        read = await asyncio.wait_for(self.socket.read_message(), 15)
        assert isinstance(read, str), (read, self.socket.close_code)
        message: Message = json.loads(read)
        for _ in range(message.pop("buffers")):
            piece = await self.socket.read_message()
            assert isinstance(piece, bytes)
            self.buffers.append(piece)
        if "n" in message:
            self.taken = message["n"]
            await self.send(taken=self.taken)
        return message

    async def closed(self) -> int | None:
        """Read to the end, and give the code with which the socket is closed."""
        while not self._is_over:
            self._is_over = await asyncio.wait_for(self.socket.read_message(), 15) is None
        self.socket.close()
        return self.socket.close_code


class Browser:
    """Opens views.

    Parameters
    ----------
    connect : opens a socket for a kernel and a folder.
    """

    def __init__(self, connect: Callable[[str, str], Awaitable[WebSocketClientConnection]]) -> None:
        self._connect = connect

    @asynccontextmanager
    async def shows(self, kind: str, kernel: str = OWN, folder: str = "", **given: Any) -> AsyncIterator[OpenView]:
        """Open a view, and close it at the end."""
        view = OpenView(lambda: self._connect(kernel, folder), kind, given)
        await view.open()
        try:
            yield view
        finally:
            view.socket.close(1000)
            await view.closed()
