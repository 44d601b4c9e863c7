"""Takes objects of a service away: those of a version before, or all; nobody else's."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.base import Place
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.kinds import Object, api_of
from jupyter_deploy.targets.kubernetes.names import own_labels, pod_labels, router_name
from jupyter_deploy.targets.kubernetes.offers import has
from jupyter_deploy.targets.kubernetes.refusals import Missing
from jupyter_deploy.targets.kubernetes.scaling import SCALERS
from jupyter_deploy.targets.kubernetes.unserved import STARTING, end_known

KINDS = (
    "InferenceService", "Ingress", "HTTPRoute", *SCALERS, "Deployment", "PodDisruptionBudget", "NetworkPolicy",
    "ConfigMap", "Secret", "ServiceAccount", "Service",
)  # fmt: skip
"""What a service may have, in the order in which it goes."""
_LOOK_EVERY = 0.2
_GRACE = 2
"""Seconds that pods of a deleted service have: its address is gone, so nothing more can reach them."""
_PATIENCE = 120.0
"""Seconds that nodes may take to end them."""


def remove_others(
    cluster: Cluster,
    place: Place,
    namespace: str,
    kept: Sequence[Object],
    apis: Mapping[str, str],
    kinds: Sequence[str] = KINDS,
    name: str = "",
) -> None:
    """Take away the objects of a service that are not among those that are kept; those of some kinds and a name, where given."""
    names = {(thing["kind"], thing["metadata"]["name"]) for thing in kept}
    for thing in objects_of(cluster, place, namespace, apis, kinds):
        identity = thing["kind"], thing["metadata"]["name"]
        if identity not in names and name in ("", identity[1]):
            _remove(cluster, thing)


def remove_all(cluster: Cluster, place: Place, namespace: str, apis: Mapping[str, str]) -> None:
    """Take away all objects of a service, and return when nothing of it runs any more.

    Raises
    ------
    TargetError : they do not end in time.
    """
    for thing in objects_of(cluster, place, namespace, apis):
        _remove(cluster, thing)
    parts = (own_labels(place), pod_labels(place, router_name(place)))
    for pod in (pod for labels in parts for pod in cluster.find("Pod", namespace, labels)):
        with contextlib.suppress(Missing):
            cluster.delete({"apiVersion": "v1", "kind": "Pod", **pod}, within=_GRACE)
    began = time.monotonic()
    while True:
        waited = time.monotonic() - began
        may_begin = end_known(cluster, place, namespace) and waited < STARTING
        is_running = any(still_running(cluster, namespace, labels) for labels in parts)
        if not may_begin and not is_running and not objects_of(cluster, place, namespace, apis):
            return
        if waited > _PATIENCE:
            raise TargetError(
                f"the pods of '{place.service}' did not end within {_PATIENCE:.0f} s",
                remedy="look at them (kubectl describe pod), then delete the service again",
            )
        time.sleep(_LOOK_EVERY)


def objects_of(
    cluster: Cluster, place: Place, namespace: str, apis: Mapping[str, str], kinds: Sequence[str] = KINDS
) -> list[Object]:
    """All objects of a service that there are, but for its pods."""
    found: list[Object] = []
    for kind in kinds:
        if not has(kind, apis):
            continue
        api = apis.get(kind) or api_of(kind)
        with contextlib.suppress(Missing):  # an API that was added to the cluster has been taken away again
            items = cluster.find(kind, namespace, own_labels(place), api=api)
            found += [{**item, "kind": kind, "apiVersion": api} for item in items if not _is_made_of_another(item)]
    return found


def still_running(cluster: Cluster, namespace: str, labels: Mapping[str, str]) -> int:
    """How many of some pods may still answer."""
    return sum(map(_runs, cluster.find("Pod", namespace, labels)))


def _is_made_of_another(thing: Object) -> bool:
    """Whether a controller made it of another object, often with its labels; it goes with that, and would be made again before."""
    return any(each.get("controller") for each in thing["metadata"].get("ownerReferences", ()))


def _runs(pod: Object) -> bool:
    """Whether a pod may still answer; one whose containers have ended stays to be seen until its node has cleaned up."""
    states = [each["state"] for each in pod.get("status", {}).get("containerStatuses", ())]
    return "deletionTimestamp" not in pod["metadata"] or any("running" in state for state in states)


def _remove(cluster: Cluster, thing: Object) -> None:
    with contextlib.suppress(Missing):
        cluster.delete(thing)
