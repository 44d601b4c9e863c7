"""What a cluster says of a service: its Deployment and its pods, read into the words that all targets share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jupyter_deploy.targets.base import Status
from jupyter_deploy.targets.kubernetes.failures import phase_of
from jupyter_deploy.targets.kubernetes.kinds import Object
from jupyter_deploy.targets.kubernetes.names import VERSION
from jupyter_deploy.targets.kubernetes.record import KubernetesRecord

REVISION = "deployment.kubernetes.io/revision"
_START = "starting the service brings it back"


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


def status_of(
    record: KubernetesRecord, deployment: Object | None, pods: Sequence[Object], more: Mapping[str, Any]
) -> Status:
    """The state of a service.

    Parameters
    ----------
    record : of the service. deployment : None where the cluster has none. pods : those it has. more : details of other origin.
    """
    facts: dict[str, Any] = {"version": record.version or None, "scoring_uri": record.scoring_uri}
    facts["details"] = about(record)
    if deployment is None:
        why = "" if record.is_stopped else f"its objects were removed from the cluster; {_START}"
        return Status("Stopped", error=why, **facts)
    wanted, serving = deployment["spec"]["replicas"], deployment.get("status", {}).get("availableReplicas", 0)
    facts["details"] = {"replicas": wanted, "serving": serving, **about(record), **more}
    if wanted == 0:
        return Status("Stopped", error="" if record.is_stopped else f"it was scaled to no pods; {_START}", **facts)
    if is_rolled_out(deployment):
        facts["version"] = int(deployment["metadata"].get("annotations", {}).get(VERSION, record.version))
    phases = [phase_of(pod) for pod in pods if "deletionTimestamp" not in pod["metadata"]]
    troubles = [phase for phase in phases if phase.is_trouble]
    reason = troubles[0].text if troubles else ""
    if serving:
        partly = f"{serving} of {wanted} pods serve" if serving < wanted else ""
        return Status("Healthy", error=": ".join(filter(None, (partly, reason if partly else ""))), **facts)
    word = "Unschedulable" if troubles and all(phase.word == "unschedulable" for phase in troubles) else "Unhealthy"
    return Status(word, error=reason or "none of its pods is ready", **facts)  # type: ignore[arg-type]
