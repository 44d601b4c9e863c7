"""Watches a release in KServe: its pods as any others, and what KServe itself says of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.base import Place, Report
from jupyter_deploy.targets.kubernetes import kserve_status
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.kinds import Object, path_of
from jupyter_deploy.targets.kubernetes.kserve import KIND
from jupyter_deploy.targets.kubernetes.manifests import PROGRESS_SECONDS, Plan
from jupyter_deploy.targets.kubernetes.names import VERSION, object_name, own_labels
from jupyter_deploy.targets.kubernetes.phases import is_living
from jupyter_deploy.targets.kubernetes.refusals import Missing
from jupyter_deploy.targets.kubernetes.watching import Watch

_BEGINNING = 60.0
"""Seconds that KServe may take to begin with what was applied."""
_MARGIN = 30
"""Seconds beyond those after which Knative gives a revision up itself, and says why."""


class InferenceWatch(Watch):
    """A release of KServe's on its way.

    Parameters
    ----------
    cluster : where. plan : what was applied. report : of the operation. before : the newest revision of its pods that there was before.
    """

    def __init__(self, cluster: Cluster, plan: Plan, report: Report, before: str) -> None:
        super().__init__(cluster, plan, report)
        self._before = before
        self._began = time.monotonic()

    def look(self) -> bool:
        """Look once, and say what has moved; whether this release serves.

        Raises
        ------
        TargetError : a pod goes no further, or KServe does not; Away : the cluster does not answer.
        """
        plan = self._plan
        found = inference_service_of(self._cluster, plan.place, plan.namespace) or {}
        pods = self._cluster.find("Pod", plan.namespace, own_labels(plan.place))
        version = str(plan.version)
        newest = [pod for pod in pods if is_living(pod) and pod["metadata"]["labels"].get(VERSION) == version]
        is_done = kserve_status.is_up(found, self._before)
        self._follow(found, pods, newest, len(newest), is_done=is_done)
        if not is_done:
            self._require_kserve(found)
        return is_done

    def _require_kserve(self, found: Object) -> None:
        if why := kserve_status.failure(found, self._before):
            raise TargetError(f"Knative has given the new pods up: {why}")
        took = time.monotonic() - self._began
        if took > _BEGINNING and kserve_status.created(found) in ("", self._before):
            raise TargetError("KServe does not begin with it", self._why(found))
        if took > self._plan.options.initial_delay_seconds + PROGRESS_SECONDS + _MARGIN:
            raise TargetError("KServe did not bring it up in time", self._why(found))

    def _why(self, found: Object) -> str:
        """What KServe says, and what was noted of the InferenceService last."""
        noted = _noted(self._cluster, self._plan.namespace, self._plan.name)
        return "\n".join(filter(None, (kserve_status.what_is_missing(found), noted)))


def inference_service_of(cluster: Cluster, place: Place, namespace: str) -> Object | None:
    """The InferenceService of a service; None where the cluster has none."""
    try:
        found: Object = cluster.get(path_of(KIND, namespace, object_name(place)))
    except Missing:
        return None
    return found


def _noted(cluster: Cluster, namespace: str, name: str) -> str:
    selector = f"involvedObject.kind={KIND},involvedObject.name={name},type=Warning"
    events: list[Mapping[str, Any]] = cluster.get(path_of("Event", namespace), fieldSelector=selector)["items"]
    last = max(events, key=lambda each: str(each.get("lastTimestamp") or ""), default={})
    return str(last.get("message", ""))
