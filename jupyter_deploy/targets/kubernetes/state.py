"""What a cluster says of a service: its Deployment and its pods, read into the words that all targets share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.base import State, Status
from jupyter_deploy.targets.kubernetes.containers import current, restarts_of
from jupyter_deploy.targets.kubernetes.kinds import Object
from jupyter_deploy.targets.kubernetes.notices import Notice
from jupyter_deploy.targets.kubernetes.phases import Phase, is_living, is_unclear, phase_of
from jupyter_deploy.targets.kubernetes.record import KubernetesRecord
from jupyter_deploy.targets.kubernetes.running import Running, serves, version_of
from jupyter_deploy.targets.shares import Traffic

REVISION = "deployment.kubernetes.io/revision"
_START = "starting the service brings it back"
_MOST = 3
"""Pods that more is asked of: one reason is told."""


def is_rolled_out(deployment: Object) -> bool:
    """Whether every pod that is wanted is of the newest kind and serves, and no other is left."""
    status, wanted = deployment.get("status", {}), deployment["spec"]["replicas"]
    if status.get("observedGeneration", 0) < deployment["metadata"]["generation"]:
        return False
    counts = [status.get(name, 0) for name in ("updatedReplicas", "availableReplicas", "replicas")]
    return counts == [wanted, wanted, wanted]


def about(record: KubernetesRecord) -> dict[str, Any]:
    """What is known of a service without its cluster."""
    return {"reach": record.reach, "host": record.host, "namespace": record.namespace}


def never_served() -> Status:
    """The state of a service before its first version."""
    return Status("Stopped", error="it has never served")


def unknown(record: KubernetesRecord, error: TargetError) -> Status:
    """The state of a service whose cluster cannot be asked."""
    facts: dict[str, Any] = {"version": record.version or None, "scoring_uri": record.scoring_uri}
    return Status("Unknown", error=error.what, details=about(record), traffic=record.traffic, **facts)


def status_of(
    record: KubernetesRecord,
    running: Running,
    pods: Sequence[Object],
    more: Mapping[str, Any],
    notices: Mapping[str, Sequence[Notice]] = MappingProxyType({}),
) -> Status:
    """The state of a service.

    Parameters
    ----------
    record : of the service. running : what of it is on the cluster. pods : those of its versions. more : details of other origin.
    notices : what is noted of those that are unclear, by their uids.
    """
    facts: dict[str, Any] = {"version": record.version or None, "scoring_uri": record.scoring_uri}
    facts["details"] = about(record)
    traffic, first = running.traffic, running.first
    if first is None:
        why = "" if record.is_stopped else f"its objects were removed from the cluster; {_START}"
        return Status("Stopped", error=why, **facts)
    living = [pod for pod in pods if is_living(pod)]
    versions = {number: running.of_version(number) for number in traffic.versions} if traffic else {}
    deployments = [each for each in versions.values() if each] if traffic else [first]
    wanted, serving = sum(each["spec"]["replicas"] for each in deployments), sum(map(serves, deployments))
    restarts = sum(map(restarts_of, living))
    counts = {"replicas": wanted, "serving": serving, **({"restarts": restarts} if restarts else {})}
    facts["details"] = {**counts, **about(record), **more}
    if traffic:
        facts |= {"version": traffic.base(record.version), "traffic": traffic}
    elif is_rolled_out(first):
        facts["version"] = running.version or record.version
    if wanted == 0:
        return Status("Stopped", error="" if record.is_stopped else f"it was scaled to no pods; {_START}", **facts)
    phases = [(pod, phase_of(pod, notices.get(pod["metadata"]["uid"], ()))) for pod in living]
    state, error = _judged(wanted, serving, [each for each in phases if each[1].word != "ready"])
    if traffic and (lack := _lack(traffic, first, versions)):
        state, error = ("Unhealthy" if state == "Healthy" else state), ": ".join(filter(None, (lack, error)))
    return Status(state, error=error, **facts)


def _lack(traffic: Traffic, entrance: Object, versions: Mapping[int, Object | None]) -> str:
    """What is missing for every request to be answered, where versions share them; ``entrance`` is the router, if there is one."""
    if not version_of(entrance) and not serves(entrance):
        return "no pod of its router is ready, so nothing is answered"
    silent = [number for number, each in versions.items() if traffic.shares.get(number) and not (each and serves(each))]
    return "; ".join(
        f"no pod of version {number} is ready, which has {traffic.shares[number]} % of the requests"
        for number in silent
    )


def unclear(running: Running, pods: Sequence[Object]) -> list[Object]:
    """Some pods of which more should be known before the state is told; none of a service that is well."""
    is_well = all(map(is_rolled_out, running.deployments.values()))
    return [] if is_well else [pod for pod in pods if is_living(pod) and is_unclear(pod)][:_MOST]


def _judged(wanted: int, serving: int, behind: Sequence[tuple[Object, Phase]]) -> tuple[State, str]:
    """The state, and what is wrong in the words of whoever deploys: of a pod that goes no further, else of one that is on its way."""
    wrong = [each for each in behind if each[1].is_wrong]
    reason = next((_reason(pod, phase) for pod, phase in (*wrong, *behind)), "")
    if serving >= wanted:
        return "Healthy", f"one more pod goes no further: {reason}" if wrong else ""
    if serving:
        return "Healthy", ": ".join(filter(None, (f"{serving} of {wanted} pods serve", reason)))
    if wrong:
        is_unplaced = all(phase.word == "unschedulable" for _, phase in behind)
        return "Unschedulable" if is_unplaced else "Unhealthy", reason
    return "Unhealthy", ": ".join(filter(None, ("none of its pods is ready", reason)))


def _reason(pod: Object, phase: Phase) -> str:
    restarts = restarts_of(pod)
    if not restarts or phase.word not in ("ended", "not alive", "loading"):
        return phase.text
    waiting = current(pod).get("state", {}).get("waiting", {}).get("reason")
    times = "once" if restarts == 1 else f"{restarts} times"
    return f"{phase.text}; started anew {times}{f' ({waiting})' if waiting else ''}"
