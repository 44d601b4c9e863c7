"""A service as Kubernetes objects: plain data, readable as YAML, complete but for who owns them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jupyter_deploy.images.dockerfile import PORT
from jupyter_deploy.targets.base import Place
from jupyter_deploy.targets.kubernetes import kserve
from jupyter_deploy.targets.kubernetes.fetching import Fetching
from jupyter_deploy.targets.kubernetes.kinds import Object, api_of
from jupyter_deploy.targets.kubernetes.names import VERSION, all_labels, object_name, own_labels, pod_labels
from jupyter_deploy.targets.kubernetes.options import KubernetesOptions
from jupyter_deploy.targets.kubernetes.pods import Content, pod_spec
from jupyter_deploy.targets.kubernetes.routes import http_route, ingress
from jupyter_deploy.targets.kubernetes.scaling import Way, scalers
from jupyter_deploy.targets.kubernetes.vault import PULL_SECRET, data_of, pull_data

PROGRESS_SECONDS = 60
"""That a rollout may go without progress, beside what the script may take to start."""
SERVICE_TYPES = {
    "load-balancer": "LoadBalancer",
    "node-port": "NodePort",
    "port-forward": "ClusterIP",
    "cluster": "ClusterIP",
    "ingress": "ClusterIP",
    "gateway": "ClusterIP",
}


@dataclass(frozen=True)
class Plan:
    """What is to be on the cluster.

    Parameters
    ----------
    place : of the service. namespace : where. image : what it runs. version : that is served.
    options : of the service. settings : what its server is told, as ``service.json`` has it. reach : how it is reached.
    hosts : that it may be reached at from here, best first.
    secrets : the content of its Secret by the option that names each to the server; empty texts where it is only shown.
    apis : the versions of the API that the cluster has for kinds that moved. scaled_by : what the number of pods follows, unless fixed.
    pull_login : what nodes need to pull the image, in the form of Docker's configuration; empty where they need nothing.
    fetching : what pods fetch before they start; None where the image has the models.
    deployment : the name of its Deployment; empty where that is the service's own.
    entrance : the Deployment to whose pods requests are sent; empty where that is this one.
    """

    place: Place
    namespace: str
    image: str
    version: int
    options: KubernetesOptions
    settings: Mapping[str, Any]
    reach: str
    hosts: tuple[str, ...]
    secrets: Mapping[str, bytes]
    apis: Mapping[str, str]
    scaled_by: Way = "cpu"
    pull_login: bytes = b""
    fetching: Fetching | None = None
    deployment: str = ""
    entrance: str = ""

    @property
    def name(self) -> str:
        """The name of its objects."""
        return object_name(self.place)

    @property
    def port(self) -> int:
        """The port of its address within the cluster."""
        return 443 if self.options.ssl_enabled else 80

    @property
    def workload(self) -> str:
        """The name of its Deployment, and of what belongs to that."""
        return self.deployment or self.name

    @property
    def pod_labels(self) -> dict[str, str]:
        """The labels by which its own pods are found."""
        return pod_labels(self.place, self.workload)

    @property
    def is_many(self) -> bool:
        """Whether there may be more than one pod."""
        return (self.options.max_replicas if self.options.follows_load else self.options.num_replicas or 1) > 1

    def api(self, kind: str) -> str:
        """The version of the API in which the cluster takes a kind."""
        return self.apis.get(kind) or api_of(kind)

    def about(self, name: str = "", **more: Any) -> Object:
        """The metadata of one of its objects."""
        return {"name": name or self.name, "namespace": self.namespace, "labels": all_labels(self.place), **more}


def owner(plan: Plan) -> Object:
    """First to be there, last to go, and owner of everything else: the address; where KServe has that, the account, which by itself
    changes nothing of what serves."""
    return _account(plan) if plan.options.is_kserve else service(plan)


def service(plan: Plan) -> Object:
    """The address within the cluster."""
    port = {"name": "http", "port": plan.port, "protocol": "TCP", "targetPort": PORT}
    selector = pod_labels(plan.place, plan.entrance or plan.workload)
    spec = {"type": SERVICE_TYPES[plan.reach], "selector": selector, "ports": [port]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": plan.about(), "spec": spec}


def others(plan: Plan) -> list[Object]:
    """All other objects, in the order in which they are made; what KServe makes itself is its affair."""
    if plan.options.is_kserve:
        return [
            thing for thing in (_secret(plan), _pull_secret(plan), _config(plan), _inference_service(plan)) if thing
        ]
    found = [_account(plan), _secret(plan), _pull_secret(plan), _config(plan), _network_policy(plan), _deployment(plan)]
    if plan.options.follows_load:
        api = plan.api("HorizontalPodAutoscaler")
        found += scalers(plan.about(plan.workload), api, plan.scaled_by, plan.options, service=plan.name)
    found += [_disruption_budget(plan)] if plan.is_many else []
    found += [route(plan)] if plan.options.route else []
    return [thing for thing in found if thing]


def route(plan: Plan) -> Object:
    """What leads to it from a host name, where that was asked for."""
    if plan.options.route == "gateway":
        return http_route(plan.about(), plan.api("HTTPRoute"), plan.options)
    return ingress(plan.about(), plan.options)


def _account(plan: Plan) -> Object:
    return {
        "apiVersion": "v1", "kind": "ServiceAccount", "metadata": plan.about(), "automountServiceAccountToken": False,
    }  # fmt: skip


def _secret(plan: Plan) -> Object:
    if not plan.secrets:
        return {}
    thing = {"apiVersion": "v1", "kind": "Secret", "metadata": plan.about(), "type": "Opaque"}
    return {**thing, "data": data_of(plan.secrets)}


def _pull_secret(plan: Plan) -> Object:
    if not plan.pull_login:
        return {}
    thing = {"apiVersion": "v1", "kind": "Secret", "metadata": plan.about(pull_secret_name(plan)), "type": PULL_SECRET}
    return {**thing, "data": pull_data(plan.pull_login)}


def pull_secret_name(plan: Plan) -> str:
    """The name of the Secret with the login for the image; empty where none is needed."""
    return f"{plan.name}-registry" if plan.pull_login else ""


def _config(plan: Plan) -> Object:
    """What the server is told, under a name of its content: pods of two versions, side by side, each have their own."""
    metadata = plan.about(_config_name(plan))
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": _told(plan)}


def _config_name(plan: Plan) -> str:
    return f"{plan.name}-{hashlib.sha256(''.join(_told(plan).values()).encode()).hexdigest()[:10]}"


def _told(plan: Plan) -> dict[str, str]:
    settings = {"service.json": json.dumps(plan.settings, indent=2) + "\n"}
    return {**settings, **({"models.json": plan.fetching.text()} if plan.fetching else {})}


def _network_policy(plan: Plan) -> Object:
    spec = {
        "podSelector": {"matchLabels": own_labels(plan.place)},
        "policyTypes": ["Ingress"],
        "ingress": [{"ports": [{"port": PORT, "protocol": "TCP"}]}],
    }
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": plan.about(), "spec": spec}


def _disruption_budget(plan: Plan) -> Object:
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": plan.pod_labels}}
    return {
        "apiVersion": plan.api("PodDisruptionBudget"), "kind": "PodDisruptionBudget", "metadata": plan.about(plan.workload),
        "spec": spec,
    }  # fmt: skip


def _content(plan: Plan) -> Content:
    return Content(
        plan.name,
        plan.image,
        plan.version,
        _config_name(plan),
        tuple(plan.secrets),
        pull_secret_name(plan),
        fetches=plan.fetching is not None,
    )


def _inference_service(plan: Plan) -> Object:
    about = plan.about(labels={**all_labels(plan.place), VERSION: str(plan.version)})
    pod, patience = pod_spec(_content(plan), plan.options), plan.options.initial_delay_seconds + PROGRESS_SECONDS
    return kserve.inference_service(about, plan.api(kserve.KIND), pod, plan.options, patience)


def _deployment(plan: Plan) -> Object:
    options = plan.options
    version = {VERSION: str(plan.version)}
    count = {} if options.follows_load else {"replicas": options.num_replicas}  # else the autoscaler's
    spec = {
        **count,
        "revisionHistoryLimit": 2,
        "progressDeadlineSeconds": options.initial_delay_seconds
        + PROGRESS_SECONDS
        + (plan.fetching.seconds if plan.fetching else 0),
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "selector": {"matchLabels": plan.pod_labels},
        "template": {
            "metadata": {"labels": {**all_labels(plan.place), **plan.pod_labels, **version}},
            "spec": pod_spec(_content(plan), options),
        },
    }
    about = plan.about(plan.workload, annotations=version)
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": about, "spec": spec}
