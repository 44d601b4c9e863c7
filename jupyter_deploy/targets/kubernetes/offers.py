"""What a cluster offers: the versions of its API, by discovery."""

from __future__ import annotations

from collections.abc import Mapping

from jupyter_deploy.targets.kubernetes.cluster import Cluster

_MOVED: Mapping[str, tuple[str, ...]] = {
    "HorizontalPodAutoscaler": ("autoscaling/v2", "autoscaling/v2beta2"),
    "PodDisruptionBudget": ("policy/v1", "policy/v1beta1"),
}
"""Kinds that older clusters have in an older version, best first."""


def apis_of(cluster: Cluster) -> dict[str, str]:
    """The version in which the cluster has each kind that moved."""
    groups = cluster.get("/apis")["groups"]
    there = {version["groupVersion"] for group in groups for version in group["versions"]}
    return {kind: next((api for api in versions if api in there), versions[0]) for kind, versions in _MOVED.items()}
