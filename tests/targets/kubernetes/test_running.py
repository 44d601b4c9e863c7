"""What a service has on its cluster, and its state, where versions run side by side."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jupyter_deploy.targets.kubernetes.names import VERSION
from jupyter_deploy.targets.kubernetes.record import KubernetesRecord
from jupyter_deploy.targets.kubernetes.running import TRAFFIC, Running
from jupyter_deploy.targets.kubernetes.state import status_of
from jupyter_deploy.targets.shares import Traffic

SHARED = Traffic({1: 90, 2: 10}, {3: 100})
RECORD = KubernetesRecord("default", 1, "node-port", "127.0.0.1", 30000)


def deployment(name: str, serving: int, wanted: int = 1) -> dict[str, Any]:
    about: dict[str, Any] = {"name": name, "generation": 1, "annotations": {}}
    status = {"observedGeneration": 1, "updatedReplicas": wanted, "availableReplicas": serving, "replicas": wanted}
    return {"metadata": about, "spec": {"replicas": wanted}, "status": status}


def version(number: int, serving: int = 1, wanted: int = 1, name: str = "") -> dict[str, Any]:
    made = deployment(name or f"web-v{number}", serving, wanted)
    made["metadata"]["annotations"][VERSION] = str(number)
    return made


def router(serving: int = 1, wanted: int = 1) -> dict[str, Any]:
    made = deployment("web-router", serving, wanted)
    made["metadata"]["annotations"][TRAFFIC] = json.dumps(SHARED.to_json())
    return made


def running(*deployments: dict[str, Any], entrance: str = "web-router", route: dict[str, Any] | None = None) -> Running:
    return Running({each["metadata"]["name"]: each for each in deployments}, entrance, route)


def test_who_shares_is_who_requests_come_to() -> None:
    found = running(version(1), version(2), version(3), router())
    assert (found.traffic, found.version) == (SHARED, None)
    begun = running(version(1), version(2), router(), entrance="web-v1")  # its operation was killed before the switch
    assert (begun.traffic, begun.version) == (None, 1)


def test_a_route_of_a_gateway_shares_before_requests_come() -> None:
    route = {"metadata": {"annotations": {TRAFFIC: json.dumps(SHARED.to_json())}}}
    found = running(version(1), version(2), version(3), entrance="web-v1", route=route)
    assert found.traffic == SHARED
    assert status_of(RECORD, found, [], {}).state == "Healthy"


def test_a_name_that_another_version_has_by_now_is_not_taken() -> None:
    assert running(version(1)).free_name("web-v2") == "web-v2"
    found = running(version(5, name="web-v2"))  # updates have changed its version, not its name
    assert found.free_name("web-v2") == "web-v2-2"
    assert found.of_version(5) is not None
    assert found.of_version(2) is None


@pytest.mark.parametrize(
    ("parts", "state", "error"),
    [
        ((version(1), version(2), version(3), router()), "Healthy", ""),
        ((version(1, 1, 2), version(2), version(3), router()), "Healthy", "3 of 4 pods serve"),
        ((version(1), version(2), version(3, 0), router()), "Healthy", "2 of 3 pods serve"),  # it gets copies alone
        ((version(1), version(2, 0), version(3), router()), "Unhealthy",
         "no pod of version 2 is ready, which has 10 % of the requests: 2 of 3 pods serve"),
        ((version(1), version(3), router()), "Unhealthy", "no pod of version 2 is ready, which has 10 % of the requests"),
        ((version(1), version(2), version(3), router(0)), "Unhealthy", "no pod of its router is ready, so nothing is answered"),
        ((version(1, 0, 0), version(2, 0, 0), version(3, 0, 0), router(0, 0)), "Stopped",
         "it was scaled to no pods; starting the service brings it back"),
    ],
)  # fmt: skip
def test_a_service_whose_versions_share_is_as_well_as_those_are(
    parts: tuple[dict[str, Any], ...], state: str, error: str
) -> None:
    status = status_of(RECORD, running(*parts), [], {})
    assert (status.state, status.error) == (state, error)
    assert (status.version, status.traffic) == (1, SHARED)
