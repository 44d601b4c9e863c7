"""Ends pods that answered nobody at once: they have nothing to finish, and no node has yet learnt to send them anything."""

from __future__ import annotations

import contextlib
import time

from jupyter_deploy.targets.base import Place
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.containers import current, end_of
from jupyter_deploy.targets.kubernetes.kinds import Object
from jupyter_deploy.targets.kubernetes.names import own_labels
from jupyter_deploy.targets.kubernetes.phases import is_living
from jupyter_deploy.targets.kubernetes.refusals import Missing
from jupyter_deploy.targets.kubernetes.state import is_rolled_out

_GRACE = 1
"""Seconds that such a pod has: fewer than it had, since a node is told nothing of an order that is no shorter."""
_LOOK_EVERY = 0.3
STARTING = 4.0
"""Seconds that a node may take to start a container that it was told to end, and the cluster to know; who runs later has the usual time."""
_REASONS = ("", "ContainerCreating", "PodInitializing")
"""What a container that has never run waits for, unless it waits for its image."""


def end_all(cluster: Cluster, place: Place, namespace: str) -> None:
    """End what is left of a release that was taken back, once the cluster has told it to end."""
    deadline = time.monotonic() + STARTING
    while time.monotonic() < deadline:
        is_settled = all(map(is_rolled_out, cluster.find("Deployment", namespace, own_labels(place))))
        if not end_known(cluster, place, namespace) and is_settled:
            return
        time.sleep(_LOOK_EVERY)


def end_known(cluster: Cluster, place: Place, namespace: str) -> bool:
    """End those that are told to end and are known to run; say whether others are about to run.

    Before Kubernetes 1.22 a node overhears for a minute or more what it is told while it starts a container; told again later, it obeys.
    """
    going = [pod for pod in cluster.find("Pod", namespace, own_labels(place)) if not is_living(pod)]
    for pod in filter(_has_time_left, going):
        with contextlib.suppress(Missing):
            cluster.delete({"apiVersion": "v1", "kind": "Pod", **pod}, within=_GRACE)
    return any(map(_is_about_to_run, going))


def has_served_nobody(pod: Object) -> bool:
    """Whether a pod runs and has not been ready since it does: it may have been ready before its container was started anew."""
    running = current(pod).get("state", {}).get("running")
    ready = next((each for each in pod["status"].get("conditions", ()) if each["type"] == "Ready"), None)
    if not running or not ready or ready["status"] == "True":
        return False
    return bool(ready["lastTransitionTime"] <= running["startedAt"])


def _is_about_to_run(pod: Object) -> bool:
    """Whether a node starts a pod's container, or will, as far as the cluster knows."""
    container = current(pod)
    state = container.get("state", {})
    is_placed, reason = "nodeName" in pod["spec"], state.get("waiting", {}).get("reason", "")
    return is_placed and reason in _REASONS and not state.get("running") and not end_of(container)


def _has_time_left(pod: Object) -> bool:
    return has_served_nobody(pod) and pod["metadata"]["deletionGracePeriodSeconds"] > _GRACE
