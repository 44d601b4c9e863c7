"""A service as a document, as a row of a table, and as the facts that its representation shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_deploy.engine.locking import served_lock
from jupyter_deploy.engine.services import ServiceView
from jupyter_deploy.errors import NotFound
from jupyter_deploy.sdk.packages import environment_details

if TYPE_CHECKING:
    from jupyter_deploy.sdk.webservice import Webservice


def summary(view: ServiceView) -> dict[str, Any]:
    """Return the most important of a service, in the original's keys (azureml-v1 4.6)."""
    record = view.record
    return {
        "name": record.name, "state": view.status.state, "error": view.status.error or None, "computeType": record.target,
        "scoringUri": record.scoring_uri, "updatedTime": record.updated_time.isoformat(), "version": record.current,
        "modelIds": list(view.current.models) if view.current else [], "tags": record.tags, "properties": record.properties,
    }  # fmt: skip


def document(service: Webservice, view: ServiceView) -> dict[str, Any]:
    """Return a service as a JSON document, in the same keys; no secrets."""
    record, settings = view.record, view.settings
    return {
        **summary(view), "description": record.description, "createdTime": record.created_time.isoformat(),
        "createdBy": record.created_by, "workspaceName": service.workspace.name, "swaggerUri": swagger_uri(record.scoring_uri),
        "authEnabled": bool(settings.get("authEnabled")), "tokenAuthEnabled": bool(settings.get("tokenAuthEnabled")),
        "sslEnabled": bool(settings.get("sslEnabled")), "deploymentConfig": record.options,
        "environmentDetails": environment_details(served_lock(service.workspace.folder, view)),
        **service.details(view),
    }  # fmt: skip


def swagger_uri(scoring_uri: str | None) -> str | None:
    """Return where a service's OpenAPI description is; None before it has an address."""
    return scoring_uri.removesuffix("/score") + "/swagger.json" if scoring_uri else None


def row(view: ServiceView) -> dict[str, Any]:
    """Return a service as one row of a table."""
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
    found = row(view)
    del found["name"]
    reach = {"reach": view.status.details["reach"]} if "reach" in view.status.details else {}
    return {**found, **reach, "tags": dict(view.record.tags)}
