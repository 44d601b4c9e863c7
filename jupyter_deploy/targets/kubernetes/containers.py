"""The containers of a pod: which one counts, how it ended, and why, as far as the pod's status tells."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from jupyter_deploy.targets.kubernetes.kinds import Object
from jupyter_deploy.targets.kubernetes.names import CONTAINER, SERVING
from jupyter_deploy.targets.starting import GB, describe_limit
from jupyter_deploy.targets.verdict import verdict

_WRAPPERS = re.compile(r"rpc error: code = \w+ desc = |Error response from daemon: ")


def current(pod: Object) -> Object:
    """The container that counts: the first of those that run before the service and have not done so, else the one that serves."""
    status = pod.get("status", {})
    beside = {each["name"] for each in pod["spec"].get("initContainers", ()) if each.get("restartPolicy") == "Always"}
    for each in status.get("initContainerStatuses", ()):
        if each["name"] not in beside and each.get("state", {}).get("terminated", {}).get("exitCode") != 0:
            return each  # type: ignore[no-any-return]
    statuses = status.get("containerStatuses", ())
    return next((each for each in statuses if each["name"] in SERVING), {"name": CONTAINER})


def end_of(container: Object) -> Mapping[str, Any]:
    """How a container ended, or the one before it; empty where none has."""
    for state in ("state", "lastState"):
        if found := container.get(state, {}).get("terminated"):
            return found  # type: ignore[no-any-return]
    return {}


def cause_of(pod: Object, container: Object) -> str:
    """Why a container ended, in one line; what it printed last is in the pod's status."""
    end = end_of(container)
    message = end.get("message") or ""
    if end.get("reason") == "OOMKilled":
        return _exceeded(pod, container["name"])
    if found := verdict(message.splitlines()):
        return found.message
    if end.get("reason") == "ContainerCannotRun":
        return f"the container cannot be started: {detail(message)}"
    which = "the container" if container["name"] in SERVING else f"its init container {container['name']}"
    return f"{which} ended with exit code {end.get('exitCode')} ({end.get('reason', '')})"


def restarts_of(pod: Object) -> int:
    """How often the container that counts was started anew."""
    return int(current(pod).get("restartCount", 0))


def detail(message: str) -> str:
    """The first line of what a cluster says, without the names of those who passed it on.

    >>> detail("rpc error: code = Unknown desc = Error response from daemon: manifest unknown")
    'manifest unknown'
    """
    return _WRAPPERS.sub("", message).strip().partition("\n")[0]


def _exceeded(pod: Object, name: str) -> str:
    from kubernetes.utils import parse_quantity

    specs = [*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"]]
    limits = [each.get("resources", {}).get("limits", {}).get("memory") for each in specs if each["name"] == name]
    if not any(limits):
        return "its node had no memory left for it"
    return describe_limit(float(parse_quantity(limits[0])) / GB)  # type: ignore[no-untyped-call]  # the client has no types
