"""The registry of base images: its address and a login, which have to be three texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_KEYS = ("address", "username", "password")


def registry_problems(found: Any, where: str) -> list[str]:
    """What is wrong with a registry as it was given, without quoting it, since it holds a password."""
    if found is None:
        return []
    is_whole = isinstance(found, Mapping) and set(found) == set(_KEYS)
    if not is_whole or not all(isinstance(found[key], str) and found[key] for key in _KEYS):
        return [f"{where} takes address, username and password, all three"]
    return [] if address_of(found) else [f"{where} has no host in its address"]


def address_of(registry: Mapping[str, str]) -> str:
    """The address as it stands in the names of images: the host, with a port where it has one."""
    host = registry["address"].strip().rpartition("://")[2].partition("/")[0]
    return "docker.io" if host == "index.docker.io" else host  # as Docker's own files name its hub
