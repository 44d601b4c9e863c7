"""What a service's Secrets have: its keys, certificate and other secrets, and the login with which nodes pull its image."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping

from jupyter_deploy.targets.base import Place
from jupyter_deploy.targets.kubernetes.scaling import KEY

REVISION = "revision"
"""The option that names to the server the file which is another one whenever the rest is."""
PULL_SECRET = "kubernetes.io/dockerconfigjson"  # noqa: S105  (a type)
_FILES = ("keys", "certificate", "secrets")
"""What a place may have of a service's secrets, by the options that name them to the server."""


def secrets_of(place: Place) -> dict[str, bytes]:
    """What a service's Secret has now, by the options that name each to the server; with a revision that is never the same again."""
    given = {name: getattr(place, name) for name in _FILES}
    found = {name: path.read_bytes() for name, path in given.items() if path is not None}
    return {**found, REVISION: str(time.time_ns()).encode()} if found else {}


def data_of(secrets: Mapping[str, bytes]) -> dict[str, str]:
    """The data of that Secret: a file for each, and the primary key by itself, with which whoever sees to the cluster has metrics read."""
    files = {f"{option}.json": text for option, text in secrets.items()}
    held = json.loads(secrets.get("keys") or "{}")
    key = {KEY: held["primaryKey"].encode()} if "primaryKey" in held else {}
    return _encoded({**files, **key})


def pull_data(login: bytes) -> dict[str, str]:
    """The data of the Secret with a login for nodes."""
    return _encoded({".dockerconfigjson": login})


def _encoded(data: Mapping[str, bytes]) -> dict[str, str]:
    return {name: base64.b64encode(text).decode() for name, text in data.items()}
