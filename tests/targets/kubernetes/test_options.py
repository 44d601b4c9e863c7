"""The document's AKS table, row by row, and what does not fit together: all of it is told in one message."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy import AksWebservice
from jupyter_deploy.errors import ConfigError
from jupyter_deploy.targets.kubernetes.options import KubernetesOptions
from tests.certificates import issued

# Python name, JSON path, two-letter alias, type, default, value: azureml-v1 3.3 and 8.1. A default of None stands for the document's
# where the docs say so: replicas that follow the load, keys that are generated.
TABLE: list[tuple[str, str, str, type, Any, Any]] = [
    ("autoscale_enabled", "autoScaler.autoscaleEnabled", "", bool, None, True),
    ("autoscale_min_replicas", "autoScaler.minReplicas", "mi", int, None, 2),
    ("autoscale_max_replicas", "autoScaler.maxReplicas", "ma", int, None, 20),
    ("autoscale_refresh_seconds", "autoScaler.refreshPeriodInSeconds", "ar", int, None, 5),
    ("autoscale_target_utilization", "autoScaler.targetUtilization", "tu", int, None, 50),
    ("collect_model_data", "dataCollection.storageEnabled", "md", bool, False, True),
    ("auth_enabled", "authEnabled", "ae", bool, None, False),
    ("token_auth_enabled", "tokenAuthEnabled", "", bool, False, True),
    ("cpu_cores", "containerResourceRequirements.cpu", "cc", float, 0.1, 0.5),
    ("memory_gb", "containerResourceRequirements.memoryInGB", "gb", float, 0.5, 1.5),
    ("cpu_cores_limit", "containerResourceRequirements.cpuLimit", "", float, None, 1.0),
    ("memory_gb_limit", "containerResourceRequirements.memoryInGBLimit", "", float, None, 2.0),
    ("gpu_cores", "gpuCores", "gc", int, 0, 1),
    ("accelerators", "accelerators", "", dict, None, {"example.com/fpga": 2}),
    ("enable_app_insights", "appInsightsEnabled", "ai", bool, False, True),
    ("scoring_timeout_ms", "scoringTimeoutMs", "tm", int, 60_000, 5000),
    ("replica_max_concurrent_requests", "maxConcurrentRequestsPerContainer", "rm", int, 1, 4),
    ("max_request_wait_time", "maxQueueWaitMs", "mr", int, 500, 900),
    ("num_replicas", "numReplicas", "nr", int, None, 3),
    ("primary_key", "keys.primaryKey", "kp", str, None, "p"),
    ("secondary_key", "keys.secondaryKey", "ks", str, None, "s"),
    ("period_seconds", "livenessProbeRequirements.periodSeconds", "ps", int, 10, 5),
    ("initial_delay_seconds", "livenessProbeRequirements.initialDelaySeconds", "id", int, 310, 60),
    ("timeout_seconds", "livenessProbeRequirements.timeoutSeconds", "ts", int, 2, 4),
    ("success_threshold", "livenessProbeRequirements.successThreshold", "st", int, 1, 2),
    ("failure_threshold", "livenessProbeRequirements.failureThreshold", "ft", int, 3, 5),
    ("namespace", "namespace", "", str, None, "models"),
    ("run_as", "runAs", "as", str, "deployment", "kserve"),
    ("compute_target_name", "computeTargetName", "", str, None, "lab"),
]
# The rest of the row: what has to be said besides for a value to make sense.
NEEDS: dict[str, dict[str, Any]] = {
    "cpu_cores_limit": {"cpu_cores": 0.5},
    "memory_gb_limit": {"memory_gb": 1.5},
    "collect_model_data": {"collect_url": "s3://bucket/folder"},
}


def nested(path: str, value: Any) -> dict[str, Any]:
    for key in reversed(path.split(".")):
        value = {key: value}
    assert isinstance(value, dict)
    return value


def problems(**options: Any) -> list[str]:
    return list(KubernetesOptions(**options).problems())


@pytest.mark.parametrize(("name", "path", "alias", "kind", "default", "value"), TABLE)
def test_a_row_of_the_table(name: str, path: str, alias: str, kind: type, default: Any, value: Any) -> None:
    row = KubernetesOptions.row(name)
    assert (row.json, row.alias, row.type, row.default) == (path, alias, kind, default)
    more = NEEDS.get(name, {})
    made = AksWebservice.deploy_configuration(**{name: value}, **more)
    document = made.to_json()
    assert document.pop("computeType") == "kubernetes"
    document = {**document, **nested(path, value)} if not more else document
    assert KubernetesOptions.from_json(document, "dc.json") == made
    assert made.given() == {name: value, **more}


def test_the_documents_own_sample_is_read() -> None:
    sample = {
        "computeType": "aks",
        "autoScaler": {"autoscaleEnabled": True, "minReplicas": 1, "maxReplicas": 3, "refreshPeriodInSeconds": 1, "targetUtilization": 70},
        "dataCollection": {"storageEnabled": False}, "authEnabled": True,
        "containerResourceRequirements": {"cpu": 0.5, "memoryInGB": 1.0},
    }  # fmt: skip
    options = KubernetesOptions.from_json(sample, "deploymentconfig.json")
    assert options.follows_load
    assert (options.min_replicas, options.max_replicas, options.refresh_seconds, options.target_utilization) == (
        1,
        3,
        1,
        70,
    )


def test_what_is_not_said_is_as_in_the_table() -> None:
    options = KubernetesOptions()
    options.require()
    assert options.follows_load
    assert (options.min_replicas, options.max_replicas) == (1, 10)
    assert (options.refresh_seconds, options.target_utilization) == (1, 70)
    assert options.is_authenticated()
    assert not KubernetesOptions(token_auth_enabled=True).is_authenticated()
    assert not KubernetesOptions(num_replicas=1).follows_load


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"autoscale_enabled": True, "num_replicas": 2}, "num_replicas is given, and autoscale_enabled is true"),
        ({"autoscale_enabled": False}, "autoscale_enabled is false, and num_replicas is missing"),
        ({"num_replicas": 2, "autoscale_min_replicas": 1}, "autoscale_min_replicas is given, and the number of pods is fixed"),
        ({"num_replicas": 2, "autoscale_max_replicas": 4}, "autoscale_max_replicas is given, and the number of pods is fixed"),
        ({"num_replicas": 2, "autoscale_refresh_seconds": 4}, "autoscale_refresh_seconds is given, and the number"),
        ({"num_replicas": 2, "autoscale_target_utilization": 4}, "autoscale_target_utilization is given, and the number"),
        ({"autoscale_min_replicas": 11}, "autoscale_min_replicas is 11, more than autoscale_max_replicas (10)"),
        ({"autoscale_max_replicas": 0}, "autoscale_max_replicas is 0; it must be at least 1"),
        ({"autoscale_refresh_seconds": 0}, "autoscale_refresh_seconds is 0 s; it must be at least 1 s"),
        ({"autoscale_target_utilization": 0}, "autoscale_target_utilization is 0 %; it must be at least 1 %"),
        ({"num_replicas": 0}, "num_replicas is 0; it must be at least 1"),
        ({"cpu_cores": 0}, "cpu_cores is 0 cores; it must be above 0 cores"),
        ({"cpu_cores_limit": 0.05}, "cpu_cores_limit is 0.05 cores, less than cpu_cores (0.1)"),
        ({"memory_gb_limit": 0.25}, "memory_gb_limit is 0.25 GB, less than memory_gb (0.5)"),
        ({"gpu_cores": -1}, "gpu_cores is -1; it must be at least 0"),
        ({"gpu_cores": 1, "accelerators": {"nvidia.com/gpu": 1}}, "which is the same; leave one of them out"),
        ({"accelerators": {"fpga": 1}}, "accelerators has 'fpga'; a device is called as its plug-in says"),
        ({"accelerators": {"example.com/fpga": 0}}, "accelerators has 0 of 'example.com/fpga'"),
        ({"accelerators": ("example.com/fpga=1",)}, "it takes whole numbers by name"),
        ({"period_seconds": 0}, "period_seconds is 0 s; it must be at least 1 s"),
        ({"initial_delay_seconds": 0}, "initial_delay_seconds is 0 s"),
        ({"timeout_seconds": 0}, "timeout_seconds is 0 s"),
        ({"success_threshold": 0}, "success_threshold is 0"),
        ({"failure_threshold": 0}, "failure_threshold is 0"),
        ({"namespace": "Models"}, "namespace is 'Models'; it takes up to 63 lower-case letters"),
        ({"namespace": "a" * 64}, "it takes up to 63 lower-case letters"),
        ({"auth_enabled": True, "token_auth_enabled": True}, "auth_enabled and token_auth_enabled are both true"),
        ({"auth_enabled": False, "primary_key": "p"}, "a key is given, but auth_enabled is false"),
        ({"collect_model_data": True}, "collect_model_data needs a collect_url that leads out of the pods"),
        ({"collect_model_data": True, "collect_url": "data"}, "leads out of the pods"),
        ({"collect_model_data": True, "collect_url": "file:///data"}, "leads out of the pods"),
        ({"autoscale_min_replicas": 0}, "autoscale_min_replicas is 0, which needs run_as=kserve"),
        ({"autoscale_min_replicas": -1}, "autoscale_min_replicas is -1; it must be at least 0"),
        ({"run_as": "kserve", "reach": "node-port"}, "reach is given, and run_as is 'kserve', which leads to it by an address of its own"),
        ({"run_as": "kserve", "ingress_host": "models.example.com"}, "ingress_host is given, and run_as is 'kserve'"),
        ({"run_as": "kserve", "models_url": "s3://bucket/models"}, "models_url is given, and run_as is 'kserve', whose pods have"),
        ({"run_as": "kserve", "autoscale_refresh_seconds": 5}, "autoscale_refresh_seconds is given, and run_as is 'kserve'"),
        ({"run_as": "kserve", "autoscale_target_utilization": 101}, "with run_as=kserve it must be at most 100 %"),
        ({"reach": "pigeon"}, "reach is 'pigeon'; it takes one of load-balancer"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told(options: dict[str, Any], text: str) -> None:
    (told,) = problems(**options)
    assert text in told


def test_the_alias_as_says_what_runs_it_and_who_means_autoscaling_is_told() -> None:
    assert problems(run_as="true") == [
        "run_as is 'true'; it takes one of deployment, kserve",
        "--as says what runs it; whether the number of pods follows the load is --autoscale-enabled",
    ]


def test_kserve_has_the_certificate_of_a_service_itself(tmp_path: Path) -> None:
    (told,) = problems(run_as="kserve", **issued(tmp_path).options)
    assert told.startswith("ssl_enabled is given, and run_as is 'kserve', whose gateway has the certificate")


def test_only_kserve_goes_down_to_no_pods() -> None:
    assert KubernetesOptions(run_as="kserve", autoscale_min_replicas=0).min_replicas == 0
    assert problems(run_as="kserve", autoscale_min_replicas=0) == []


def test_all_that_does_not_fit_is_told_in_one_message() -> None:
    with pytest.raises(ConfigError) as error:
        AksWebservice.deploy_configuration(
            num_replicas=2, autoscale_enabled=True, cpu_cores_limit=0.01, memory_gb_limit=0.1, namespace="Ä",
            accelerators={"fpga": 0}, collect_model_data=True, auth_enabled=False, primary_key="p",
        )  # fmt: skip
    assert [text.split()[0] for text in error.value.problems] == [
        "a", "num_replicas", "namespace", "cpu_cores_limit", "memory_gb_limit", "accelerators", "accelerators", "collect_model_data",
    ]  # fmt: skip
    assert error.value.what.endswith("8 problems")


def test_who_asks_for_a_fixed_number_need_not_take_back_that_it_followed_the_load_nor_the_other_way_round() -> None:
    following = KubernetesOptions(autoscale_enabled=True, autoscale_max_replicas=3)
    fixed = following.replaced({"num_replicas": 2})
    assert (fixed, fixed.problems()) == (KubernetesOptions(num_replicas=2), ())
    again = fixed.replaced({"autoscale_enabled": True, "autoscale_max_replicas": 5})
    assert (again, again.problems()) == (KubernetesOptions(autoscale_enabled=True, autoscale_max_replicas=5), ())
    assert fixed.replaced({"autoscale_enabled": True, "num_replicas": 1}).problems()
    assert fixed.replaced({"autoscale_max_replicas": 5}).problems()


@pytest.mark.parametrize(("calls", "workers", "slots"), [(1, 1, 1), (4, 1, 4), (1, 3, 3), (4, 2, 4), (3, 2, 4)])
def test_a_pod_has_as_many_slots_as_its_server_says(calls: int, workers: int, slots: int) -> None:
    assert KubernetesOptions(replica_max_concurrent_requests=calls, worker_count=workers).slots == slots
