"""Where the engine keeps what belongs to a service."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_deploy.targets.base import Place
from jupyter_deploy.workspace.folder import WorkspaceFolder
from jupyter_deploy.workspace.records import ComputeRecord

COMPUTE = "computeTargetName"
"""The option, by its JSON name, in which a service names its compute."""
_OF_THIS_MACHINE = ("file:", "local:", "memory:")
PACKING = ".package-"
"""How the names of folders begin in which packages are made; there while somebody adds to the workspace's files."""


def keys_name(service: str) -> str:
    """The name of the secret with a service's two keys, or the secrets of its tokens."""
    return f"{service}.keys"


def certificate_name(service: str) -> str:
    """The name of the secret with a service's certificate and its key."""
    return f"{service}.tls"


def secrets_name(service: str) -> str:
    """The name of the secret with a service's other secret options."""
    return f"{service}.secrets"


def logins_name(service: str) -> str:
    """The name of the secret with the logins of the registries that a service's base images come from."""
    return f"{service}.logins"


def place_of(
    folder: WorkspaceFolder,
    service: str,
    settings: Mapping[str, Any],
    options: Mapping[str, Any],
    computes: Mapping[str, ComputeRecord] | None = None,
) -> Place:
    """The place a target works in; with a keys file where the service asks for keys or tokens, a certificate where it answers over TLS,
    its other secrets and the logins of registries where it has any, and its compute where its options name one.

    Parameters
    ----------
    computes : by name, where they were read already.
    """
    find = folder.computes.get if computes is None else computes.get
    compute = find(options[COMPUTE]) if COMPUTE in options else None
    is_guarded = settings.get("authEnabled") or settings.get("tokenAuthEnabled")
    keys = folder.secrets.path(f"secret:{keys_name(service)}") if is_guarded else None
    tls = folder.secrets.path(f"secret:{certificate_name(service)}") if settings.get("sslEnabled") else None
    secrets, logins = (folder.secrets.path(f"secret:{name(service)}") for name in (secrets_name, logins_name))
    return Place(
        folder.id, service, folder.service_folder(service), keys, tls, secrets if secrets.exists() else None,
        logins if logins.exists() else None, collected_folder(folder), compute.document if compute else None, store_of(folder),
    )  # fmt: skip


def store_of(folder: WorkspaceFolder) -> str:
    """The URL below which the files of models are under their SHA-256; empty where nobody but this machine has them."""
    remote = folder.files.remote
    return "" if remote is None or remote.address.startswith(_OF_THIS_MACHINE) else remote.url


def collected_folder(folder: WorkspaceFolder) -> Path:
    """Where services keep collected data that are given no other place; it outlives them."""
    return folder.path / "collected"


def bundle_folder(folder: WorkspaceFolder, service: str, bundle: str) -> Path:
    """The folder of one bundle of a service."""
    return folder.service_folder(service) / "bundles" / bundle
