"""A service as an InferenceService of KServe: the same pod, run and scaled by Knative, down to none where nobody asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_deploy.targets.base import Place
from jupyter_deploy.targets.kubernetes.kinds import Object
from jupyter_deploy.targets.kubernetes.names import KSERVE_CONTAINER, dns_names
from jupyter_deploy.targets.kubernetes.options import KubernetesOptions
from jupyter_deploy.targets.kubernetes.pods import ADDRESS

KIND = "InferenceService"
_KNATIVE = "serving.knative.dev"
_UTILIZATION = "autoscaling.knative.dev/target-utilization-percentage"
_REFUSED = frozenset({"terminationGracePeriodSeconds", "securityContext"})
"""Parts of a pod that Knative takes from nobody, unless its cluster's settings allow them; how a pod ends is its own affair."""
_PORT_NAME = "http1"
"""How Knative wants the port of a container that speaks HTTP/1.1 to be called."""


def inference_service(about: Object, api: str, pod: Object, options: KubernetesOptions, patience: int) -> Object:
    """Write the InferenceService.

    Parameters
    ----------
    about : its metadata, whose labels KServe hands on to the pods. api : the version in which the cluster has the kind.
    pod : as a Deployment would have it. options : of the service. patience : seconds that a pod may take until it serves.
    """
    notes = {
        "serving.kserve.io/deploymentMode": "Serverless",  # newer ones call it Knative, too
        f"{_KNATIVE}/progress-deadline": f"{patience}s",
        _UTILIZATION: str(options.target_utilization),
    }
    predictor = {**_scale(options), "timeout": options.longest_answer_seconds, **_pod(pod)}
    return {"apiVersion": api, "kind": KIND, "metadata": {**about, "annotations": notes}, "spec": {"predictor": predictor}}  # fmt: skip


def predictor_names(place: Place, namespace: str) -> tuple[str, ...]:
    """The names by which KServe and Knative call the pods within the cluster."""
    name, _, rest = dns_names(place, namespace)[-1].partition(".")
    long = f"{name}-predictor.{rest}"
    return (long, long.removesuffix(".cluster.local"))


def described(thing: Object) -> dict[str, Any]:
    """What the number of pods follows, as of every scaler."""
    spec, percent = thing["spec"]["predictor"], thing["metadata"]["annotations"][_UTILIZATION]
    text = (
        f"the number of pods follows the requests in progress (KServe): {percent} % of {spec['scaleTarget']} in each pod,"
        f" {spec['minReplicas']} to {spec['maxReplicas']} pods"
    )
    return {"metric": spec["scaleMetric"], "by": "KServe", "text": text, "trouble": ""}


def _scale(options: KubernetesOptions) -> Mapping[str, object]:
    """Pods follow the requests in progress; Knative hands a pod no more than it has slots, and keeps the others waiting itself."""
    least, most = options.min_replicas, options.max_replicas
    if not options.follows_load:
        least = most = options.num_replicas or 1
    return {
        "minReplicas": least,
        "maxReplicas": most,
        "scaleMetric": "concurrency",
        "scaleTarget": options.slots,
        "containerConcurrency": options.slots,
    }


def _pod(pod: Object) -> Object:
    """The pod as Knative takes it: whom it runs as is said of its container."""
    whole = {name: value for name, value in pod.items() if name not in _REFUSED}
    user = {name: value for name, value in pod["securityContext"].items() if name != "fsGroup"}
    containers = [_container(each, user) for each in pod["containers"]]
    return {**whole, "containers": containers, "volumes": [_readable(each) for each in pod["volumes"]]}


def _container(container: Object, user: Object) -> Object:
    (port,) = container["ports"]
    changed = {
        "name": KSERVE_CONTAINER,
        "args": [each for each in container["args"] if each not in ADDRESS],
        "env": [each for each in container["env"] if "valueFrom" not in each],  # nothing of the pod is told to it
        "ports": [{**port, "name": _PORT_NAME}],
        "securityContext": {**user, **container["securityContext"]},
    }
    return {**{name: value for name, value in container.items() if name != "lifecycle"}, **changed}


def _readable(volume: Object) -> Object:
    """Files of a Secret are root's where a pod has no group of its own; they are in this pod alone."""
    if "secret" not in volume:
        return volume
    return {**volume, "secret": {**volume["secret"], "defaultMode": 0o444}}
