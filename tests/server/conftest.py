"""A Jupyter server with the extension, in this process: panels that listen to it, and views opened over its WebSockets."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from jupyter_server.serverapp import ServerApp
from pytest_jupyter.jupyter_server import *  # noqa: F403  (for this folder alone: it would begin a server's loop in every other test)
from tornado.httpclient import HTTPResponse
from tornado.websocket import WebSocketClientConnection

from jupyter_deploy import InferenceConfig, Model, ProcessWebservice, Webservice, Workspace
from tests.helpers import register_text, take_away, write_script
from tests.server.panels import Panel, connect

Message = dict[str, Any]
Fetch = Callable[..., Awaitable[HTTPResponse]]
Listen = Callable[..., Awaitable[Panel]]
OWN = "@server"
"""The name of the server's own interpreter."""


@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    return {
        "ServerApp": {
            "jpserver_extensions": {"jupyter_deploy.server": True, "jupyter_server_terminals": False},
            "allow_unauthenticated_access": False,
        }
    }


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Webservice]:
    """A live service that echoes and needs a key, for the tests of a module that leave it as it is."""
    folder = tmp_path_factory.mktemp("live")
    workspace = Workspace(folder / "workspace")
    target = ProcessWebservice.deploy_configuration(auth_enabled=True)
    service = Model.deploy(
        workspace, "noisy", [register_text(workspace)], InferenceConfig(str(write_script(folder))), target
    )
    service.wait_for_deployment()
    yield service
    take_away(workspace)


class OpenView:
    """A view as a browser has it.

    Parameters
    ----------
    socket : its WebSocket. view : its id.
    """

    def __init__(self, socket: WebSocketClientConnection, view: str) -> None:
        self._socket, self.view = socket, view
        self._ids = 0
        self._seen: list[Message] = []
        self.buffers: list[bytes] = []

    async def send(self, **content: Any) -> None:
        await self._socket.write_message(json.dumps(content))

    async def ask(self, what: str, part: str = "", **given: Any) -> Any:
        """Ask, and take the answer; what is told meanwhile is kept."""
        self._ids += 1
        await self.send(ask=what, part=part, id=f"q{self._ids}", given=given)
        message = await self.until(lambda one: one.get("reply") == f"q{self._ids}")
        assert "error" not in message, message
        return message["answer"]

    async def told(self, what: str, part: str = "") -> Message:
        return await self.until(lambda one: one.get("told") == what and one["part"] == part)

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
        read = await asyncio.wait_for(self._socket.read_message(), 30)
        assert isinstance(read, str), (read, self._socket.close_code, self._socket.close_reason)
        message: Message = json.loads(read)
        for _ in range(message.pop("buffers")):
            self.buffers.append(await self._socket.read_message())
        if "n" in message:
            await self.send(taken=message["n"])
        return message


Open = Callable[..., Any]


@pytest.fixture
def open_view(
    jp_serverapp: ServerApp, jp_ws_fetch: Callable[..., Any], jp_asyncio_loop: asyncio.AbstractEventLoop
) -> Iterator[Open]:
    """Call it with a kind of view, and what is given to it, for an open one; ``async with``."""

    @asynccontextmanager
    async def opened(kind: str, kernel: str = OWN, folder: str = "", **given: Any) -> AsyncIterator[OpenView]:
        socket = await jp_ws_fetch("jupyter-deploy", "views", params={"kernel": kernel, "folder": folder})
        view = OpenView(socket, uuid.uuid4().hex)
        await view.send(open=kind, view=view.view, given=given)
        try:
            yield view
        finally:
            socket.close(1000)

    yield opened
    jp_asyncio_loop.run_until_complete(jp_serverapp.cleanup_extensions())


@pytest.fixture
def listen(
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    jp_serverapp: ServerApp,
    jp_fetch: Fetch,
    jp_http_port: int,
    jp_auth_header: Mapping[str, str],
    jp_asyncio_loop: asyncio.AbstractEventLoop,
) -> Iterator[Listen]:
    """Call it for a panel that listens to a server of this workspace; headers and the path may be given."""
    monkeypatch.setenv("JUPYTER_DEPLOY_WORKSPACE", str(workspace.path))
    panels: list[Panel] = []

    async def opened(path: str = "events", **headers: str) -> Panel:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        panels.append(await connect(jp_serverapp, jp_http_port, {**jp_auth_header, **given}, path))
        return panels[-1]

    yield opened
    for panel in panels:
        jp_asyncio_loop.run_until_complete(panel.close())
    jp_asyncio_loop.run_until_complete(jp_serverapp.cleanup_extensions())
