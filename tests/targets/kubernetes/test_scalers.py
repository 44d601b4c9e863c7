"""What is written for the number of pods to follow the load, and what is said of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy.targets.base import Place
from jupyter_deploy.targets.kubernetes.kinds import Object
from jupyter_deploy.targets.kubernetes.manifests import Plan, others
from jupyter_deploy.targets.kubernetes.options import KubernetesOptions
from jupyter_deploy.targets.kubernetes.scaling import SCALERS, Way, described, scaler_of, stopped

APIS = {"HorizontalPodAutoscaler": "autoscaling/v2beta2", "ScaledObject": "keda.sh/v1alpha1"}


def written(way: Way, keys: dict[str, str] | None = None, **options: Any) -> dict[str, Object]:
    """All objects of a service, by kind."""
    secrets = {"keys": json.dumps(keys).encode()} if keys else {}
    place = Place("1234abcd", "web", Path("web"), Path("keys") if keys else None)
    plan = Plan(place, "models", "image", 1, KubernetesOptions(**options), {}, "node-port", (), secrets, APIS, way)
    return {thing["kind"]: thing for thing in others(plan)}


def test_a_fixed_number_is_followed_by_nothing() -> None:
    things = written("cpu", num_replicas=3)
    assert not things.keys() & set(SCALERS)
    assert things["Deployment"]["spec"]["replicas"] == 3
    assert scaler_of(list(things.values())) is None


def test_by_cpu_the_request_is_what_it_is_a_part_of() -> None:
    things = written("cpu", autoscale_min_replicas=2, autoscale_max_replicas=5, autoscale_target_utilization=60)
    found = things["HorizontalPodAutoscaler"]
    assert found["apiVersion"] == "autoscaling/v2beta2"
    spec = found["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (2, 5)
    (metric,) = spec["metrics"]
    assert metric["resource"] == {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}
    assert "replicas" not in things["Deployment"]["spec"]


@pytest.mark.parametrize(("calls", "workers", "target"), [(1, 1, "700m"), (4, 2, "2800m"), (1, 3, "2100m")])
def test_by_slots_the_target_is_a_part_of_a_pods_slots(calls: int, workers: int, target: str) -> None:
    things = written("slots", replica_max_concurrent_requests=calls, worker_count=workers)
    (metric,) = things["HorizontalPodAutoscaler"]["spec"]["metrics"]
    assert metric["pods"]["metric"] == {"name": "scoring_slots_in_use"}
    assert metric["pods"]["target"] == {"type": "AverageValue", "averageValue": target}


@pytest.mark.parametrize(
    ("refresh", "period", "up", "down"), [(1, 1, 1, 300), (60, 60, 60, 300), (7200, 1800, 3600, 3600)]
)
def test_the_refresh_period_is_that_of_the_policies_as_far_as_the_cluster_takes_it(
    refresh: int, period: int, up: int, down: int
) -> None:
    behavior = written("cpu", autoscale_refresh_seconds=refresh)["HorizontalPodAutoscaler"]["spec"]["behavior"]
    policies = [*behavior["scaleUp"]["policies"], *behavior["scaleDown"]["policies"]]
    assert {policy["periodSeconds"] for policy in policies} == {period}
    assert behavior["scaleUp"]["stabilizationWindowSeconds"] == up
    assert behavior["scaleDown"]["stabilizationWindowSeconds"] == down


def test_keda_asks_every_pod_itself_with_the_key() -> None:
    keys = {"primaryKey": "one", "secondaryKey": "two"}
    things = written("keda", keys, autoscale_refresh_seconds=20, replica_max_concurrent_requests=2)
    assert "HorizontalPodAutoscaler" not in things
    spec = things["ScaledObject"]["spec"]
    assert spec["scaleTargetRef"] == {"name": "web-1234abcd"}
    assert (spec["pollingInterval"], spec["minReplicaCount"], spec["maxReplicaCount"]) == (20, 1, 10)
    (trigger,) = spec["triggers"]
    assert trigger["metadata"] == {
        "url": "http://web-1234abcd.models.svc:5001/metrics", "format": "prometheus", "valueLocation": "scoring_slots_in_use",
        "targetValue": "1.4", "aggregateFromKubeServiceEndpoints": "true", "aggregationType": "sum", "authMode": "bearer",
    }  # fmt: skip
    assert all(isinstance(value, str) for value in trigger["metadata"].values())
    assert trigger["authenticationRef"] == {"name": "web-1234abcd"}
    (login,) = things["TriggerAuthentication"]["spec"]["secretTargetRef"]
    assert login == {"parameter": "token", "name": "web-1234abcd", "key": "primaryKey"}
    assert things["Secret"]["data"]["primaryKey"] == "b25l"


def test_keda_needs_no_key_where_the_service_needs_none() -> None:
    things = written("keda", auth_enabled=False)
    assert "TriggerAuthentication" not in things
    assert "authenticationRef" not in things["ScaledObject"]["spec"]["triggers"][0]


def test_keda_starts_no_pods_of_a_service_that_is_stopped() -> None:
    things = written("keda", auth_enabled=False)
    paused = stopped(things["ScaledObject"])
    assert paused is not None
    assert paused["metadata"]["annotations"]["autoscaling.keda.sh/paused-replicas"] == "0"
    deployment = stopped(things["Deployment"])
    assert deployment is not None
    assert deployment["spec"]["replicas"] == 0
    assert stopped(things["NetworkPolicy"]) is None


@pytest.mark.parametrize(
    ("way", "metric", "by", "target"),
    [
        ("cpu", "cpu", "HorizontalPodAutoscaler", "70 % of what each pod asks for"),
        ("slots", "scoring_slots_in_use", "HorizontalPodAutoscaler", "1.4 of each pod's slots in use"),
        ("keda", "scoring_slots_in_use", "KEDA", "1.4 of each pod's slots in use"),
    ],
)
def test_it_is_said_what_is_followed(way: Way, metric: str, by: str, target: str) -> None:
    things = written(way, auth_enabled=False, replica_max_concurrent_requests=2, autoscale_refresh_seconds=5)
    scaler = scaler_of(list(things.values()))
    assert scaler is not None
    found = described(scaler, scaler)
    assert (found["metric"], found["by"], found["trouble"]) == (metric, by, "")
    assert target in found["text"]
    assert "every 5 s at most, and no oftener than the cluster's own period" in found["text"]


def test_it_is_said_why_nothing_is_followed_now() -> None:
    scaler = written("cpu")["HorizontalPodAutoscaler"]

    def trouble(**condition: str) -> str:
        return str(described(scaler, {**scaler, "status": {"conditions": [condition]}})["trouble"])

    assert (
        trouble(type="ScalingActive", status="False", reason="FailedGetResourceMetric", message="no metrics")
        == "no metrics"
    )
    assert (
        trouble(type="ScalingActive", status="False", reason="ScalingDisabled", message="the target has no pods") == ""
    )
    assert trouble(type="ScalingActive", status="True", reason="ValidMetricFound", message="fine") == ""
    assert "is not on the cluster" in described(scaler, None)["trouble"]
