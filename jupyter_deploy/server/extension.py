"""The extension as a Jupyter server loads it, and ends it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from jupyter_server.extension.application import ExtensionApp

from jupyter_deploy.server.feed import Feed
from jupyter_deploy.server.kernels import Kernels
from jupyter_deploy.server.lists import Lists
from jupyter_deploy.server.routes import conversation_routes, list_routes
from jupyter_deploy.server.views import Views

PATIENCE = 1.0
"""Seconds that the server's end waits for streams to end."""


class DeployExtension(ExtensionApp):
    """Adds the handlers to a server that starts, and closes what is open where it ends."""

    name = "jupyter_deploy"

    def initialize_handlers(self) -> None:
        """Add the handlers."""
        server = self.serverapp
        assert server is not None and server.kernel_spec_manager is not None  # whose extension this is
        root = Path(server.root_dir)
        kernels = Kernels(
            server.kernel_spec_manager,
            server.kernel_manager.default_kernel_name,
            server.gateway_config.gateway_enabled,
        )
        self.views = Views(root, kernels)
        lists = Lists(root)
        self.feed = Feed(lists)
        routes = [*conversation_routes(root, kernels, self.views), *list_routes(root, lists, self.feed)]
        self.handlers.extend((f"/jupyter-deploy/{path}", handler, given) for path, handler, given in routes)

    async def stop_extension(self) -> None:
        """End the streams, each with its last byte, and what answers for views."""
        self.feed.close()
        until = time.monotonic() + PATIENCE
        while self.feed.is_heard and time.monotonic() < until:
            await asyncio.sleep(0.01)
        await self.views.close()
