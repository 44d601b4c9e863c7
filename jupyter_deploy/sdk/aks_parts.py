"""What an AksWebservice says of itself in objects, in the names of the Azure ML SDK v1 (azureml-v1 4.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jupyter_deploy.config.options import set_path
from jupyter_deploy.targets.kubernetes.options import KubernetesOptions


@dataclass(frozen=True)
class AutoScaler:
    """How the number of pods follows the load.

    Parameters
    ----------
    autoscale_enabled : whether it does.
    min_replicas, max_replicas, refresh_period_seconds, target_utilization : as they were given, or by default.
    metric : what is followed, "scoring_slots_in_use" or "cpu"; empty where nothing is, or the cluster cannot be asked.
    text : the whole in one sentence. trouble : why it cannot be done now, as the cluster says it; empty where it can.
    """

    autoscale_enabled: bool
    min_replicas: int
    max_replicas: int
    refresh_period_seconds: int
    target_utilization: int
    metric: str
    text: str
    trouble: str

    @classmethod
    def of(cls, options: KubernetesOptions, scaling: Mapping[str, str]) -> AutoScaler:
        """Read it from a service's options and from what its target says."""
        return cls(
            options.follows_load, options.min_replicas, options.max_replicas, options.refresh_seconds, options.target_utilization,
            *(scaling.get(name, "") for name in ("metric", "text", "trouble")),
        )  # fmt: skip


@dataclass(frozen=True)
class ContainerResourceRequirements:
    """What each pod asks for, and what it never goes beyond; None where there is no limit."""

    cpu: float
    cpu_limit: float | None
    memory_in_gb: float
    memory_in_gb_limit: float | None
    gpu: int

    @classmethod
    def of(cls, options: KubernetesOptions) -> ContainerResourceRequirements:
        """Read them from a service's options."""
        limit = options.memory_gb_limit or options.memory_gb
        return cls(options.cpu_cores, options.cpu_cores_limit, options.memory_gb, limit, options.gpu_cores)


@dataclass(frozen=True)
class LivenessProbeRequirements:
    """How a pod is asked whether it is alive."""

    period_seconds: int
    initial_delay_seconds: int
    timeout_seconds: int
    success_threshold: int
    failure_threshold: int

    @classmethod
    def of(cls, options: KubernetesOptions) -> LivenessProbeRequirements:
        """Read them from a service's options."""
        names = cls.__dataclass_fields__
        return cls(**{name: getattr(options, name) for name in names})


@dataclass(frozen=True)
class DataCollection:
    """Whether inputs and outputs are kept, where, and in which form."""

    storage_enabled: bool
    url: str | None
    format: str

    @classmethod
    def of(cls, options: KubernetesOptions) -> DataCollection:
        """Read them from a service's options."""
        return cls(options.collect_model_data, options.collect_url, options.collect_format)


def document(options: KubernetesOptions) -> dict[str, Any]:
    """The options under their keys in a deployment configuration file, secrets left out (azureml-v1 4.6)."""
    found: dict[str, Any] = {}
    for row in options.rows():
        if not row.secret:
            value = getattr(options, row.name)
            set_path(found, row.json, list(value) if isinstance(value, tuple) else value)
    return found
