"""The secret options of a service other than its keys: kept in the secrets folder, known elsewhere by nothing but their place."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from jupyter_deploy.config.options import Options
from jupyter_deploy.engine.places import secrets_name
from jupyter_deploy.errors import ConfigError, NotFound
from jupyter_deploy.workspace.folder import WorkspaceFolder

_KEYS = "keys."  # kept by keys.py, which changes them one at a time
_CONNECTION = "appInsightsConnectionString"
_VARIABLE = "APPLICATIONINSIGHTS_CONNECTION_STRING"


def provide_secrets(folder: WorkspaceFolder, service: str, settings: Mapping[str, Any], options: Options) -> None:
    """Keep the secret options that are given; those that are held already stay.

    Raises
    ------
    ConfigError : one that the settings need is neither given nor held.
    """
    wanted = wanted_secrets(folder, service, settings, options)
    if wanted != held_secrets(folder, secrets_name(service)):
        folder.secrets.put(secrets_name(service), wanted)


def wanted_secrets(
    folder: WorkspaceFolder, service: str, settings: Mapping[str, Any], options: Options
) -> dict[str, Any]:
    """What is held, with what is given, and what the settings need besides; parameters and errors as of :func:`provide_secrets`."""
    wanted = {**held_secrets(folder, secrets_name(service)), **_given(options)}
    if settings.get("appInsightsEnabled") and not wanted.get(_CONNECTION):
        wanted[_CONNECTION] = _from_variables()
    return wanted


def brings_secrets(folder: WorkspaceFolder, service: str, options: Options) -> bool:
    """Whether secret options are given that are not those the service has."""
    held = held_secrets(folder, secrets_name(service))
    return any(held.get(name) != value for name, value in _given(options).items())


def _given(options: Options) -> dict[str, str]:
    rows = (row for row in options.rows() if row.secret and not row.json.startswith(_KEYS))
    return {row.json: value for row in rows if (value := getattr(options, row.name))}


def _from_variables() -> str:
    """The connection string of this process's environment; a service started later from elsewhere needs it too."""
    if text := os.environ.get(_VARIABLE):
        return text
    if key := os.environ.get("AML_APP_INSIGHTS_KEY"):
        return f"InstrumentationKey={key}"
    raise ConfigError(
        ["enable_app_insights needs a connection string"],
        remedy=f"give app_insights_connection_string, or set {_VARIABLE}; the Azure portal shows it on the resource's first page",
    )


def held_secrets(folder: WorkspaceFolder, name: str) -> dict[str, Any]:
    """What a secret of a service holds; nothing where it was never kept."""
    try:
        held = folder.secrets.get(f"secret:{name}")
    except NotFound:
        return {}
    assert isinstance(held, dict)  # as those are that are kept for services
    return held
