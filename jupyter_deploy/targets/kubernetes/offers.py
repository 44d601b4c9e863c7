"""What a cluster offers: the versions of its API, and what it can scale by, by discovery."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.options import KubernetesOptions
from jupyter_deploy.targets.kubernetes.scaling import SLOTS, Way

_MOVED: Mapping[str, tuple[str, ...]] = {
    "HorizontalPodAutoscaler": ("autoscaling/v2", "autoscaling/v2beta2"),
    "PodDisruptionBudget": ("policy/v1", "policy/v1beta1"),
}
"""Kinds that older clusters have in an older version, best first."""
ADDED: Mapping[str, str] = {"ScaledObject": "keda.sh/v1alpha1", "TriggerAuthentication": "keda.sh/v1alpha1"}
"""Kinds that only some clusters have, and in which version."""
_CUSTOM = "custom.metrics.k8s.io/"


def apis_of(cluster: Cluster) -> dict[str, str]:
    """The version in which the cluster has each kind that moved, and of those that only some have, the ones that it has."""
    there = _versions(cluster)
    moved = {kind: next((api for api in versions if api in there), versions[0]) for kind, versions in _MOVED.items()}
    return {**moved, **{kind: api for kind, api in ADDED.items() if api in there}}


def way_to_scale(cluster: Cluster, apis: Mapping[str, str], options: KubernetesOptions) -> Way:
    """What the number of a service's pods can follow on a cluster: the slots in use where it knows them, else CPU.

    Parameters
    ----------
    apis : of the cluster, as of :func:`apis_of`. options : of the service; KEDA cannot read it where that needs tokens, which expire.
    """
    for api in _versions(cluster):
        if api.startswith(_CUSTOM) and _has_slots(cluster, api):
            return "slots"
    return "keda" if "ScaledObject" in apis and not options.token_auth_enabled else "cpu"


def _versions(cluster: Cluster) -> set[str]:
    groups = cluster.get("/apis")["groups"]
    return {version["groupVersion"] for group in groups for version in group["versions"]}


def _has_slots(cluster: Cluster, api: str) -> bool:
    with contextlib.suppress(TargetError):  # what serves it may be away; then nothing can be scaled by it
        return any(each["name"] == f"pods/{SLOTS}" for each in cluster.get(f"/apis/{api}")["resources"])
    return False
