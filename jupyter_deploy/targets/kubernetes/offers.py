"""What a cluster offers: the versions of its API, and what it can scale by, by discovery."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.options import KubernetesOptions
from jupyter_deploy.targets.kubernetes.scaling import SLOTS, Way

MOVED: Mapping[str, tuple[str, ...]] = {
    "HorizontalPodAutoscaler": ("autoscaling/v2", "autoscaling/v2beta2"),
    "PodDisruptionBudget": ("policy/v1", "policy/v1beta1"),
}
"""Kinds that older clusters have in an older version, best first."""
_ADDED: Mapping[str, tuple[str, ...]] = {
    "HTTPRoute": ("gateway.networking.k8s.io/v1", "gateway.networking.k8s.io/v1beta1"),
    "InferenceService": ("serving.kserve.io/v1beta1",),
    "ScaledObject": ("keda.sh/v1alpha1",),
    "TriggerAuthentication": ("keda.sh/v1alpha1",),
}
"""Kinds that a cluster has where somebody has added them, best version first."""
_CUSTOM = "custom.metrics.k8s.io/"


def apis_of(cluster: Cluster) -> dict[str, str]:
    """The version in which the cluster has each kind that moved, or was added; one that it lacks is missing."""
    there = versions_of(cluster)
    moved = {kind: _first(versions, there) or versions[0] for kind, versions in MOVED.items()}
    added = {kind: _first(versions, there) for kind, versions in _ADDED.items()}
    return {**moved, **{kind: api for kind, api in added.items() if api}}


def added_versions(kind: str) -> tuple[str, ...]:
    """The versions of the API that a kind has had which somebody has to add, best first."""
    return _ADDED[kind]


def has(kind: str, apis: Mapping[str, str]) -> bool:
    """Whether a cluster with these versions has a kind."""
    return kind in apis or kind not in _ADDED


def require(options: KubernetesOptions, apis: Mapping[str, str], compute: str) -> None:
    """Refuse options that the cluster has no API for.

    Raises
    ------
    TargetError : it names the API.
    """
    if options.ingress_gateway and not has("HTTPRoute", apis):
        raise TargetError(
            f"the cluster '{compute}' has no Gateway API, which ingress_gateway needs",
            f"It serves none of {', '.join(_ADDED['HTTPRoute'])}.",
            "leave out ingress_gateway, which makes an Ingress, or have the Gateway API installed",
        )
    if options.is_kserve and not has("InferenceService", apis):
        raise TargetError(
            f"the cluster '{compute}' has no KServe, which run_as=kserve needs",
            f"It does not serve {', '.join(_ADDED['InferenceService'])}.",
            "leave out run_as, which makes a Deployment, or have KServe installed",
        )


def way_to_scale(cluster: Cluster, apis: Mapping[str, str], options: KubernetesOptions) -> Way:
    """What the number of a service's pods can follow on a cluster: the slots in use where it knows them, else CPU.

    Parameters
    ----------
    apis : of the cluster, as of :func:`apis_of`. options : of the service; KEDA cannot read it where that needs tokens, which expire.
    """
    for api in versions_of(cluster):
        if api.startswith(_CUSTOM) and _has_slots(cluster, api):
            return "slots"
    return "keda" if "ScaledObject" in apis and not options.token_auth_enabled else "cpu"


def versions_of(cluster: Cluster) -> set[str]:
    """The versions of the API that the cluster has."""
    groups = cluster.get("/apis")["groups"]
    return {version["groupVersion"] for group in groups for version in group["versions"]}


def _has_slots(cluster: Cluster, api: str) -> bool:
    with contextlib.suppress(TargetError):  # what serves it may be away; then nothing can be scaled by it
        return any(each["name"] == f"pods/{SLOTS}" for each in cluster.get(f"/apis/{api}")["resources"])
    return False


def _first(versions: tuple[str, ...], there: set[str]) -> str:
    return next((api for api in versions if api in there), "")
