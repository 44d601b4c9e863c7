"""Clusters of Azure's by their names there: how such a name is made, and what is done as long as nobody logs in to Azure here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jupyter_deploy.errors import NotInRelease

_RESOURCE_ID = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/(?P<group>[^/]+)/providers/Microsoft\.ContainerService/managedClusters/(?P<name>[^/]+)",
    re.IGNORECASE,
)
_BALANCERS = ("PublicIp", "InternalLoadBalancer")


@dataclass(frozen=True)
class AzureCluster:
    """A cluster by its names in Azure, as given.

    Parameters
    ----------
    resource_group, cluster_name : the one way to name it. resource_id : the other.
    load_balancer_type, load_balancer_subnet : how services on it get addresses.
    """

    resource_group: str | None = None
    cluster_name: str | None = None
    resource_id: str | None = None
    load_balancer_type: str | None = None
    load_balancer_subnet: str | None = None

    @property
    def is_named(self) -> bool:
        """Whether any of it is given."""
        return any(vars(self).values())

    def problems(self) -> Iterator[str]:
        """All that is wrong with it (azureml-v1 5)."""
        pair = (self.resource_group, self.cluster_name)
        if self.resource_id and any(pair):
            yield "resource_id is given, and resource_group or cluster_name as well; give one form"
        elif not self.resource_id and not all(pair):
            yield "the cluster is not named; give a context of a kubeconfig, resource_id, or both resource_group and cluster_name"
        if self.resource_id and not _RESOURCE_ID.fullmatch(self.resource_id):
            yield (
                f"resource_id is {self.resource_id!r}; it is /subscriptions/ID/resourceGroups/GROUP"
                "/providers/Microsoft.ContainerService/managedClusters/NAME"
            )
        if self.load_balancer_type not in (None, *_BALANCERS):
            yield f"load_balancer_type is {self.load_balancer_type!r}; choose one of: {', '.join(_BALANCERS)}"
        if self.load_balancer_subnet and self.load_balancer_type != "InternalLoadBalancer":
            yield "load_balancer_subnet is given, and goes with load_balancer_type='InternalLoadBalancer' only"

    def refusal(self) -> NotInRelease:
        """The error that says how it is attached now."""
        found = _RESOURCE_ID.fullmatch(self.resource_id or "")
        group, name = (found["group"], found["name"]) if found else (self.resource_group, self.cluster_name)
        return NotInRelease(
            f"the cluster '{name}' cannot be attached by its name in Azure: this release does not log in to Azure",
            "Any cluster is attached by a context of a kubeconfig, Azure's too.",
            f"run: az aks get-credentials --resource-group {group} --name {name}"
            f"; then: KubernetesCompute.attach_configuration(context='{name}')",
        )
