"""The server's end of one open view, between the process that answers for it and the socket of the browser that shows it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from jupyter_deploy.errors import DeployError
from jupyter_deploy.server.frames import Frame
from jupyter_deploy.server.processes import AnsweringProcess
from jupyter_deploy.widgets.answers import error_of

KEPT = 60.0
"""Seconds for which a view is kept whose socket broke."""
REFUSED = 4000
"""How a socket is closed that need not be opened again: the view cannot be had."""
OVER = 4001
"""How a socket is closed whose view may be had anew."""
TAKEN_OVER = 4002
"""How a socket is closed when its view was opened again over another one."""


class Socket(Protocol):
    """Where a browser is reached."""

    def pass_on(self, content: Mapping[str, Any], buffers: tuple[bytes, ...] = ()) -> None:
        """Send something."""
        ...

    def leave(self, code: int) -> None:
        """Close it."""
        ...


class Link:
    """One view. Everything that goes to it has a number, and is kept until the view says that it has it, so a broken socket loses nothing.

    Parameters
    ----------
    view : its id. process : that answers for it. ended : called when it is over.
    """

    def __init__(self, view: str, process: AnsweringProcess, ended: Callable[[], None]) -> None:
        self._view, self._process, self._ended = view, process, ended
        self._socket: Socket | None = None
        self._sent: deque[tuple[int, Frame]] = deque()
        self._number = 0
        self._asked: set[str] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._was_shown = False

    def attach(self, socket: Socket) -> None:
        """The view is shown over a socket, which gets all that the view does not have yet."""
        if self._socket:
            self._socket.leave(TAKEN_OVER)
        self._stay()
        self._socket = socket
        if self._was_shown:  # so that it asks again what has no answer yet; of a view that is opened anew it must not
            socket.pass_on({"resumed": True})
        self._was_shown = True
        for number, frame in self._sent:
            socket.pass_on({"n": number, **frame.content}, frame.buffers)

    def detach(self, socket: Socket) -> None:
        """A socket broke; the view is kept for a while."""
        if socket is self._socket:
            self._socket = None
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(KEPT, lambda: asyncio.ensure_future(self.close()))

    async def close(self) -> None:
        """The view is not shown any more."""
        self._end()
        await self._process.close(self._view)

    async def ask(self, question: Mapping[str, Any]) -> None:
        """Pass on a question; one that is known already comes again from a view whose socket broke."""
        if question["id"] not in self._asked:
            self._asked.add(question["id"])
            await self._process.ask(self._view, question)

    async def confirm(self, number: int) -> None:
        """The view has everything up to a number."""
        size = 0
        while self._sent and self._sent[0][0] <= number:
            _, frame = self._sent.popleft()
            self._asked.discard(frame.content.get("reply", ""))
            size += frame.size
        if size:
            await self._process.say(self._view, {"taken": size})

    def take(self, frame: Frame) -> None:
        """The process has said something."""
        self._number += 1
        self._sent.append((self._number, frame))
        if self._socket:
            self._socket.pass_on({"n": self._number, **frame.content}, frame.buffers)
        if "refused" in frame.content:
            self._leave(REFUSED)
            asyncio.ensure_future(self.close())  # noqa: RUF006  (what it waits for is held by the process)

    def over(self, error: DeployError) -> None:
        """The process has ended by itself."""
        if self._socket:
            self._socket.pass_on({"over": error_of(error)})
        self._leave(OVER)
        self._end()

    def _end(self) -> None:
        self._stay()  # a view that is opened anew has the same id, and nothing to do with this end
        self._ended()

    def _stay(self) -> None:
        """Let no time run out."""
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _leave(self, code: int) -> None:
        if self._socket:
            self._socket.leave(code)
            self._socket = None
