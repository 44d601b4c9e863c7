"""A release on its way to KServe, which replaces the pods itself: applied, watched by what KServe says of it, and taken back likewise."""

from __future__ import annotations

import time
from dataclasses import replace

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.base import Place, Status
from jupyter_deploy.targets.kubernetes import kserve_status
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.kinds import Object
from jupyter_deploy.targets.kubernetes.kserve import described
from jupyter_deploy.targets.kubernetes.kserve_watch import InferenceWatch, inference_service_of
from jupyter_deploy.targets.kubernetes.names import own_labels
from jupyter_deploy.targets.kubernetes.record import KubernetesRecord
from jupyter_deploy.targets.kubernetes.rollout import RESTARTED, Rollout, moment
from jupyter_deploy.targets.kubernetes.watching import Watch

_LOOK_EVERY = 0.3
_GOING = 120.0
"""Seconds that KServe may take to take away what it made."""
_USUAL = {"http": 80, "https": 443}


class InferenceRollout(Rollout):
    """A release on its way, as an InferenceService; parameters as of every rollout."""

    _before = ""

    def begin(self) -> None:
        """Apply all objects, after the cluster has checked each; nothing is changed where it refuses one."""
        plan = self._plan
        self._before = kserve_status.created(inference_service_of(self._cluster, plan.place, plan.namespace))
        super().begin()

    def _steady(self, things: list[Object]) -> list[Object]:
        """Another version has other pods anyway; the same one has them where it is restarted."""
        record = self._record
        if record is not None and record.version == self._plan.version and not record.is_stopped:
            things[-1]["metadata"]["annotations"][RESTARTED] = moment()
        return things

    def _watch(self) -> Watch:
        return InferenceWatch(self._cluster, self._plan, self._report, self._before)

    def be_reached(self) -> None:
        """Take the address that KServe gave it; where its host was not known before, it is applied again, so that the pods answer to it."""
        plan = self._plan
        found = inference_service_of(self._cluster, plan.place, plan.namespace) or {}
        url = kserve_status.address(found)
        if url.hostname not in plan.settings["allowedHosts"]:
            self._report(f"its address is {url.geturl()}; it is applied again, so that its pods answer to that")
            new = kserve_status.hosts(found)
            allowed = list(dict.fromkeys([*plan.settings["allowedHosts"], *new]))
            settings = {**plan.settings, "allowedHosts": allowed}
            self._plan = replace(plan, settings=settings, hosts=(*plan.hosts, *new))
            before = len(self._applied)
            self.begin()
            self.wait()
            del self._applied[:before]
        assert self._record is not None
        port = url.port or _USUAL[url.scheme]
        self._record = replace(
            self._record, host=url.hostname or "", port=port, tls=url.scheme == "https", hosts=self._plan.hosts
        )


def status(cluster: Cluster, place: Place, record: KubernetesRecord) -> Status:
    """The state of a service, as the cluster has it now."""
    found = inference_service_of(cluster, place, record.namespace)
    pods = cluster.find("Pod", record.namespace, own_labels(place)) if found else []
    return kserve_status.status_of(record, found, pods, {"scaling": described(found)} if found else {})


def end(cluster: Cluster, place: Place, namespace: str) -> None:
    """Have KServe end all pods, each after its requests: the InferenceService goes, and what belongs to it stays for the next one.

    Raises
    ------
    TargetError : it does not go.
    """
    found = inference_service_of(cluster, place, namespace)
    if found is None:
        return
    cluster.delete(found)
    deadline = time.monotonic() + _GOING
    while inference_service_of(cluster, place, namespace) is not None:
        if time.monotonic() > deadline:
            raise TargetError(
                f"KServe did not take '{place.service}' away within {_GOING:.0f} s",
                remedy="look at it (kubectl describe inferenceservice), then stop the service again",
            )
        time.sleep(_LOOK_EVERY)
