"""Rights that are asked for and granted; a cluster is played by a table of what it allows."""

from __future__ import annotations

from typing import Any, cast

import pytest
import yaml

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.compute import Compute
from jupyter_deploy.targets.kubernetes.rights import TUNNEL, Right, missing_rights, require_rights, role


class Allowing:
    """A cluster that allows all but some resources."""

    compute = Compute("lab", "", "own", "models")

    def __init__(self, *refused: str) -> None:
        self._refused = refused

    def create(self, review: dict[str, Any]) -> dict[str, Any]:
        asked = review["spec"]["resourceAttributes"]
        name = "/".join(filter(None, (asked["resource"], asked["subresource"])))
        return {"status": {"allowed": asked["namespace"] == "models" and name not in self._refused}}


def cluster(*refused: str) -> Cluster:
    return cast(Cluster, Allowing(*refused))


def test_nothing_is_said_where_all_is_allowed() -> None:
    require_rights(cluster(), "models", {})
    assert missing_rights(cluster(), "models", TUNNEL) == []


def test_a_part_of_a_kind_is_a_resource_of_its_own() -> None:
    assert missing_rights(cluster("pods/portforward"), "models", TUNNEL) == [
        Right("", "pods/portforward", "get"),
        Right("", "pods/portforward", "create"),
    ]
    assert missing_rights(cluster("pods"), "models", TUNNEL) == []


def test_all_that_is_missing_is_told_with_a_role_for_all_that_is_needed() -> None:
    with pytest.raises(TargetError) as raised:
        require_rights(cluster("secrets", "pods/log"), "models", {})
    error = raised.value
    assert error.what.endswith("in the namespace 'models': get, list, watch, create, patch, delete secrets, and 1 more")
    assert "  get pods/log\n" in error.why
    document = yaml.safe_load(error.why.rpartition("\n\n")[2])
    granted = {
        (group, name): rule["verbs"]
        for rule in document["rules"]
        for group in rule["apiGroups"]
        for name in rule["resources"]
    }
    assert granted["apps", "deployments"] == ["get", "list", "watch", "create", "patch", "delete"]
    assert granted["", "pods/portforward"] == ["get", "create"]
    assert ("keda.sh", "scaledobjects") not in granted


def test_kinds_that_were_added_to_a_cluster_are_needed_there_alone() -> None:
    with pytest.raises(TargetError) as raised:
        require_rights(cluster("scaledobjects"), "models", {"ScaledObject": "keda.sh/v1alpha1"})
    assert raised.value.what.endswith(" delete scaledobjects.keda.sh")
    assert "resources: [scaledobjects]" in raised.value.why
    require_rights(cluster("scaledobjects"), "models", {})


def test_a_role_joins_kinds_of_one_group_with_the_same_verbs() -> None:
    rules = yaml.safe_load(role("models", {"Secret": ("get",), "Service": ("get",), "Deployment": ("get",)}))["rules"]
    assert [(rule["apiGroups"], rule["resources"]) for rule in rules] == [
        ([""], ["secrets", "services"]),
        (["apps"], ["deployments"]),
    ]
