"""The WebSocket of a view: the messages that a widget exchanges with its kernel, exchanged with a process of that kernel's interpreter."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from jupyter_server.utils import ensure_async
from tornado.web import HTTPError
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from jupyter_deploy.errors import DeployError, UserError
from jupyter_deploy.server.confined import confined, refuse_outside
from jupyter_deploy.server.frames import Frame
from jupyter_deploy.server.kernels import Kernels
from jupyter_deploy.server.links import REFUSED, Link
from jupyter_deploy.server.processes import Processes
from jupyter_deploy.widgets.answers import error_of

LARGEST = 4 << 20
"""Bytes of a message from a browser; files are sent in pieces."""
_DONE = (1000, 1001)
"""How a browser closes a socket that it does not need any more: the view or the page was closed."""
_MESSAGES = ({"open", "view"}, {"ask", "id"}, {"taken"})
_KINDS = {"open": str, "view": str, "ask": str, "id": str, "part": str, "given": dict, "taken": int}
"""What may be in a message, and of which type."""


class Views:
    """The views that are open.

    Parameters
    ----------
    root : the server's root folder. kernels : whose interpreters answer.
    """

    def __init__(self, root: Path, kernels: Kernels) -> None:
        self.root = root
        self._kernels = kernels
        self._processes = Processes(root)
        self._links: dict[str, asyncio.Future[Link]] = {}

    async def open(self, kernel: str, folder: Path, wanted: Mapping[str, Any]) -> Link:
        """Open a view, or find it where its socket broke a moment ago.

        Parameters
        ----------
        kernel : by its name; empty for the default one. folder : where it works. wanted : the first message of a socket.

        Raises
        ------
        DeployError : it cannot be opened.
        """
        view = wanted["view"]
        if view in self._links:
            link = await asyncio.shield(self._links[view])
            await link.confirm(wanted.get("taken", 0))
            return link
        self._links[view] = asyncio.ensure_future(self._begin(kernel, folder, view, wanted))
        try:
            return await asyncio.shield(self._links[view])
        except DeployError:
            self._forget(view)
            raise

    async def close(self) -> None:
        """End all of them, and what answers for them."""
        self._links.clear()
        await self._processes.close()

    async def _begin(self, kernel: str, folder: Path, view: str, wanted: Mapping[str, Any]) -> Link:
        given = wanted.get("given", {})
        refuse_outside(self.root, folder, given)
        process = await self._processes.get(await self._kernels.interpreter(kernel), folder)
        link = Link(view, process, lambda: self._forget(view))
        await process.open(view, wanted["open"], given, link)
        return link

    def _forget(self, view: str) -> None:
        self._links.pop(view, None)


class ViewSocket(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """A browser that shows a view."""

    _link: Link | None = None

    def initialize(self, views: Views) -> None:
        """Take what all sockets share."""
        self._views = views

    @property
    def max_message_size(self) -> int:
        """What is longer closes the socket (1009)."""
        return LARGEST

    @ws_authenticated
    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Begin, for somebody who may run code."""
        if not await ensure_async(self.authorizer.is_authorized(self, self.current_user, "execute", "kernels")):
            raise HTTPError(403)
        await super().get(*args, **kwargs)

    async def on_message(self, message: str | bytes) -> None:
        """Take what the browser says, one after the other."""
        try:
            content = _read(message)
            if self._link is None:
                await self._show(content)
            elif "ask" in content:
                await self._ask(self._link, content)
            elif "taken" in content:
                await self._link.confirm(content["taken"])
        except DeployError as error:
            self._refuse(error)
        except RecursionError:  # of what is nested too deep
            self._refuse(_nonsense())

    def on_close(self) -> None:
        """Keep the view for a while, unless it was closed."""
        super().on_close()
        if self._link and self.close_code in _DONE:
            asyncio.ensure_future(self._link.close())  # noqa: RUF006  (what it waits for is held by the process)
        elif self._link:
            self._link.detach(self)

    def pass_on(self, content: Mapping[str, Any], buffers: tuple[bytes, ...] = ()) -> None:
        """Send something to the browser; nothing to one that is gone."""
        with contextlib.suppress(WebSocketClosedError):
            self._written(self.write_message(json.dumps({**content, "buffers": len(buffers)})))
            for each in buffers:
                self._written(self.write_message(each, binary=True))

    def leave(self, code: int) -> None:
        """Close the socket; what becomes of the view is known."""
        self._link = None
        self.close(code)

    async def _show(self, wanted: Mapping[str, Any]) -> None:
        if not {"open", "view"} <= wanted.keys():
            raise _nonsense()
        self._folder = self._wanted_folder()
        link = await self._views.open(self.get_query_argument("kernel", ""), self._folder, wanted)
        link.attach(self)
        self._link = link
        if self.ws_connection is None:  # it broke meanwhile
            self.on_close()

    def _refuse(self, error: DeployError) -> None:
        link = self._link
        self.pass_on({"refused": error_of(error)})
        self.leave(REFUSED)
        if link:
            link.detach(self)

    async def _ask(self, link: Link, question: Mapping[str, Any]) -> None:
        try:
            refuse_outside(self._views.root, self._folder, question.get("given", {}))
        except DeployError as error:
            link.take(Frame({"reply": question["id"], "error": error_of(error)}, (), 0))
        else:
            await link.ask(question)

    def _wanted_folder(self) -> Path:
        text = self.get_query_argument("folder", "").lstrip("/")
        folder = confined(self._views.root, text)
        if not os.path.isdir(folder):  # noqa: PTH112  (never fails)
            raise UserError(f"there is no folder '{text}'", remedy="see whether it was moved or deleted")
        return folder

    @staticmethod
    def _written(future: asyncio.Future[None]) -> None:
        """A socket that breaks meanwhile is no error."""
        future.add_done_callback(lambda done: done.cancelled() or done.exception())


def _read(message: str | bytes) -> dict[str, Any]:
    """What a browser said; UserError where it makes no sense."""
    try:
        content: dict[str, Any] = json.loads(message)
        is_known = all(isinstance(content[name], kind) for name, kind in _KINDS.items() if name in content)
        is_known = is_known and any(names <= content.keys() for names in _MESSAGES)
    except (ValueError, AttributeError, RecursionError):
        is_known = False
    if not is_known:
        raise _nonsense()
    return content


def _nonsense() -> UserError:
    return UserError("this is no message of a view", remedy="reload the page")
