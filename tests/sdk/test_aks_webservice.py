"""AksWebservice's attributes (azureml-v1 4.2) and document (4.6): the options as they are in effect, from their one declaration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy import AksWebservice, Workspace
from tests.recorded import record_service

NAMES = (
    "compute_name", "autoscaler", "liveness_probe_requirements", "data_collection", "max_concurrent_requests_per_container",
    "max_request_wait_time", "num_replicas", "scoring_timeout_ms", "namespace", "deployment_status", "container_resource_requirements",
    "enable_app_insights", "auth_enabled", "token_auth_enabled", "cname",
)  # fmt: skip
EXTRAS = (
    "autoScaler", "computeName", "dataCollection", "maxConcurrentRequestsPerContainer", "maxQueueWaitMs", "livenessProbeRequirements",
    "numReplicas", "deploymentStatus", "scoringTimeoutMs", "aadAuthEnabled", "containerResourceRequirements", "appInsightsEnabled",
    "namespace",
)  # fmt: skip


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace whose services are on no cluster, so that there is nothing to take away."""
    return Workspace(tmp_path / "workspace")


def recorded(workspace: Workspace, **options: Any) -> AksWebservice:
    return record_service(workspace, "recorded", "away", **options)


def test_every_attribute_of_the_original_is_there(workspace: Workspace) -> None:
    service = recorded(workspace)
    assert {name: hasattr(service, name) for name in NAMES} == dict.fromkeys(NAMES, True)
    document = service.serialize()
    assert [key for key in EXTRAS if key not in document] == []
    assert document["deploymentConfig"] == {"computeType": "kubernetes", "computeTargetName": "away"}


def test_a_number_of_pods_that_follows_the_load_has_its_limits(workspace: Workspace) -> None:
    service = recorded(workspace, autoscale_max_replicas=4)
    assert vars(service.autoscaler) == {
        "autoscale_enabled": True, "min_replicas": 1, "max_replicas": 4, "refresh_period_seconds": 1, "target_utilization": 70,
        "metric": "", "text": "", "trouble": "",
    }  # fmt: skip
    assert service.num_replicas is None
    assert service.serialize()["autoScaler"]["refreshPeriodInSeconds"] == 1


def test_a_fixed_number_of_pods_has_none(workspace: Workspace) -> None:
    service = recorded(workspace, num_replicas=2)
    assert not service.autoscaler.autoscale_enabled
    assert set(service.serialize()["autoScaler"].values()) == {False, None}
    assert (service.num_replicas, service.serialize()["numReplicas"]) == (2, 2)


def test_options_are_shown_as_they_are_in_effect(workspace: Workspace) -> None:
    service = recorded(
        workspace, num_replicas=1, memory_gb=1, memory_gb_limit=2, period_seconds=7, replica_max_concurrent_requests=3,
        scoring_timeout_ms=9000, collect_model_data=True, collect_url="s3://kept/here",
    )  # fmt: skip
    assert vars(service.container_resource_requirements) == {
        "cpu": 0.1, "cpu_limit": None, "memory_in_gb": 1, "memory_in_gb_limit": 2, "gpu": 0,
    }  # fmt: skip
    assert vars(service.liveness_probe_requirements) == {
        "period_seconds": 7, "initial_delay_seconds": 310, "timeout_seconds": 2, "success_threshold": 1, "failure_threshold": 3,
    }  # fmt: skip
    assert vars(service.data_collection) == {"storage_enabled": True, "url": "s3://kept/here", "format": "csv"}
    assert (service.max_concurrent_requests_per_container, service.scoring_timeout_ms) == (3, 9000)
    assert (service.max_request_wait_time, service.enable_app_insights) == (500, False)
    assert service.compute_name == "away"
    assert service.deployment_status == {
        "replicas": None, "availableReplicas": None, "error": "the cluster of 'recorded' is not attached to this workspace",
    }  # fmt: skip


def test_no_secret_is_in_the_document(workspace: Workspace) -> None:
    document = recorded(workspace).serialize()
    assert not {"keys", "appInsightsConnectionString"} & set(document)


@pytest.mark.parametrize("name", ["scoring_timeout_ms", "autoscaler"])
def test_an_attribute_says_what_it_is(name: str) -> None:
    assert getattr(AksWebservice, name).__doc__.endswith(".")
