"""How much room a cluster has: what its nodes give to pods, and what pods have asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.compute import FAST_PROD, Compute
from jupyter_deploy.targets.kubernetes.connecting import SOON
from jupyter_deploy.targets.kubernetes.kinds import Object, path_of

_PAGE = "500"
_GIBI = 2**30
_ENDED = "status.phase!=Succeeded,status.phase!=Failed"
_LEAST_CPUS, _LEAST_NODES = 12, 3
"""What a cluster for production has at least (azureml-v1 5)."""


@dataclass(frozen=True)
class Room:
    """The room of a cluster.

    Parameters
    ----------
    nodes : that take pods. cpus : that they have. cpu, memory_gb : what they give to pods.
    free_cpu, free_memory_gb : what no pod has asked for; None where others' pods may not be seen.
    """

    nodes: int
    cpus: float
    cpu: float
    memory_gb: float
    free_cpu: float | None
    free_memory_gb: float | None

    def __str__(self) -> str:
        nodes = f"{self.nodes} node{'' if self.nodes == 1 else 's'}"
        if self.free_cpu is None:
            return f"{nodes} with {self.cpu:g} CPUs and {self.memory_gb:g} GB; what of it is free cannot be seen"
        return f"{self.free_cpu:g} of {self.cpu:g} CPUs and {self.free_memory_gb:g} of {self.memory_gb:g} GB free on {nodes}"

    def to_json(self) -> dict[str, float | None]:
        """Write it as a JSON document, in the words of the options."""
        return {
            "nodes": self.nodes, "cpus": self.cpus, "cpu": self.cpu, "memoryInGB": self.memory_gb,
            "freeCpu": self.free_cpu, "freeMemoryInGB": self.free_memory_gb,
        }  # fmt: skip


def room_now(compute: Compute) -> Room | None:
    """Ask an attached cluster what room it has now; None where its nodes may not be seen.

    Raises
    ------
    TargetError : it does not answer soon.
    """
    with Cluster(compute, within=SOON) as cluster:
        cluster.get("/version")  # which everybody may see: whether it answers at all
        return room_of(cluster)


def recorded_room(compute: Compute) -> Room | None:
    """The room that a cluster had when it was attached; None where its nodes could not be seen."""
    return Room(**compute.found["room"]) if compute.found.get("room") else None


def room_of(cluster: Cluster) -> Room | None:
    """Ask a cluster for its room; None where its nodes may not be seen."""
    try:
        nodes = [each for each in _all(cluster, "Node") if _takes_pods(each)]
    except TargetError:
        return None
    pods: list[Object] | None
    try:
        names = {each["metadata"]["name"] for each in nodes}
        pods = [each for each in _all(cluster, "Pod", fieldSelector=_ENDED) if each["spec"].get("nodeName") in names]
    except TargetError:
        pods = None
    return measured(nodes, pods)


def measured(nodes: Sequence[Object], pods: Sequence[Object] | None) -> Room:
    """Add up what nodes have and pods ask for; ``pods`` is None where they may not be seen."""
    cpu, memory = (sum(_quantity(each["status"]["allocatable"][what]) for each in nodes) for what in ("cpu", "memory"))
    cpus = sum(_quantity(each["status"]["capacity"]["cpu"]) for each in nodes)
    free_cpu, free_memory = (
        (None, None)
        if pods is None
        else (total - sum(_asked(pod, what) for pod in pods) for total, what in ((cpu, "cpu"), (memory, "memory")))
    )
    return Room(
        len(nodes), float(cpus), round(float(cpu), 2), _gigabytes(memory),
        None if free_cpu is None else round(float(free_cpu), 2), None if free_memory is None else _gigabytes(free_memory),
    )  # fmt: skip


def production_problems(room: Room | None, purpose: str) -> list[str]:
    """What a cluster lacks of what it is for; nothing where it is for development, or its nodes may not be seen."""
    if purpose != FAST_PROD or room is None:
        return []
    problems = []
    if room.cpus < _LEAST_CPUS:
        problems.append(f"it has {room.cpus:g} CPUs, and takes at least {_LEAST_CPUS}")
    if room.nodes < _LEAST_NODES:
        problems.append(f"it has {room.nodes} node{'' if room.nodes == 1 else 's'}, and takes at least {_LEAST_NODES}")
    return problems


def _all(cluster: Cluster, kind: str, **query: str) -> Iterator[Object]:
    rest = ""
    while True:
        page = cluster.get(path_of(kind), limit=_PAGE, **query, **({"continue": rest} if rest else {}))
        yield from page["items"]
        rest = page["metadata"].get("continue", "")
        if not rest:
            return


def _takes_pods(node: Object) -> bool:
    conditions = {each["type"]: each["status"] for each in node["status"].get("conditions", ())}
    return conditions.get("Ready") == "True" and not node["spec"].get("unschedulable")


def _asked(pod: Object, what: str) -> Decimal:
    """What is kept for a pod: what its containers ask for together, or one of those before them alone where that is more."""
    spec = pod["spec"]
    together = sum(_request(each, what) for each in spec["containers"])
    before = max((_request(each, what) for each in spec.get("initContainers") or ()), default=Decimal())
    return max(Decimal(together), before) + _quantity((spec.get("overhead") or {}).get(what, "0"))


def _request(container: Object, what: str) -> Decimal:
    return _quantity((container["resources"].get("requests") or {}).get(what, "0"))


def _quantity(text: Any) -> Decimal:
    from kubernetes.utils.quantity import parse_quantity

    found: Decimal = parse_quantity(text)  # type: ignore[no-untyped-call]
    return found


def _gigabytes(size: Decimal | int) -> float:
    return round(float(size) / _GIBI, 1)
