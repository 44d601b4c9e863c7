"""The pod of a service: what runs in it, what it may take, and what it may not (Pod Security Standard "restricted")."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jupyter_deploy.images.dockerfile import PORT, PYTHON, USER, USER_HOME
from jupyter_deploy.targets.kubernetes import fetching
from jupyter_deploy.targets.kubernetes.kinds import Object
from jupyter_deploy.targets.kubernetes.names import CONTAINER
from jupyter_deploy.targets.kubernetes.options import KubernetesOptions

SETTINGS, SECRETS = "/run/settings", "/run/service"
"""Where a pod has what the server is told, and its secrets."""
ADDRESS = ("--address", "$(POD_IP)")
"""By which a pod's server knows the address of its pod, which requests may name."""
DRAIN_SECONDS = 5
"""That a pod goes on accepting when it is to end: until every node has learnt to send nothing there."""
_ANSWERING_SECONDS = 30
"""That the server takes at most to finish what it began, once it has stopped to accept."""
_MEBI = 1024
CONFINED: Mapping[str, object] = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
"""What a container of ours may not."""


@dataclass(frozen=True)
class Content:
    """What a pod is made from.

    Parameters
    ----------
    name : of the service's objects. image : what it runs. version : of the service, by its number.
    config : name of the ConfigMap with its settings. secrets : the files of its Secret, by the option that names each to the server.
    pull_secret : name of the Secret with the registry's login; empty where none is needed.
    fetches : whether it fetches its models, rather than have them in its image.
    """

    name: str
    image: str
    version: int
    config: str
    secrets: Sequence[str]
    pull_secret: str = ""
    fetches: bool = False


def pod_spec(content: Content, options: KubernetesOptions) -> Object:
    """Write the specification of a pod."""
    return {
        **unprivileged(content.name, content.pull_secret),
        "terminationGracePeriodSeconds": DRAIN_SECONDS + _ANSWERING_SECONDS + 5,
        **({"initContainers": [_fetcher(content, options)]} if content.fetches else {}),
        "containers": [_container(content, options)],
        "volumes": _volumes(content),
    }


def unprivileged(account: str, pull_secret: str) -> Object:
    """The part of a pod's specification that says what it may not: anything of the cluster's, or of its node's.

    Parameters
    ----------
    account : name of the ServiceAccount that it is under, of which it has no token. pull_secret : as of :class:`Content`.
    """
    pull = {"imagePullSecrets": [{"name": pull_secret}]} if pull_secret else {}
    return {
        "serviceAccountName": account,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        **pull,
    }


def _container(content: Content, options: KubernetesOptions) -> Object:
    arguments = [
        "front",
        "--settings",
        f"{SETTINGS}/service.json",
        "--start-timeout",
        str(options.initial_delay_seconds),
        *ADDRESS,
    ]
    for option in content.secrets:
        arguments += [f"--{option}", f"{SECRETS}/{option}.json"]
    return {
        "name": CONTAINER,
        "image": content.image,
        "imagePullPolicy": "IfNotPresent",
        "args": arguments,
        "env": [
            {"name": "SERVICE_VERSION", "value": str(content.version)},
            {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        ],
        "ports": [{"name": "http", "containerPort": PORT, "protocol": "TCP"}],
        "resources": resources(options),
        **_probes(options),
        "lifecycle": {"preStop": {"exec": {"command": [PYTHON, "-c", f"import time; time.sleep({DRAIN_SECONDS})"]}}},
        "securityContext": CONFINED,
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [*_mounts(content), *([_models(is_read_only=True)] if content.fetches else ())],
    }


def _fetcher(content: Content, options: KubernetesOptions) -> Object:
    """What brings the models before the server starts: the same image, in another of its roles."""
    arguments = ["fetch", "--models", f"{SETTINGS}/models.json", "--into", fetching.FOLDER]
    arguments += ["--secrets", f"{SECRETS}/secrets.json"] if "secrets" in content.secrets else []
    return {
        "name": fetching.CONTAINER,
        "image": content.image,
        "imagePullPolicy": "IfNotPresent",
        "args": arguments,
        "resources": resources(options),
        "securityContext": CONFINED,
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [*_mounts(content), _models(is_read_only=False)],
    }


def _models(*, is_read_only: bool) -> Object:
    return {"name": "models", "mountPath": fetching.FOLDER, **({"readOnly": True} if is_read_only else {})}


def resources(options: KubernetesOptions) -> Object:
    """What a pod asks for and what it never goes beyond: CPU is capped only where a cap is given, memory always."""
    cpu, memory = f"{round(options.cpu_cores * 1000)}m", _mebibytes(options.memory_gb)
    devices = {name: str(count) for name, count in options.devices.items()}
    cap = {"cpu": f"{round(options.cpu_cores_limit * 1000)}m"} if options.cpu_cores_limit else {}
    limit = _mebibytes(options.memory_gb_limit or options.memory_gb)
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {**cap, "memory": limit, **devices}}


def _probes(options: KubernetesOptions) -> Mapping[str, Object]:
    scheme = "HTTPS" if options.ssl_enabled else "HTTP"

    def asked_at(path: str) -> Object:
        return {"httpGet": {"path": path, "port": PORT, "scheme": scheme}}

    return {
        "livenessProbe": {
            **asked_at("/live"),
            "initialDelaySeconds": options.initial_delay_seconds,
            "periodSeconds": options.period_seconds,
            "timeoutSeconds": options.timeout_seconds,
            "failureThreshold": options.failure_threshold,
        },
        "readinessProbe": {
            **asked_at("/ready"),
            "periodSeconds": 1,
            "timeoutSeconds": options.timeout_seconds,
            "successThreshold": options.success_threshold,
            "failureThreshold": options.failure_threshold,  # a worker that is replaced soon is waited for, not refused
        },
    }


def _mounts(content: Content) -> list[Object]:
    mounts = [
        {"name": "settings", "mountPath": SETTINGS, "readOnly": True},
        {"name": "memory", "mountPath": "/tmp", "subPath": "tmp"},  # noqa: S108  (the pod's own)
        {"name": "memory", "mountPath": USER_HOME, "subPath": "home"},
    ]
    return [*mounts, *([{"name": "secrets", "mountPath": SECRETS, "readOnly": True}] if content.secrets else ())]


def _volumes(content: Content) -> list[Object]:
    volumes: list[Object] = [
        {"name": "settings", "configMap": {"name": content.config}},
        {"name": "memory", "emptyDir": {}},
        *([{"name": "models", "emptyDir": {}}] if content.fetches else ()),
    ]
    secret = {"secretName": content.name, "defaultMode": 0o440}
    return [*volumes, *([{"name": "secrets", "secret": secret}] if content.secrets else ())]


def _mebibytes(gigabytes: float) -> str:
    return f"{round(gigabytes * _MEBI)}Mi"
