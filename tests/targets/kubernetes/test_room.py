"""The room of a cluster: sums over nodes and pods, and what a cluster for production has at least."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_deploy.targets.kubernetes.room import Room, measured, production_problems


def node(cpu: str = "4", given: str = "3860m", memory: str = "12Gi") -> dict[str, Any]:
    return {"status": {"capacity": {"cpu": cpu}, "allocatable": {"cpu": given, "memory": memory}}}


def pod(*requests: dict[str, str], before: tuple[dict[str, str], ...] = (), **spec: Any) -> dict[str, Any]:
    def containers(asked: tuple[dict[str, str], ...]) -> list[dict[str, Any]]:
        return [{"resources": {"requests": each} if each else {}} for each in asked]

    return {"spec": {"containers": containers(requests), "initContainers": containers(before), **spec}}


def test_what_pods_ask_for_is_taken_from_what_nodes_give() -> None:
    pods = [
        pod({"cpu": "250m", "memory": "1Gi"}, {}),
        pod({"cpu": "1", "memory": "512Mi"}, before=({"cpu": "2", "memory": "100M"},)),
        pod({}, overhead={"memory": "512Mi"}),
    ]
    room = measured([node(), node()], pods)
    assert room == Room(2, 8, 7.72, 24, 5.47, 22)
    assert str(room) == "5.47 of 7.72 CPUs and 22 of 24 GB free on 2 nodes"


def test_what_is_free_is_open_where_pods_may_not_be_seen() -> None:
    assert str(measured([node()], None)) == "1 node with 3.86 CPUs and 12 GB; what of it is free cannot be seen"


@pytest.mark.parametrize(
    ("nodes", "problems"),
    [
        ([node("2")], ["it has 2 CPUs, and takes at least 12", "it has 1 node, and takes at least 3"]),
        ([node("16")], ["it has 1 node, and takes at least 3"]),
        ([node("2")] * 3, ["it has 6 CPUs, and takes at least 12"]),
        ([node("4")] * 3, []),
    ],
)
def test_a_cluster_for_production_has_12_cpus_and_3_nodes(nodes: list[dict[str, Any]], problems: list[str]) -> None:
    assert production_problems(measured(nodes, []), "FastProd") == problems
    assert production_problems(measured(nodes, []), "DevTest") == []
    assert production_problems(None, "FastProd") == []
