"""Where the Docker Engine listens, found as Docker's own tools find it: ``DOCKER_HOST``, or else the context that is in use."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit

_LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})


def client_settings() -> dict[str, Any]:
    """What the SDK's client takes: ``base_url``, and ``tls`` where it is given.

    Raises
    ------
    DockerException : there is no such context, or it cannot be read; certificates are missing.
    """
    from docker.context import ContextAPI
    from docker.errors import DockerException
    from docker.utils import kwargs_from_env

    given: dict[str, Any] = {**kwargs_from_env()}
    if "base_url" in given:
        return given
    name = context_in_use()
    try:
        context = ContextAPI.get_context(name)
    except Exception as error:  # the SDK's own class for a file that cannot be read is none of its own
        raise DockerException(str(error)) from None
    if context is None:
        raise DockerException(f"there is no Docker context '{name}'")
    tls = {"tls": context.TLSConfig} if context.TLSConfig else {}
    return {"base_url": context.Host, **tls, **given}


def context_in_use() -> str:
    """The name of Docker's context that says where the engine is; ``default`` where ``DOCKER_HOST`` does, as Docker has it."""
    from docker.context.config import get_current_context_name

    if os.environ.get("DOCKER_HOST"):
        return "default"
    return os.environ.get("DOCKER_CONTEXT") or str(get_current_context_name())


def address() -> str:
    """Where it listens; empty where that cannot be found out."""
    from docker.errors import DockerException

    if named := os.environ.get("DOCKER_HOST"):
        return named
    try:
        return str(client_settings()["base_url"])
    except DockerException:
        return ""


def machine_of(address: str) -> str:
    """The name or address of the machine that an engine is on; empty for this one.

    >>> machine_of("tcp://build.example.org:2376"), machine_of("tcp://127.0.0.1:2376"), machine_of("unix:///var/run/docker.sock")
    ('build.example.org', '', '')
    """
    parts = urlsplit(address)
    host = "" if parts.scheme in ("unix", "npipe", "http+unix") else parts.hostname or ""
    return "" if host in _LOCAL else host
