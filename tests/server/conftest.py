"""A Jupyter server with the extension, in this process: panels that listen to it, and a browser that opens views over its WebSockets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

import pytest
from jupyter_server.serverapp import ServerApp
from pytest_jupyter.jupyter_server import *  # noqa: F403  (for this folder alone: it would begin a server's loop in every other test)
from tornado.httpclient import HTTPResponse

from jupyter_deploy import Workspace
from jupyter_deploy.server import feed
from tests.server.panels import Panel, connect
from tests.server.talking import Browser

Fetch = Callable[..., Awaitable[HTTPResponse]]
Listen = Callable[..., Awaitable[Panel]]


@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    return {
        "ServerApp": {
            "jpserver_extensions": {"jupyter_deploy.server": True, "jupyter_server_terminals": False},
            "allow_unauthenticated_access": False,
        }
    }


@pytest.fixture
def browser(
    jp_serverapp: ServerApp, jp_ws_fetch: Callable[..., Any], jp_asyncio_loop: asyncio.AbstractEventLoop
) -> Iterator[Browser]:
    """Opens views; what answers for them is ended with the test."""
    yield Browser(
        lambda kernel, folder: jp_ws_fetch("jupyter-deploy", "views", params={"kernel": kernel, "folder": folder})
    )
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
    monkeypatch.setattr(
        feed, "PATIENCE", 60.0
    )  # a look takes as long as it takes where others keep the processors busy
    panels: list[Panel] = []

    async def opened(path: str = "events", **headers: str) -> Panel:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        panels.append(await connect(jp_serverapp, jp_http_port, {**jp_auth_header, **given}, path))
        return panels[-1]

    yield opened
    for panel in panels:
        jp_asyncio_loop.run_until_complete(panel.close())
    jp_asyncio_loop.run_until_complete(jp_serverapp.cleanup_extensions())
