"""Which handler answers where, below ``/jupyter-deploy/``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_server.utils import url_path_join

if TYPE_CHECKING:
    from jupyter_server.base.handlers import JupyterHandler
    from jupyter_server.serverapp import ServerApp

HANDLERS: list[tuple[str, type[JupyterHandler]]] = []
"""The path of each handler, as a regular expression, below ``/jupyter-deploy/``."""


def add_routes(server_app: ServerApp) -> None:
    """Add the handlers to a server.

    Parameters
    ----------
    server_app : which begins to serve.
    """
    base = url_path_join(server_app.base_url, "jupyter-deploy")
    server_app.web_app.add_handlers(".*$", [(f"{base}/{path}", handler) for path, handler in HANDLERS])  # type: ignore[no-untyped-call]
