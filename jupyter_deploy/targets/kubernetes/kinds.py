"""The kinds of objects that a service is made of, and where a cluster has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Object = dict[str, Any]
"""A Kubernetes object as plain data, as its YAML or JSON has it."""

_KINDS: Mapping[str, tuple[str, str]] = {
    "ConfigMap": ("v1", "configmaps"),
    "Deployment": ("apps/v1", "deployments"),
    "Endpoints": ("v1", "endpoints"),
    "Event": ("v1", "events"),
    "HorizontalPodAutoscaler": ("autoscaling/v2", "horizontalpodautoscalers"),
    "HTTPRoute": ("gateway.networking.k8s.io/v1", "httproutes"),
    "InferenceService": ("serving.kserve.io/v1beta1", "inferenceservices"),
    "Ingress": ("networking.k8s.io/v1", "ingresses"),
    "Lease": ("coordination.k8s.io/v1", "leases"),
    "Namespace": ("v1", "namespaces"),
    "NetworkPolicy": ("networking.k8s.io/v1", "networkpolicies"),
    "Node": ("v1", "nodes"),
    "Pod": ("v1", "pods"),
    "PodDisruptionBudget": ("policy/v1", "poddisruptionbudgets"),
    "ReplicaSet": ("apps/v1", "replicasets"),
    "ScaledObject": ("keda.sh/v1alpha1", "scaledobjects"),
    "Secret": ("v1", "secrets"),
    "SelfSubjectAccessReview": ("authorization.k8s.io/v1", "selfsubjectaccessreviews"),
    "Service": ("v1", "services"),
    "ServiceAccount": ("v1", "serviceaccounts"),
    "TriggerAuthentication": ("keda.sh/v1alpha1", "triggerauthentications"),
}
"""The version of the API that has each, in a cluster of today, and its name in paths."""


def path_of(kind: str, namespace: str = "", name: str = "", *, api: str = "") -> str:
    """The path of an object, or of all of a kind.

    Parameters
    ----------
    api : the version of the API, where it is not the usual one.

    >>> path_of("Deployment", "default", "web")
    '/apis/apps/v1/namespaces/default/deployments/web'
    """
    usual, plural = _KINDS[kind]
    version = api or usual
    parts = ["/apis" if "/" in version else "/api", version]
    parts += ["namespaces", namespace] if namespace else []
    return "/".join([*parts, plural, *([name] if name else [])])


def api_of(kind: str) -> str:
    """The version of the API that has a kind, in a cluster of today."""
    return _KINDS[kind][0]


def resource_of(kind: str) -> tuple[str, str]:
    """The group of the API that has a kind, empty for the first one, and what the kind is called in paths and rights."""
    api, plural = _KINDS[kind]
    return api.rpartition("/")[0], plural
