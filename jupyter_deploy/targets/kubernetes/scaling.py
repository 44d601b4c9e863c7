"""How the number of a service's pods follows its load: by the slots in use where the cluster knows them, else by CPU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from jupyter_deploy.images.dockerfile import PORT
from jupyter_deploy.targets.kubernetes.kinds import Object
from jupyter_deploy.targets.kubernetes.options import KubernetesOptions

Way = Literal["slots", "keda", "cpu"]
"""A HorizontalPodAutoscaler by slots in use; KEDA, which asks the pods for them itself; a HorizontalPodAutoscaler by CPU."""
SLOTS = "scoring_slots_in_use"
"""The metric of a pod that says how many of its slots are in use."""
KEY = "primaryKey"
"""Where the Secret has the key by itself, for who reads the metrics."""
SCALERS = ("HorizontalPodAutoscaler", "ScaledObject", "TriggerAuthentication")
"""The kinds by which pods follow the load."""
PAUSED = "autoscaling.keda.sh/paused-replicas"
_LONGEST_PERIOD, _LONGEST_WINDOW = 1800, 3600
"""Seconds that a scaling policy's period and a stabilization window may be."""
_CALM = 300
"""Seconds without need after which pods are given up, so that a pause costs no start."""


def scalers(about: Object, api: str, way: Way, options: KubernetesOptions, *, service: str = "") -> list[Object]:
    """Write what makes the number of pods follow the load.

    Parameters
    ----------
    about : its metadata; the Deployment has the same name. api : the version in which the cluster has autoscalers.
    way : what is followed. options : of the service. service : name of the Service and its Secret, where that is another one.
    """
    if way == "keda":
        return _keda(about, service or about["name"], options)
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": about["name"]},
        "minReplicas": options.min_replicas,
        "maxReplicas": options.max_replicas,
        "metrics": [_of_slots(options) if way == "slots" else _of_cpu(options)],
        "behavior": _behavior(options),
    }
    return [{"apiVersion": api, "kind": "HorizontalPodAutoscaler", "metadata": about, "spec": spec}]


def _of_cpu(options: KubernetesOptions) -> Object:
    target = {"type": "Utilization", "averageUtilization": options.target_utilization}
    return {"type": "Resource", "resource": {"name": "cpu", "target": target}}


def _of_slots(options: KubernetesOptions) -> Object:
    thousandths = options.slots * options.target_utilization * 10
    target = {"type": "AverageValue", "averageValue": f"{thousandths}m"}
    return {"type": "Pods", "pods": {"metric": {"name": SLOTS}, "target": target}}


def _behavior(options: KubernetesOptions) -> Object:
    """Up at most once a period, by what was needed all through it; down after calm."""
    period, window = min(options.refresh_seconds, _LONGEST_PERIOD), min(options.refresh_seconds, _LONGEST_WINDOW)
    double: Object = {"type": "Percent", "value": 100, "periodSeconds": period}
    four: Object = {"type": "Pods", "value": 4, "periodSeconds": period}
    return {
        "scaleUp": {"stabilizationWindowSeconds": window, "policies": [double, four]},
        "scaleDown": {"stabilizationWindowSeconds": max(_CALM, window), "policies": [double]},
    }


def _keda(about: Object, service: str, options: KubernetesOptions) -> list[Object]:
    """KEDA reads the metric from every pod, with the key where one is needed, and sees to an autoscaler of its own."""
    scheme, name, namespace = "https" if options.ssl_enabled else "http", about["name"], about["namespace"]
    guarded = options.is_authenticated()
    trigger: dict[str, Any] = {
        "type": "metrics-api",
        "metricType": "AverageValue",
        "metadata": {
            "url": f"{scheme}://{service}.{namespace}.svc:{PORT}/metrics",
            "format": "prometheus",
            "valueLocation": SLOTS,
            "targetValue": f"{options.slots * options.target_utilization / 100:g}",
            "aggregateFromKubeServiceEndpoints": "true",
            "aggregationType": "sum",
            **({"unsafeSsl": "true"} if options.ssl_enabled else {}),  # it asks by the pods' addresses
            **({"authMode": "bearer"} if guarded else {}),
        },
        **({"authenticationRef": {"name": name}} if guarded else {}),
    }
    spec = {
        "scaleTargetRef": {"name": name},
        "pollingInterval": options.refresh_seconds,
        "minReplicaCount": options.min_replicas,
        "maxReplicaCount": options.max_replicas,
        "advanced": {"horizontalPodAutoscalerConfig": {"behavior": _behavior(options)}},
        "triggers": [trigger],
    }
    key = {"secretTargetRef": [{"parameter": "token", "name": service, "key": KEY}]}
    api = "keda.sh/v1alpha1"
    login = [{"apiVersion": api, "kind": "TriggerAuthentication", "metadata": about, "spec": key}] if guarded else []
    return [*login, {"apiVersion": api, "kind": "ScaledObject", "metadata": about, "spec": spec}]


def scaler_of(things: Sequence[Object]) -> Object | None:
    """Of a service's objects the one by which its pods follow the load; None where their number is fixed."""
    return next((thing for thing in things if thing["kind"] in SCALERS[:2]), None)


def described(scaler: Object, found: Object | None) -> dict[str, Any]:
    """What the number of pods follows, for a person and for programs.

    Parameters
    ----------
    scaler : as it was applied. found : as the cluster has it now; None where it has none.

    Returns
    -------
    ``metric``, who scales ``by`` it, the whole in one sentence as ``text``, and as ``trouble`` why it cannot be done now, if so.
    """
    spec = scaler["spec"]
    if scaler["kind"] == "ScaledObject":
        metric, by, period = SLOTS, "KEDA", spec["pollingInterval"]
        target = f"{spec['triggers'][0]['metadata']['targetValue']} of each pod's slots in use"
    else:
        metric, target = _target(spec["metrics"][0])
        by, period = scaler["kind"], spec["behavior"]["scaleUp"]["policies"][0]["periodSeconds"]
    text = (
        f"the number of pods follows {metric} ({by}): {target}; it is changed every {period} s at most,"
        " and no oftener than the cluster's own period, often 15 s, allows"
    )
    return {"metric": metric, "by": by, "text": text, "trouble": _trouble(found)}


def _target(metric: Object) -> tuple[str, str]:
    if metric["type"] == "Resource":
        return "cpu", f"{metric['resource']['target']['averageUtilization']} % of what each pod asks for"
    slots = int(metric["pods"]["target"]["averageValue"].removesuffix("m")) / 1000
    return SLOTS, f"{slots:g} of each pod's slots in use"


def _trouble(found: Object | None) -> str:
    if found is None:
        return "what scales it is not on the cluster; update or restart the service"
    conditions = {each["type"]: each for each in found.get("status", {}).get("conditions") or ()}
    active = conditions.get("ScalingActive") or conditions.get("Ready") or {}
    is_off = active.get("status") == "False" and active.get("reason") != "ScalingDisabled"  # as it is with no pods
    return str(active.get("message", "")) if is_off else ""


def stopped(thing: Object) -> Object | None:
    """An object as it is while the service is stopped; None for one that stays as it is."""
    if thing["kind"] == "Deployment":
        return {**thing, "spec": {**thing["spec"], "replicas": 0}}
    if thing["kind"] == "ScaledObject":  # which starts pods from none by itself
        about = thing["metadata"]
        return {**thing, "metadata": {**about, "annotations": {**about.get("annotations", {}), PAUSED: "0"}}}
    return None
