"""The registry of base images: its address and a login, given as such or by the name of a variable that holds it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_deploy.config.credentials import from_variable

_FORMS = ({"address", "username", "password"}, {"address", "credentials"})


def registry_problems(found: Any, where: str) -> list[str]:
    """What is wrong with a registry as it was given, without quoting it, since it holds a password."""
    if found is None:
        return []
    is_whole = isinstance(found, Mapping) and set(found) in _FORMS
    if not is_whole or not all(isinstance(value, str) and value for value in found.values()):
        return [
            f"{where} takes address, username and password, all three;"
            " or address and credentials, the name of an environment variable that holds user:password"
        ]
    return [] if address_of(found) else [f"{where} has no host in its address"]


def address_of(registry: Mapping[str, str]) -> str:
    """The address as it stands in the names of images: the host, with a port where it has one."""
    host = registry["address"].strip().rpartition("://")[2].partition("/")[0]
    return "docker.io" if host == "index.docker.io" else host  # as Docker's own files name its hub


def login_of(registry: Mapping[str, str]) -> dict[str, str]:
    """The username and the password.

    Raises
    ------
    UserError : the variable that is named does not hold them.
    """
    if "credentials" in registry:
        return from_variable(registry["credentials"])
    return {"username": registry["username"], "password": registry["password"]}
