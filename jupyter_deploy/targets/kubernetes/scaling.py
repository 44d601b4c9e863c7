"""How the number of a service's pods follows its load: a HorizontalPodAutoscaler."""

from __future__ import annotations

from typing import Any

from jupyter_deploy.targets.kubernetes.kinds import Object
from jupyter_deploy.targets.kubernetes.options import KubernetesOptions

_LONGEST_PERIOD = 1800
"""Seconds that a scaling policy's period may be."""


def autoscaler(about: Object, api: str, options: KubernetesOptions) -> Object:
    """Write the autoscaler.

    Parameters
    ----------
    about : its metadata; the Deployment has the same name. api : the version of the API that the cluster has for it.
    """
    period = min(options.refresh_seconds, _LONGEST_PERIOD)
    target = {"type": "Utilization", "averageUtilization": options.target_utilization}
    spec: dict[str, Any] = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": about["name"]},
        "minReplicas": options.min_replicas,
        "maxReplicas": options.max_replicas,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
        "behavior": {
            "scaleUp": {
                "policies": [
                    {"type": "Percent", "value": 100, "periodSeconds": period},
                    {"type": "Pods", "value": 4, "periodSeconds": period},
                ]
            },
            "scaleDown": {"policies": [{"type": "Percent", "value": 100, "periodSeconds": period}]},
        },
    }
    return {"apiVersion": api, "kind": "HorizontalPodAutoscaler", "metadata": about, "spec": spec}
