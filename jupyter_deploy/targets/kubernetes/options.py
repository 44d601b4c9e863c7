"""The options of the target ``kubernetes``, under the names and JSON paths of the original's AKS table (azureml-v1 3.3)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlsplit

from jupyter_deploy.config.options import option
from jupyter_deploy.images.dockerfile import PORT
from jupyter_deploy.targets.server_options import ScoringOptions

_NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{,61}[a-z0-9])?")
_DEVICE = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?/[a-z0-9A-Z]([-a-z0-9A-Z._]{,61}[a-z0-9A-Z])?")
_GPU = "nvidia.com/gpu"
_HOST = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LONGEST_HOST = 253
KSERVE = "kserve"
_MB = 1024 * 1024
_MIN, _MAX, _REFRESH, _UTILIZATION = 1, 10, 1, 70
_WHOLE = 100
_AUTOSCALE = (
    "autoscale_enabled", "autoscale_min_replicas", "autoscale_max_replicas", "autoscale_refresh_seconds", "autoscale_target_utilization",
)  # fmt: skip
"""What says that, and how, the number of pods follows the load."""
_NOT_IN_KSERVE = {
    "reach": "which leads to it by an address of its own",
    "ingress_host": "which leads to it by an address of its own",
    "ssl_enabled": "whose gateway has the certificate",
    "autoscale_refresh_seconds": "which looks at its own pace",
    "models_url": "whose pods have the models in their image",
    "models_storage_options": "whose pods have the models in their image",
}
"""What has no effect where KServe runs a service, and why."""


@dataclass(frozen=True)
class KubernetesOptions(ScoringOptions):
    """Options of a service on a Kubernetes cluster (``AksWebservice.deploy_configuration``)."""

    compute_type: ClassVar[str] = "kubernetes"

    compute_target_name: str | None = option(
        None, json="computeTargetName", group="Cluster", updatable=False,
        help="The attached cluster that the service runs on; deployment_target and --target NAME say the same.",
    )  # fmt: skip
    namespace: str | None = option(
        None, json="namespace", group="Cluster", updatable=False,
        help="Namespace of the cluster, which has to be there; by default the one that the cluster was attached with.",
    )  # fmt: skip
    run_as: str = option(
        "deployment", json="runAs", alias="as", choices=("deployment", KSERVE), group="Cluster", updatable=False,
        help="What runs it: a Deployment of its own, or KServe, where the cluster has it, as an InferenceService, which may have no pods"
        " while nobody asks (autoscale_min_replicas=0).",
    )  # fmt: skip
    reach: str | None = option(
        None, json="reach", choices=("load-balancer", "node-port", "port-forward", "cluster"), group="Cluster", updatable=False,
        help="How it is reached from here: by an address of its own, a port of the nodes, a tunnel that is kept up on this machine, or from"
        " within the cluster only; by default a port of the nodes where this machine reaches them, else a tunnel.",
    )  # fmt: skip
    ingress_host: str | None = option(
        None, json="ingress.host", group="Cluster", updatable=False,
        help="Host name under which it is reached through an Ingress of the cluster, or through a Gateway where one is named.",
    )  # fmt: skip
    ingress_class: str | None = option(
        None, json="ingress.className", group="Cluster",
        help="Class of the Ingress, as the cluster's ingress controller calls itself; by default the cluster's own default.",
    )  # fmt: skip
    ingress_gateway: str | None = option(
        None, json="ingress.gateway", group="Cluster", shown="NAMESPACE/NAME", updatable=False,
        help="A Gateway of the cluster (Gateway API) that leads to it by a route, instead of an Ingress.",
    )  # fmt: skip
    ingress_tls: bool | None = option(
        None, json="ingress.tls", group="Cluster", updatable=False,
        help="Whether its address there is https; by default where ingress_tls_secret is given. A Gateway has the certificate itself.",
    )  # fmt: skip
    ingress_tls_secret: str | None = option(
        None, json="ingress.tlsSecret", group="Cluster",
        help="Secret of the namespace with the certificate of that host for the Ingress; without it the controller's own.",
    )  # fmt: skip
    auth_enabled: bool | None = option(
        None, json="authEnabled", alias="ae", group="Access",
        help="Whether requests need a key; on a cluster they do unless you say otherwise, or ask for tokens.",
    )  # fmt: skip
    num_replicas: int | None = option(
        None, json="numReplicas", alias="nr", minimum=1, group="Scale",
        help="How many pods serve; without it their number follows the load.",
    )  # fmt: skip
    autoscale_enabled: bool | None = option(
        None, json="autoScaler.autoscaleEnabled", group="Scale",
        help="Whether the number of pods follows the load; by default where num_replicas is not given.",
    )  # fmt: skip
    autoscale_min_replicas: int | None = option(
        None, json="autoScaler.minReplicas", alias="mi", minimum=0, group="Scale",
        help=f"Pods that there are at least where their number follows the load; {_MIN} when it is not given, 0 only with run_as=kserve.",
    )  # fmt: skip
    autoscale_max_replicas: int | None = option(
        None, json="autoScaler.maxReplicas", alias="ma", minimum=1, group="Scale",
        help=f"Pods that there are at most; {_MAX} when it is not given.",
    )  # fmt: skip
    autoscale_refresh_seconds: int | None = option(
        None, json="autoScaler.refreshPeriodInSeconds", alias="ar", unit="s", minimum=1, group="Scale",
        help=f"How often their number may change, as far as the cluster looks that often; {_REFRESH} s when it is not given.",
    )  # fmt: skip
    autoscale_target_utilization: int | None = option(
        None, json="autoScaler.targetUtilization", alias="tu", unit="%", minimum=1, group="Scale",
        help=f"How busy the pods are to be on average; {_UTILIZATION} % when it is not given.",
    )  # fmt: skip
    cpu_cores: float = option(
        0.1, json="containerResourceRequirements.cpu", alias="cc", unit="cores", above=0, group="Resources",
        help="CPU that a pod asks its node to keep for it; it takes more where there is more.",
    )  # fmt: skip
    cpu_cores_limit: float | None = option(
        None, json="containerResourceRequirements.cpuLimit", unit="cores", above=0, group="Resources",
        help="CPU that a pod never goes beyond; no cap when it is not set.",
    )  # fmt: skip
    memory_gb: float = option(
        0.5, json="containerResourceRequirements.memoryInGB", alias="gb", unit="GB", above=0, group="Resources",
        help="Memory that is kept for a pod, and that it is ended beyond unless memory_gb_limit allows more.",
    )  # fmt: skip
    memory_gb_limit: float | None = option(
        None, json="containerResourceRequirements.memoryInGBLimit", unit="GB", above=0, group="Resources",
        help="Memory that a pod is ended beyond, where it may be more than memory_gb.",
    )  # fmt: skip
    gpu_cores: int = option(
        0, json="gpuCores", alias="gc", minimum=0, group="Resources",
        help="NVIDIA GPUs that each pod gets for itself (nvidia.com/gpu).",
    )  # fmt: skip
    accelerators: Mapping[str, int] | None = option(
        None, json="accelerators", group="Resources", shown="RESOURCE=N,…",
        help="Other devices that each pod gets for itself, an FPGA's among them, as the cluster's device plug-ins call them:"
        " example.com/fpga=1.",
    )  # fmt: skip
    bake_models_up_to_mb: int = option(
        256, json="models.bakeUpToMb", unit="MB", minimum=0, group="Models",
        help="Size of all models up to which they are in the image; larger ones are fetched by each pod, where there is a place that it can"
        " fetch them from.",
    )  # fmt: skip
    models_url: str | None = option(
        None, json="models.url", group="Models",
        help="Where larger models are fetched from: an https:// URL, or another that fsspec knows, with their files under NAME/VERSION/; by"
        " default the store of the workspace, where it has one and models_storage_options is given.",
    )  # fmt: skip
    models_storage_options: str | None = option(
        None, json="models.storageOptions", group="Models", secret=True,
        help="What that place is opened with, credentials among it: fsspec's storage options as a JSON object, 'headers' for https://;"
        " {} where pods may read there as they are.",
    )  # fmt: skip
    period_seconds: int = option(
        10, json="livenessProbeRequirements.periodSeconds", alias="ps", unit="s", minimum=1, group="Liveness",
        help="How often a pod is asked whether it is alive.",
    )  # fmt: skip
    initial_delay_seconds: int = option(
        310, json="livenessProbeRequirements.initialDelaySeconds", alias="id", unit="s", minimum=1, group="Liveness",
        help="When it is first asked, and how long its script's imports and init() may take.",
    )  # fmt: skip
    timeout_seconds: int = option(
        2, json="livenessProbeRequirements.timeoutSeconds", alias="ts", unit="s", minimum=1, group="Liveness",
        help="How long its answer may take.",
    )  # fmt: skip
    success_threshold: int = option(
        1, json="livenessProbeRequirements.successThreshold", alias="st", minimum=1, group="Liveness",
        help="Answers after which a pod counts as ready again; that it is alive one answer shows.",
    )  # fmt: skip
    failure_threshold: int = option(
        3, json="livenessProbeRequirements.failureThreshold", alias="ft", minimum=1, group="Liveness",
        help="Missing answers after which it is started anew; after as many, asked each second, it gets no requests.",
    )  # fmt: skip

    router_image: str | None = option(
        None, json="routerImage", group="Traffic", shown="IMAGE",
        help="Image with nginx in it that shares requests between versions; by default the public one, which the nodes have to reach.",
    )  # fmt: skip

    def rules(self) -> Iterable[str]:
        """Besides those of every service: replicas are fixed or follow the load, limits are no less than requests."""
        yield from super().rules()
        yield from self._scale_rules()
        yield from self._route_rules()
        yield from self._run_rules()
        yield from self._model_rules()
        if self.namespace is not None and not _NAMESPACE.fullmatch(self.namespace):
            yield f"namespace is {self.namespace!r}; it takes up to 63 lower-case letters, digits and '-'"
        if self.cpu_cores_limit and self.cpu_cores_limit < self.cpu_cores:
            yield f"cpu_cores_limit is {self.cpu_cores_limit:g} cores, less than cpu_cores ({self.cpu_cores:g}); give at least as much"
        if self.memory_gb_limit and self.memory_gb_limit < self.memory_gb:
            yield f"memory_gb_limit is {self.memory_gb_limit:g} GB, less than memory_gb ({self.memory_gb:g}); give at least as much"
        yield from self._device_rules()
        if self.collect_model_data and (
            "://" not in (self.collect_url or "") or self.collect_place().startswith("file:")
        ):
            yield "collect_model_data needs a collect_url that leads out of the pods, which keep no files: s3://bucket/folder"

    def replaced(self, changes: Mapping[str, Any]) -> KubernetesOptions:
        """These options with some of them changed; who asks for a fixed number of pods needs not take back that it follows the load,
        nor the other way round."""
        if changes.get("autoscale_enabled"):
            changes = {"num_replicas": None, **changes}
        elif changes.get("num_replicas") is not None:
            changes = {**dict.fromkeys(_AUTOSCALE), **changes}
        return super().replaced(changes)

    def _model_rules(self) -> Iterable[str]:
        parts = urlsplit(self.models_url or "https://")
        if not parts.scheme or parts.scheme in ("file", "local", "memory"):
            yield f"models_url is {self.models_url!r}; give a URL that pods reach: https://…, s3://bucket/folder"
        if parts.username or parts.password or parts.query:  # not quoted: it may be a password
            yield "models_url has credentials or a query, which would be recorded; give them as models_storage_options"
        if self.models_storage_options and not _is_object(self.models_storage_options):
            yield 'models_storage_options is no JSON object; give fsspec\'s storage options: {"key": …, "secret": …}'

    def models_from(self, size: int, store: str, *, has_storage_options: bool) -> str:
        """The URL that pods fetch the models from; empty where these are in the image.

        Parameters
        ----------
        size : bytes of all of them. store : the URL of the workspace's own store; empty where it has none.
        has_storage_options : whether models_storage_options was given, now or before.
        """
        if self.is_kserve or size <= self.bake_models_up_to_mb * _MB:
            return ""
        return (self.models_url or "").rstrip("/") or (store if has_storage_options else "")

    def _device_rules(self) -> Iterable[str]:
        for name, count in (self.accelerators or {}).items():
            if not _DEVICE.fullmatch(name):
                yield f"accelerators has {name!r}; a device is called as its plug-in says: example.com/fpga"
            if count < 1:
                yield f"accelerators has {count} of {name!r}; give at least 1, or leave it out"
        if self.gpu_cores and _GPU in (self.accelerators or {}):
            yield f"gpu_cores is {self.gpu_cores}, and accelerators has {_GPU!r}, which is the same; leave one of them out"

    def _scale_rules(self) -> Iterable[str]:
        if self.autoscale_enabled and self.num_replicas is not None:
            yield "num_replicas is given, and autoscale_enabled is true; leave one of them out"
        if self.autoscale_enabled is False and self.num_replicas is None:
            yield "autoscale_enabled is false, and num_replicas is missing; give it"
        if not self.follows_load:
            for name in _AUTOSCALE[1:]:
                if getattr(self, name) is not None:
                    yield f"{name} is given, and the number of pods is fixed (num_replicas); leave one of them out"
        if self.min_replicas > self.max_replicas:
            yield f"autoscale_min_replicas is {self.min_replicas}, more than autoscale_max_replicas ({self.max_replicas})"

    def _run_rules(self) -> Iterable[str]:
        if self.run_as in ("true", "false"):
            yield "--as says what runs it; whether the number of pods follows the load is --autoscale-enabled"
        if not self.is_kserve:
            if self.autoscale_min_replicas == 0:
                yield "autoscale_min_replicas is 0, which needs run_as=kserve; give at least 1"
            return
        for name, why in _NOT_IN_KSERVE.items():
            if getattr(self, name):
                yield f"{name} is given, and run_as is 'kserve', {why}; leave one of them out"
        if self.target_utilization > _WHOLE:
            yield f"autoscale_target_utilization is {self.target_utilization} %; with run_as=kserve it must be at most {_WHOLE} %"

    def _route_rules(self) -> Iterable[str]:
        if self.ingress_host is None:
            for name in ("class", "gateway", "tls", "tls_secret"):
                if getattr(self, f"ingress_{name}") is not None:
                    yield f"ingress_{name} is given, and ingress_host is missing; give it"
            return
        if not _HOST.fullmatch(self.ingress_host) or len(self.ingress_host) > _LONGEST_HOST:
            yield f"ingress_host is {self.ingress_host!r}; it takes a host name in lower case: models.example.com"
        if self.reach is not None:
            yield f"reach is {self.reach!r}, and ingress_host is given; leave one of them out"
        if self.ssl_enabled:
            yield "ssl_enabled and ingress_host are given, but the way to the pods is without TLS; leave one of them out (ingress_tls)"
        if self.ingress_tls is False and self.ingress_tls_secret:
            yield "ingress_tls is false, and ingress_tls_secret is given; leave one of them out"
        if self.ingress_gateway is not None:
            yield from self._gateway_rules(self.ingress_gateway)

    def _gateway_rules(self, gateway: str) -> Iterable[str]:
        if not all(map(_HOST.fullmatch, gateway.split("/"))) or gateway.count("/") != 1:
            yield f"ingress_gateway is {gateway!r}; it takes NAMESPACE/NAME"
        for name in ("class", "tls_secret"):
            if getattr(self, f"ingress_{name}") is not None:
                yield f"ingress_{name} is for an Ingress, and ingress_gateway is given; leave one of them out"

    @property
    def is_kserve(self) -> bool:
        """Whether KServe runs it."""
        return self.run_as == KSERVE

    @property
    def route(self) -> str:
        """What of the cluster leads to it: "ingress", "gateway", "kserve"; empty where none was asked for."""
        if self.is_kserve:
            return KSERVE
        if self.ingress_host is None:
            return ""
        return "gateway" if self.ingress_gateway else "ingress"

    @property
    def has_tls_route(self) -> bool:
        """Whether its address there is https."""
        return bool(self.ingress_tls_secret) if self.ingress_tls is None else self.ingress_tls

    @property
    def follows_load(self) -> bool:
        """Whether the number of pods follows the load."""
        return self.num_replicas is None if self.autoscale_enabled is None else self.autoscale_enabled

    @property
    def min_replicas(self) -> int:
        """Pods that there are at least where their number follows the load."""
        return _MIN if self.autoscale_min_replicas is None else self.autoscale_min_replicas

    @property
    def max_replicas(self) -> int:
        """Pods that there are at most."""
        return self.autoscale_max_replicas or _MAX

    @property
    def refresh_seconds(self) -> int:
        """How often their number may change."""
        return self.autoscale_refresh_seconds or _REFRESH

    @property
    def target_utilization(self) -> int:
        """How busy they are to be on average, in per cent."""
        return self.autoscale_target_utilization or _UTILIZATION

    @property
    def devices(self) -> dict[str, int]:
        """The devices that each pod gets, by the names of their plug-ins."""
        return {**({_GPU: self.gpu_cores} if self.gpu_cores else {}), **(self.accelerators or {})}

    @property
    def slots(self) -> int:
        """Calls of ``run()`` that a pod has in progress at most, as its server counts them: evenly over its workers."""
        return self.worker_count * max(1, -(-self.replica_max_concurrent_requests // self.worker_count))

    @property
    def longest_answer_seconds(self) -> int:
        """After which a service has answered, or has said why not; what is in front of it has to wait as long."""
        return -(-(self.max_request_wait_time + self.scoring_timeout_ms) // 1000) + 1

    def scale(self) -> dict[str, Any]:
        """How many pods there are, or between which limits their number follows the load, and how many workers each has."""
        filled = self.filled()
        pods = ("autoscale_min_replicas", "autoscale_max_replicas") if self.follows_load else ("num_replicas",)
        return {name: getattr(filled, name) for name in (*pods, "worker_count")}

    def filled(self) -> KubernetesOptions:
        """The same options, with what follows where they are not given."""
        scale = ("min_replicas", "max_replicas", "refresh_seconds", "target_utilization") if self.follows_load else ()
        return self.replaced(
            {
                "auth_enabled": self.is_authenticated(),
                "autoscale_enabled": self.follows_load,
                **{f"autoscale_{name}": getattr(self, name) for name in scale},
            }
        )

    def is_authenticated(self) -> bool:
        """Whether requests need a key: on a cluster by default, as in the original."""
        return not self.token_auth_enabled if self.auth_enabled is None else self.auth_enabled

    def settings(self) -> dict[str, Any]:
        """In its pod the server answers at all addresses of the pod, to the names that the target adds."""
        return {**super().settings(), "host": "0.0.0.0", "port": PORT}  # noqa: S104  (the pod's own)


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
