"""Plans of services for tests: a typical one, and one for every option at its limits and with its choices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from jupyter_deploy.config.options import Option
from jupyter_deploy.targets.base import Place
from jupyter_deploy.targets.kubernetes.fetching import Fetching
from jupyter_deploy.targets.kubernetes.kinds import Object
from jupyter_deploy.targets.kubernetes.manifests import Plan, others, owner
from jupyter_deploy.targets.kubernetes.names import dns_names
from jupyter_deploy.targets.kubernetes.options import KubernetesOptions
from tests.certificates import issued

IMAGE = "registry.example.com/jupyter-deploy/diabetes-service:0f1e2d3c4b5a"
NEWEST = {
    "HorizontalPodAutoscaler": "autoscaling/v2",
    "PodDisruptionBudget": "policy/v1",
    "HTTPRoute": "gateway.networking.k8s.io/v1",
    "InferenceService": "serving.kserve.io/v1beta1",
}
"""The versions of the API in a cluster of today that has the Gateway API and KServe."""
INGRESS = {"ingress_host": "models.example.com"}
_SMALL, _LARGE = 0.001, 100_000
_TEXTS: Mapping[str, Any] = {
    "accelerators": {"example.com/fpga": 2, "amd.com/gpu": 1},
    "allowed_hosts": ("models.example.com",),
    "app_insights_connection_string": "InstrumentationKey=00000000-0000-0000-0000-000000000000",
    "collect_url": "s3://bucket/folder",
    "compute_target_name": "lab",
    "ingress_class": "nginx",
    "ingress_gateway": "ingress/shared",
    "ingress_host": "models.example.com",
    "ingress_tls_secret": "models-tls",
    "models_storage_options": '{"key": "k", "secret": "s"}',
    "models_url": "s3://bucket/models",
    "namespace": "models",
    "primary_key": "p" * 32,
    "router_image": "registry.example.com/nginx:1",
    "secondary_key": "s" * 32,
}
"""Values of the options that take any text."""
_WITH: Mapping[str, Mapping[str, Any]] = {
    "app_insights_connection_string": {"enable_app_insights": True},
    "autoscale_min_replicas": {"autoscale_max_replicas": _LARGE},
    "collect_format": {"collect_model_data": True, "collect_url": "s3://bucket/folder"},
    "collect_model_data": {"collect_url": "s3://bucket/folder"},
    "collect_url": {"collect_model_data": True},
    "cpu_cores_limit": {"cpu_cores": _SMALL},
    "ingress_class": INGRESS,
    "ingress_gateway": INGRESS,
    "ingress_tls": INGRESS,
    "ingress_tls_secret": INGRESS,
    "memory_gb_limit": {"memory_gb": _SMALL},
}
"""What an option needs beside it."""


def every_choice(folder: Path) -> list[KubernetesOptions]:
    """Options for each row of the table, at its limits and with its choices, and some that meet.

    Parameters
    ----------
    folder : for a certificate.
    """
    tls = issued(folder).options
    alone = [
        {**(tls if row.name in tls else _WITH.get(row.name, {})), row.name: value}
        for row in KubernetesOptions.rows()
        for value in ((tls[row.name],) if row.name in tls else _values(row))
    ]
    return [KubernetesOptions(**given) for given in (*alone, *_together(tls))]


def every_choice_of_kserve(folder: Path) -> list[KubernetesOptions]:
    """The same with KServe, as far as it goes with that, and down to no pods."""
    found = [replace(options, run_as="kserve") for options in every_choice(folder)]
    none_at_all = KubernetesOptions(run_as="kserve", autoscale_min_replicas=0)
    return [none_at_all, *(options for options in found if not options.problems())]


def _values(row: Option) -> tuple[Any, ...]:
    if row.choices:
        return row.choices
    if row.type is bool:
        return (True,)
    if row.type in (int, float):
        if row.name == "autoscale_min_replicas":
            return (1, _LARGE)  # none at all only in KServe
        least = row.minimum if row.minimum is not None else (row.above or 0) + _SMALL
        most = row.maximum if row.maximum is not None else _LARGE
        return (row.type(least), row.type(most))
    return (_TEXTS[row.name],)


def _together(tls: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield {"auth_enabled": False}
    yield {"autoscale_enabled": False, "num_replicas": 3, "token_auth_enabled": True}
    yield {"autoscale_min_replicas": 2, "autoscale_max_replicas": 20, "gpu_cores": 1, **tls}
    yield {"gpu_cores": 2, "accelerators": {"example.com/fpga": 1}, "cpu_cores_limit": 4.0, "memory_gb_limit": 2.0}
    yield {**INGRESS, "ingress_tls_secret": "models-tls", "ingress_class": "nginx", "token_auth_enabled": True}
    yield {**INGRESS, "ingress_tls": True}
    yield {"models_url": "https://models.example.com/store", "models_storage_options": "{}", "gpu_cores": 1}
    yield {**INGRESS, "ingress_gateway": "ingress/shared", "ingress_tls": True, "num_replicas": 2}


def plan(
    options: KubernetesOptions, *, namespace: str = "models", apis: Mapping[str, str] = NEWEST, version: int = 3
) -> Plan:
    """What is to be on a cluster for a service with these options."""
    place = Place("1a2b3c4d", "diabetes-service", Path("/nowhere"), None)
    hosts = (options.ingress_host,) if options.ingress_host else ("192.0.2.7",)
    settings = {**options.settings(), "name": place.service}
    settings["allowedHosts"] = [*settings["allowedHosts"], *dns_names(place, namespace), *hosts]
    reach = options.route or options.reach or "node-port"
    file = {"path": "diabetes/1/model.pkl", "key": "diabetes/1/model.pkl", "sha256": "0" * 64, "size": 1 << 30}
    return Plan(
        place, namespace, IMAGE, version, options, settings, reach, hosts, _secrets(options), apis,
        fetching=Fetching(options.models_url, [file]) if options.models_url else None,
    )  # fmt: skip


def _secrets(options: KubernetesOptions) -> dict[str, bytes]:
    guarded = options.is_authenticated() or options.token_auth_enabled
    has = {
        "keys": guarded,
        "certificate": options.ssl_enabled,
        "secrets": bool(options.app_insights_connection_string or options.models_storage_options),
    }
    return {name: b"{}" for name, is_there in has.items() if is_there}


def objects(made: Plan) -> list[Object]:
    """All objects of a plan."""
    return [owner(made), *others(made)]
