"""Which handler answers where, below ``/jupyter-deploy/``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_deploy.server.actions import ActionsHandler
from jupyter_deploy.server.events import EventsHandler
from jupyter_deploy.server.handlers import ListHandler
from jupyter_deploy.server.kernels import KernelsHandler
from jupyter_deploy.server.lists import KEYS
from jupyter_deploy.server.proxy import ServiceHandler
from jupyter_deploy.server.views import ViewSocket

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_server.base.handlers import JupyterHandler

    from jupyter_deploy.server.feed import Feed
    from jupyter_deploy.server.kernels import Kernels
    from jupyter_deploy.server.lists import Lists
    from jupyter_deploy.server.views import Views

Route = tuple[str, "type[JupyterHandler]", dict[str, Any]]
"""The path of a handler, as a regular expression, below ``/jupyter-deploy/``; the handler; and what it is made with."""


def conversation_routes(root: Path, kernels: Kernels, views: Views) -> list[Route]:
    """What talks to others: to processes that answer for views, and to services.

    Parameters
    ----------
    root : the server's root folder. kernels : whose interpreters answer. views : that are open.
    """
    return [
        ("kernels", KernelsHandler, {"kernels": kernels}),
        ("views", ViewSocket, {"views": views}),
        ("services/([^/]+)/(.*)", ServiceHandler, {"root": root}),
    ]


def list_routes(root: Path, lists: Lists, feed: Feed) -> list[Route]:
    """What shows and changes the workspace: lists, their events, actions.

    Parameters
    ----------
    root : the server's root folder. lists : of its workspace. feed : of these.
    """
    return [
        (f"({'|'.join(KEYS)})", ListHandler, {"lists": lists}),
        ("events", EventsHandler, {"feed": feed}),
        ("actions", ActionsHandler, {"root": root}),
    ]
