"""Who says how many pods there are: the service's options, or what follows the load; one hands over to the other, and the number stays."""

from __future__ import annotations

from typing import Any

from jupyter_deploy.targets.kubernetes.cluster import MANAGER, Cluster
from jupyter_deploy.targets.kubernetes.kinds import Object, path_of
from jupyter_deploy.targets.kubernetes.manifests import Plan
from jupyter_deploy.targets.kubernetes.refusals import Missing

KEEPER = f"{MANAGER}-replicas"
"""Under this name we hold the number for what follows the load: a field that nobody holds goes back to its default, which is 1."""
_SCALERS = (KEEPER, "kube-controller-manager", "keda")


def hand_over(cluster: Cluster, plan: Plan) -> None:
    """Leave the number of pods to what follows the load; nothing is done where that has it, or there are none yet.

    Without this the next apply, which no longer says a number, would leave one pod of however many serve.
    """
    try:
        deployment: Object = cluster.get(path_of("Deployment", plan.namespace, plan.workload))
    except Missing:
        return
    now, options = deployment["spec"]["replicas"], plan.options
    wanted = max(options.min_replicas, min(options.max_replicas, now))
    if wanted != now or _is_held(deployment["metadata"]):
        about = {"name": plan.workload, "namespace": plan.namespace}
        number = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": about, "spec": {"replicas": wanted}}
        cluster.apply(number, force=True, manager=KEEPER)


def is_scalers(text: str) -> bool:
    """Whether a conflict is with what sets the number of pods by their load."""
    return text.partition('"')[2].partition('"')[0] in _SCALERS


def _is_held(about: Object) -> bool:
    """Whether the service's own manifest says the number."""
    return any(_says_number(each) for each in about.get("managedFields", ()) if each.get("manager") == MANAGER)


def _says_number(entry: dict[str, Any]) -> bool:
    return "f:replicas" in entry.get("fieldsV1", {}).get("f:spec", {})
