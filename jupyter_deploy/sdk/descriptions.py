"""A service as a document, as a row of a table, and as the facts that its representation shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_deploy.engine.locking import served_lock
from jupyter_deploy.errors import NotFound
from jupyter_deploy.sdk.packages import environment_details

if TYPE_CHECKING:
    from jupyter_deploy.engine.services import ServiceView
    from jupyter_deploy.sdk.webservice import Webservice


def document(service: Webservice) -> dict[str, Any]:
    """Return a service as a JSON document, in the original's keys (azureml-v1 4.6); no secrets."""
    view = service.view
    record = view.record
    return {
        "name": record.name, "description": record.description, "tags": record.tags, "properties": record.properties,
        "state": view.status.state, "error": view.status.error or None, "createdTime": record.created_time.isoformat(),
        "updatedTime": record.updated_time.isoformat(), "createdBy": record.created_by,
        "computeType": service.compute_type or record.target, "workspaceName": service.workspace.name,
        "scoringUri": record.scoring_uri, "swaggerUri": service.swagger_uri, "version": record.current,
        "modelIds": list(view.current.models) if view.current else [],
        "authEnabled": service.auth_enabled, "tokenAuthEnabled": service.token_auth_enabled, "sslEnabled": service.ssl_enabled,
        "deploymentConfig": record.options,
        "environmentDetails": environment_details(served_lock(service.workspace.folder, view)),
    }  # fmt: skip


def row(service: Webservice) -> dict[str, Any]:
    """Return a service as one row of a table."""
    return _row(service.view)


def _row(view: ServiceView) -> dict[str, Any]:
    return {
        "name": view.record.name, "state": view.status.state, "target": view.record.target, "version": view.record.current,
        "models": view.current.models if view.current else (), "scoring_uri": view.record.scoring_uri, "error": view.status.error,
    }  # fmt: skip


def facts(service: Webservice) -> dict[str, Any]:
    """Return what is shown of a service beside its name; of one that was deleted since, that it was."""
    try:
        view = service.view
    except NotFound:
        return {"state": "deleted"}
    found = _row(view)
    del found["name"]
    reach = {"reach": view.status.details["reach"]} if "reach" in view.status.details else {}
    return {**found, **reach, "tags": dict(view.record.tags)}
