"""Where the engine keeps what belongs to a service."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_deploy.targets.base import Place
from jupyter_deploy.workspace.folder import WorkspaceFolder


def keys_name(service: str) -> str:
    """The name of the secret with a service's two keys."""
    return f"{service}.keys"


def place_of(folder: WorkspaceFolder, service: str, settings: Mapping[str, Any]) -> Place:
    """The place a target works in; with a keys file where the service asks for keys."""
    keys = folder.secrets.path(f"secret:{keys_name(service)}") if settings.get("authEnabled") else None
    return Place(folder.id, service, folder.service_folder(service), keys)


def bundle_folder(folder: WorkspaceFolder, service: str, bundle: str) -> Path:
    """The folder of one bundle of a service."""
    return folder.service_folder(service) / "bundles" / bundle
