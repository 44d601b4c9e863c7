"""Models as services see them: found by what a user types, and kept while a service needs them."""

from __future__ import annotations

import difflib
import re
import shutil

from jupyter_deploy.engine.services import bundles_using, find_service, needed_scripts
from jupyter_deploy.errors import InUse, ModelNotFound, UserError
from jupyter_deploy.workspace.folder import WorkspaceFolder
from jupyter_deploy.workspace.records import ModelRecord

_VERSION = re.compile(r"[0-9]{1,9}")


def find_model(folder: WorkspaceFolder, wanted: str) -> ModelRecord:
    """Find a model by ``name`` (the newest version) or ``name:version``.

    Raises
    ------
    ModelNotFound : there is none; near names and the versions that exist are named.
    """
    name, _, version = wanted.partition(":")
    if version and not _VERSION.fullmatch(version):
        raise UserError(
            f"'{wanted}' is no model id",
            "an id is name:version, with a whole number",
            "list the models to see what there is",
        )
    record = folder.models.get(name, int(version) if version else None)
    if record is None:
        raise ModelNotFound(
            f"there is no model '{wanted}' in the workspace {folder.path}",
            _near(folder, name),
            "list the models to see what there is",
        )
    return record


def _near(folder: WorkspaceFolder, name: str) -> str:
    versions = [str(model.version) for model in folder.models.list(name=name)]
    if versions:
        return f"'{name}' has the versions {', '.join(sorted(versions, key=int))}"
    close = difflib.get_close_matches(name, folder.models.names(), n=1)
    return f"did you mean '{close[0]}'?" if close else ""


def users_of(folder: WorkspaceFolder, model_id: str) -> tuple[str, ...]:
    """The services that need a model now: it serves, a rollback would return to it, or an operation is bringing it up."""
    needing = []
    for name in sorted({service for service, _ in folder.services.users_of(model_id)}):
        view = find_service(folder, name)
        if any(model_id in version.models for version in view.needed):
            needing.append(name)
    return tuple(needing)


def delete_model(folder: WorkspaceFolder, model: ModelRecord) -> int:
    """Delete one version of a model; its number is never used again.

    Returns
    -------
    int : bytes freed on disk.

    Raises
    ------
    InUse : services need it; they are named.
    """
    from jupyter_deploy.models import delete

    if services := users_of(folder, model.id):
        raise InUse(
            f"model {model.id} is in use by {', '.join(services)}",
            "it serves there, or a rollback would return to it",
            "update or delete these services first",
        )
    for service in {service for service, _ in folder.services.users_of(model.id)}:
        for bundle in bundles_using(folder, service, model.id):
            shutil.rmtree(bundle, ignore_errors=True)  # of versions that nothing returns to; their history stays
    return delete(folder, model, lambda: needed_scripts(folder))
