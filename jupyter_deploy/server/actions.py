"""What rows of the panel can have done with them: begun at once, or refused in words."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from jupyter_deploy.config.names import check_compute_name, check_model_name, check_service_name
from jupyter_deploy.engine import changes, computes
from jupyter_deploy.engine.models import delete_model, find_model
from jupyter_deploy.engine.operations import newest, require_idle
from jupyter_deploy.engine.services import find_service
from jupyter_deploy.errors import Conflict, Elsewhere, UserError
from jupyter_deploy.server.documents import Begun
from jupyter_deploy.server.handlers import DocumentHandler
from jupyter_deploy.server.watched import open_in
from jupyter_deploy.workspace.folder import WorkspaceFolder

LARGEST = 64 * 1024
"""Bytes of a request."""

Act = Callable[[WorkspaceFolder, str], str]
"""Does something with what has a name; returns the id of the operation that goes on, empty where all is done."""


class ActionsHandler(DocumentHandler):
    """Begins actions."""

    def initialize(self, root: Path) -> None:
        """Take what the routes give: the server's root folder."""
        self._root = root

    @authenticated
    @authorized
    async def post(self) -> None:
        """Begin what the body asks for."""
        body = self.request.body
        await self.answer(lambda: act(open_in(self._root), _read(body)))


def act(folder: WorkspaceFolder, asked: Mapping[str, Any]) -> Begun:
    """Begin an action.

    Parameters
    ----------
    asked : a document ``ServiceAction``, ``ModelAction`` or ``ComputeAction``.

    Raises
    ------
    UserError : it is none of these. DeployError : it is refused, or could not be begun.
    """
    kinds = asked.keys() & _ACTIONS.keys()
    if (
        len(kinds) != 1
        or asked.keys() != {"action", *kinds}
        or not all(isinstance(each, str) for each in asked.values())
    ):
        raise UserError(
            "the request is no action", "it names an action and one of service, model and compute, as texts", _EXAMPLE
        )
    [kind] = kinds
    known = _ACTIONS[kind]
    if asked["action"] not in known:
        raise UserError(
            f"nothing is called {asked['action']!r} that is done with a {kind}", f"there is {', '.join(known)}"
        )
    return {"operation": known[asked["action"]](folder, asked[kind])}


def _begin(change: Callable[[WorkspaceFolder, str], changes.Begun], *, waits: bool = False) -> Act:
    """A change to a service; one that ``waits`` ends by itself what is under way, others are refused meanwhile."""

    def begun(folder: WorkspaceFolder, name: str) -> str:
        _require_here(folder, name)
        if not waits:
            require_idle(folder, name)
        operation = change(folder, name).operation
        return operation.record.id if operation else ""

    return begun


def _cancel(folder: WorkspaceFolder, name: str) -> str:
    _require_here(folder, name)
    operation = newest(folder, name)
    if operation is None or not operation.cancel():
        raise Conflict(f"nothing is under way on '{name}'", remedy="what was begun has ended meanwhile")
    return operation.record.id


def _delete_model(folder: WorkspaceFolder, model: str) -> str:
    check_model_name(model.partition(":")[0])
    record = find_model(folder, model)
    if record.id != model:
        raise UserError(f"'{model}' is no version of a model", remedy=f"give name:version, as {record.id}")
    delete_model(folder, record)
    return ""


def _detach(folder: WorkspaceFolder, compute: str) -> str:
    computes.detach(folder, check_compute_name(compute))
    return ""


def _require_here(folder: WorkspaceFolder, name: str) -> None:
    """Refuse a service that is not there, or elsewhere, without asking where it runs, which may hang."""
    record = folder.services.get(check_service_name(name))
    if record is None:
        find_service(folder, name)  # which says so, with the nearest
    elif record.is_elsewhere(folder.id):
        raise Elsewhere(name, record.where)


def _read(body: bytes) -> Mapping[str, Any]:
    problem = f"it has {len(body)} bytes, at most {LARGEST} are read" if len(body) > LARGEST else ""
    document: object = None
    try:
        document = None if problem else json.loads(body)
    except (ValueError, RecursionError) as error:
        problem = str(error)
    if not isinstance(document, dict):
        raise UserError("the request is no JSON object", problem, _EXAMPLE)
    return document


_EXAMPLE = 'send, for example, {"action": "restart", "service": "diabetes"}'
_ACTIONS: Mapping[str, Mapping[str, Act]] = {
    "service": {
        "rollback": _begin(changes.rollback),
        "restart": _begin(changes.restart),
        "stop": _begin(changes.stop),
        "start": _begin(changes.start),
        "delete": _begin(changes.delete, waits=True),
        "cancel": _cancel,
    },
    "model": {"delete": _delete_model},
    "compute": {"detach": _detach},
}
"""By what it is done with, and by its name."""
