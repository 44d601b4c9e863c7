"""What server and browser tell each other, as JSON; ``labextension/src/documents.ts`` has the same names, fields and types.

Moments are seconds since the epoch. A text that is empty, or a list that is, stands for what is not there.
"""

from __future__ import annotations

from typing import Literal, TypedDict

ServiceState = Literal[
    "", "Transitioning", "Healthy", "Unhealthy", "Failed", "Unschedulable", "Deleting", "Stopped", "Unknown"
]
"""Empty before the service was looked at."""
ComputeState = Literal["asked", "reachable", "unreachable"]
OperationState = Literal["Running", "Succeeded", "Failed", "Cancelled"]


class Problem(TypedDict):
    """What happened, why, and what the person can do; the last two may be empty, and hold several lines."""

    what: str
    why: str
    remedy: str


class Refused(TypedDict):
    """Every answer with a status of 400 or more that is ours."""

    error: Problem


class ModelRow(TypedDict):
    """One version of a model; ``id`` is its key. ``usedBy`` names the services that serve it."""

    id: str
    name: str
    version: int
    description: str
    tags: dict[str, str]
    framework: str
    frameworkVersion: str
    size: int
    created: float
    createdBy: str
    usedBy: list[str]


class ServiceRow(TypedDict):
    """One service; ``name`` is its key.

    ``url`` is of its scoring, ``compute`` the cluster that it is on. ``operation`` is the id of the one under way on it.
    ``requestsPerSecond`` is null where it is not known. Where ``isElsewhere``, it belongs to another workspace folder, from which alone
    it can be changed.
    """

    name: str
    state: ServiceState
    error: str
    target: str
    compute: str
    url: str
    version: int | None
    models: list[str]
    description: str
    tags: dict[str, str]
    created: float
    updated: float
    requestsPerSecond: float | None
    operation: str
    canRollBack: bool
    isElsewhere: bool


class Room(TypedDict):
    """How many ``cpus`` the nodes of a cluster have, what they give to pods, and what of it no pod has asked for; null where others' pods
    may not be seen."""

    nodes: int
    cpus: float
    cpu: float
    memoryInGB: float
    freeCpu: float | None
    freeMemoryInGB: float | None


class ComputeRow(TypedDict):
    """One attached cluster; ``name`` is its key. ``error`` says why it is not reachable; ``room`` is the last that was seen."""

    name: str
    kind: str
    state: ComputeState
    error: str
    server: str
    namespace: str
    purpose: str
    room: Room | None
    services: list[str]


class OperationRow(TypedDict):
    """One operation that is under way, or ended a short while ago; ``id`` is its key.

    ``step`` is the name of the step that it is in, ``text`` the last thing that was said in it, ``error`` why it did not succeed.
    """

    id: str
    service: str
    kind: str
    state: OperationState
    step: str
    text: str
    error: str
    began: float
    ended: float | None


class Rows(TypedDict):
    """Rows of each list."""

    models: list[ModelRow]
    services: list[ServiceRow]
    computes: list[ComputeRow]
    operations: list[OperationRow]


class Keys(TypedDict):
    """Keys of rows of each list."""

    models: list[str]
    services: list[str]
    computes: list[str]
    operations: list[str]


class Snapshot(TypedDict):
    """All there is: the event ``snapshot``. ``workspace`` is its folder, or the address of a team's; there need not be one yet."""

    workspace: str
    rows: Rows
    problems: list[Problem]


class Changes(TypedDict):
    """What has changed since the event before: the event ``changes``. ``problems`` are all that there are now."""

    changed: Rows
    gone: Keys
    problems: list[Problem]


class ServiceAction(TypedDict):
    """What is to be done with a service: ``POST /jupyter-deploy/actions``."""

    action: Literal["rollback", "restart", "stop", "start", "delete", "cancel"]
    service: str


class ModelAction(TypedDict):
    """What is to be done with a version of a model, by its id: ``POST /jupyter-deploy/actions``."""

    action: Literal["delete"]
    model: str


class ComputeAction(TypedDict):
    """What is to be done with a compute: ``POST /jupyter-deploy/actions``."""

    action: Literal["detach"]
    compute: str


class Begun(TypedDict):
    """The answer to an action: the id of the operation that goes on; empty where there is none, since all is done."""

    operation: str


class Kernel(TypedDict):
    """A kernel whose interpreter may answer for views; ``name`` is its key, which a view is opened with.

    ``interpreter`` is its path, ``python`` its version, ``version`` that of jupyter_deploy there. ``problem`` says why it cannot be
    used, and ``remedy`` what to do; both are empty where it can.
    """

    name: str
    title: str
    isDefault: bool
    interpreter: str
    python: str
    version: str
    problem: str
    remedy: str
