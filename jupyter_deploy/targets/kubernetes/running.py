"""Which Deployments a service has, which versions they serve, and to which of them its requests are sent: as the cluster has it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.base import Place
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.kinds import Object, path_of
from jupyter_deploy.targets.kubernetes.names import DEPLOYMENT, VERSION, object_name, own_labels
from jupyter_deploy.targets.kubernetes.offers import added_versions
from jupyter_deploy.targets.kubernetes.refusals import Away, Missing
from jupyter_deploy.targets.shares import Traffic

TRAFFIC = "jupyter-deploy/traffic"
"""The annotation of a router, or of a route, that says how it shares requests."""


@dataclass(frozen=True)
class Running:
    """What a service has on its cluster.

    Parameters
    ----------
    deployments : by their names. entrance : the name of the one to whose pods requests are sent.
    route : of a Gateway, where it has one that may share them before they come there.
    """

    deployments: Mapping[str, Object]
    entrance: str
    route: Object | None = None

    @property
    def first(self) -> Object | None:
        """The Deployment that requests come to, be it a version's or the router's."""
        return self.deployments.get(self.entrance)

    @property
    def traffic(self) -> Traffic | None:
        """How the router, or the route of a Gateway, shares requests; None where they come to one version alone."""
        text = _annotations(self.first or {}).get(TRAFFIC) or _annotations(self.route or {}).get(TRAFFIC)
        return Traffic.from_json(json.loads(text)) if text else None

    @property
    def version(self) -> int | None:
        """The version that requests come to; None where a router shares them, or nothing is there."""
        return version_of(self.first or {})

    def of_version(self, version: int) -> Object | None:
        """The Deployment of a version: the one that requests come to, where there are several."""
        found = [each for each in self.deployments.values() if version_of(each) == version]
        return next((each for each in found if each is self.first), found[0] if found else None)

    def free_name(self, usual: str) -> str:
        """A name for a further Deployment: the usual one, or, where another version has that by now, one with a number."""
        number, name = 1, usual
        while name in self.deployments:
            number, name = number + 1, f"{usual}-{number + 1}"
        return name


def look(cluster: Cluster, place: Place, namespace: str) -> Running:
    """Ask the cluster what there is of a service."""
    found = cluster.find("Deployment", namespace, own_labels(place))
    deployments = {each["metadata"]["name"]: each for each in found}
    if len(deployments) == 1:
        return Running(deployments, next(iter(deployments)))
    return Running(deployments, _entrance(cluster, place, namespace), _route(cluster, place, namespace))


def _entrance(cluster: Cluster, place: Place, namespace: str) -> str:
    try:
        service = cluster.get(path_of("Service", namespace, object_name(place)))
    except Missing:
        return object_name(place)
    return str(service["spec"]["selector"][DEPLOYMENT])


def _route(cluster: Cluster, place: Place, namespace: str) -> Object | None:
    """The service's route of a Gateway; None where there is none, or where routes may not be seen, which then were never made."""
    for api in added_versions("HTTPRoute"):
        try:
            found: Object = cluster.get(path_of("HTTPRoute", namespace, object_name(place), api=api))
        except Away:
            raise
        except TargetError:
            continue
        return found
    return None


def version_of(deployment: Object) -> int | None:
    """The version that a Deployment serves; None for one that serves none."""
    number = _annotations(deployment).get(VERSION)
    return int(number) if number else None


def serves(deployment: Object) -> int:
    """How many of its pods are ready for requests."""
    return int(deployment.get("status", {}).get("availableReplicas", 0))


def _annotations(deployment: Object) -> Mapping[str, str]:
    found: Mapping[str, str] = deployment.get("metadata", {}).get("annotations", {})
    return found
