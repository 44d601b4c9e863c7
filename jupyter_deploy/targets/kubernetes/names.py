"""What a service's objects are called and labelled, so that they are found again and nobody else's are ever touched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_deploy.targets.base import Place

WORKSPACE, SERVICE, VERSION = "jupyter-deploy/workspace", "jupyter-deploy/service", "jupyter-deploy/version"
DEPLOYMENT = "jupyter-deploy/deployment"
"""The label that tells the pods of two versions, and of what shares requests between them, apart."""
CONTAINER = "service"
"""The name of the container that serves, in each pod."""
KSERVE_CONTAINER = "kserve-container"
"""The same in a pod of KServe's, which knows it by this name alone."""
SERVING = frozenset({CONTAINER, KSERVE_CONTAINER})
"""Whichever of them it is."""


def object_name(place: Place) -> str:
    """The name that a service's objects have, or begin with."""
    return f"{place.service}-{place.workspace}"


def version_name(place: Place, version: int) -> str:
    """The name of what there is of one version alone, where several run side by side."""
    return f"{object_name(place)}-v{version}"


def router_name(place: Place) -> str:
    """The name of what shares requests between versions."""
    return f"{object_name(place)}-router"


def pod_labels(place: Place, deployment: str) -> dict[str, str]:
    """The labels that the pods of one Deployment have, and no others."""
    return {WORKSPACE: place.workspace, DEPLOYMENT: deployment}


def own_labels(place: Place) -> dict[str, str]:
    """The labels by which they are found, and which never change."""
    return {WORKSPACE: place.workspace, SERVICE: place.service}


def all_labels(place: Place) -> dict[str, str]:
    """The same, with those that other tools look for."""
    return {
        "app.kubernetes.io/name": place.service,
        "app.kubernetes.io/managed-by": "jupyter-deploy",
        **own_labels(place),
    }


def serving_container(pod: Mapping[str, Any]) -> str:
    """The name of the container that serves, of those of a pod."""
    return next(str(each["name"]) for each in pod["spec"]["containers"] if each["name"] in SERVING)


def is_own(labels: Mapping[str, str], place: Place) -> bool:
    """Whether an object with these labels is the service's."""
    return own_labels(place).items() <= labels.items()


def dns_names(place: Place, namespace: str) -> list[str]:
    """The names by which a service is reached within its cluster."""
    name = object_name(place)
    return [name, f"{name}.{namespace}", f"{name}.{namespace}.svc", f"{name}.{namespace}.svc.cluster.local"]
