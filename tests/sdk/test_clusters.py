from __future__ import annotations

from typing import Any

import pytest

from jupyter_deploy import AksCompute, KubernetesCompute
from jupyter_deploy.errors import ConfigError, NotInRelease

RESOURCE = "/subscriptions/0/resourceGroups/group/providers/Microsoft.ContainerService/managedClusters/mycluster"
NAMED = {"resource_group": "group", "cluster_name": "mycluster"}


@pytest.mark.parametrize("named", [NAMED, {"resource_id": RESOURCE}, {**NAMED, "load_balancer_type": "PublicIp"}])
def test_a_name_in_azure_is_refused_with_the_way_that_works(named: dict[str, str]) -> None:
    with pytest.raises(
        NotInRelease, match=r"^the cluster 'mycluster' cannot be attached by its name in Azure"
    ) as raised:
        AksCompute.attach_configuration(**named)  # type: ignore[arg-type]
    assert "az aks get-credentials --resource-group group --name mycluster" in raised.value.remedy
    assert "KubernetesCompute.attach_configuration(context='mycluster')" in raised.value.remedy


@pytest.mark.parametrize(
    ("given", "problems"),
    [
        ({}, ["the cluster is not named"]),
        ({"resource_group": "group"}, ["the cluster is not named"]),
        ({"cluster_name": "mycluster"}, ["the cluster is not named"]),
        ({**NAMED, "resource_id": RESOURCE}, ["give one form"]),
        ({"resource_id": RESOURCE, "cluster_name": "mycluster"}, ["give one form"]),
        ({"resource_id": "mycluster"}, ["resource_id is 'mycluster'; it is /subscriptions/"]),
        ({"resource_id": RESOURCE.replace("ContainerService", "Compute")}, ["Microsoft.ContainerService"]),
        (
            {"resource_group": "group", "load_balancer_type": "Private", "load_balancer_subnet": "aks-subnet"},
            ["the cluster is not named", "choose one of: PublicIp, ", "goes with load_balancer_type='InternalLoadBalancer'"],
        ),
        ({**NAMED, "context": "lab"}, ["kubeconfig or context is given, and what names the cluster in Azure as well"]),
        ({"context": "lab", "load_balancer_type": "PublicIp"}, ["kubeconfig or context is given"]),
        ({"context": "lab", "cluster_purpose": "Prod"}, ["cluster_purpose is 'Prod'; choose one of: FastProd, DevTest"]),
        ({**NAMED, "cluster_purpose": "Prod"}, ["cluster_purpose is 'Prod'; choose one of: FastProd, DevTest"]),
    ],
)  # fmt: skip
def test_all_that_does_not_fit_is_told_at_once(given: dict[str, Any], problems: list[str]) -> None:
    with pytest.raises(ConfigError) as raised:
        AksCompute.attach_configuration(**given)
    assert len(raised.value.problems) == len(problems)
    for found, expected in zip(raised.value.problems, problems, strict=True):
        assert expected in found


def test_what_was_put_into_a_kubeconfig_is_attached_for_production_unless_it_is_said_otherwise() -> None:
    wishes = [
        AksCompute.attach_configuration(context="mycluster"),
        AksCompute.attach_configuration(context="mycluster", cluster_purpose=AksCompute.ClusterPurpose.DEV_TEST),
        KubernetesCompute.attach_configuration(context="mycluster"),
    ]
    assert [wish.kind for wish in wishes] == ["aks", "aks", "kubernetes"]
    assert [wish.look.args[0].purpose for wish in wishes] == ["FastProd", "DevTest", "DevTest"]  # type: ignore[attr-defined]


def test_the_words_for_purposes_are_the_originals() -> None:
    assert (AksCompute.ClusterPurpose.FAST_PROD, AksCompute.ClusterPurpose.DEV_TEST) == ("FastProd", "DevTest")
    with pytest.raises(ConfigError, match="cluster_purpose is 'Prod'"):
        KubernetesCompute.attach_configuration(cluster_purpose="Prod")
