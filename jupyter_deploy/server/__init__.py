"""The Jupyter server's extension: what JupyterLab's panel and views ask, over the same engine and workspace as every other face."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_deploy import __version__ as __version__  # shown by ``jupyter server extension list``

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """What a Jupyter server loads."""
    return [{"module": __name__}]


def _load_jupyter_server_extension(server_app: ServerApp) -> None:
    """Called by a Jupyter server that starts."""
    from jupyter_deploy.server.routes import add_routes

    add_routes(server_app)
