"""From a service's place to its cluster."""

from __future__ import annotations

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.base import Place
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.compute import Compute

_PROBE = "jupyter-deploy-probe"
SOON = 5.0
"""Seconds that a cluster may take to answer all that somebody wants to see of it; one that hangs is soon taken to be away."""


def compute_of(place: Place) -> Compute:
    """The cluster that a service belongs to.

    Raises
    ------
    TargetError : it is not attached to the workspace.
    """
    if place.compute is None:
        raise TargetError(
            f"the cluster of '{place.service}' is not attached to this workspace",
            remedy="attach it again under the same name (jupyter ml computetarget attach kubernetes)",
        )
    return Compute.from_json(place.compute)


def connected(place: Place, within: float | None = None) -> Cluster:
    """A connection to the cluster that a service belongs to, for so many seconds where they are given; to be used as a context."""
    return Cluster(compute_of(place), within)


def require_namespace(cluster: Cluster, namespace: str) -> None:
    """See that objects can be made in a namespace, without making one; who may use it may often not look at itself.

    Raises
    ------
    TargetError : it is not there, or is being deleted, or the cluster takes nothing from us there.
    """
    probe = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": _PROBE, "namespace": namespace}}
    cluster.apply(probe, dry_run=True)
