"""What the Azure ML SDK v1 has and this release has not; asked of the package, so that it is true of every release."""

from __future__ import annotations

from collections.abc import Iterable

import jupyter_deploy
from docs.generated.markdown import code
from jupyter_deploy.targets import find_target, target_names

CLASSES = (
    "AciWebservice", "AksCompute", "AksWebservice", "ComputeTarget", "CondaDependencies", "Environment", "InferenceConfig",
    "KubernetesCompute", "LocalWebservice", "Model", "Webservice", "Workspace",
)  # fmt: skip
OPTIONS = (
    "port", "cpu_cores", "memory_gb", "location", "auth_enabled", "ssl_enabled", "ssl_cert_pem_file", "ssl_key_pem_file", "ssl_cname",
    "enable_app_insights", "dns_name_label", "primary_key", "secondary_key", "collect_model_data", "cmk_vault_base_url", "cmk_key_name",
    "cmk_key_version", "vnet_name", "subnet_name", "autoscale_enabled", "autoscale_min_replicas", "autoscale_max_replicas",
    "autoscale_refresh_seconds", "autoscale_target_utilization", "token_auth_enabled", "cpu_cores_limit", "memory_gb_limit", "gpu_cores",
    "scoring_timeout_ms", "replica_max_concurrent_requests", "max_request_wait_time", "num_replicas", "period_seconds",
    "initial_delay_seconds", "timeout_seconds", "success_threshold", "failure_threshold", "namespace", "compute_target_name",
    "blobfuse_enabled",
)  # fmt: skip


def absent_names() -> str:
    """The classes that are not there yet."""
    return _listed(name for name in CLASSES if name not in jupyter_deploy.__all__)


def absent_options() -> str:
    """The options that no installed target has."""
    there = {row.name for name in target_names() for row in find_target(name).options.rows()}
    return _listed(name for name in OPTIONS if name not in there)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(code, names)) or "none"
