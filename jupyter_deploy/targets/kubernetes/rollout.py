"""A release on its way to a cluster: checked, applied, watched until every pod serves it, and taken back where it does not."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.base import Report, Status
from jupyter_deploy.targets.kubernetes import failures, logs
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.kinds import Object, path_of
from jupyter_deploy.targets.kubernetes.manifests import Plan, hidden, others, route, service
from jupyter_deploy.targets.kubernetes.names import CONTAINER, VERSION, own_labels
from jupyter_deploy.targets.kubernetes.reach import first_answering, node_port
from jupyter_deploy.targets.kubernetes.record import KubernetesRecord, keep_manifests, kept_manifests, remove_record
from jupyter_deploy.targets.kubernetes.refusals import Away, Conflicts
from jupyter_deploy.targets.kubernetes.removal import remove_all, remove_others
from jupyter_deploy.targets.kubernetes.replicas import hand_over, is_scalers
from jupyter_deploy.targets.kubernetes.routes import see_taken_up
from jupyter_deploy.targets.kubernetes.scaling import SCALERS, described, scaler_of
from jupyter_deploy.targets.kubernetes.state import REVISION, is_rolled_out

_LOOK_EVERY = 0.3
_AWAY_SECONDS = 300.0
"""That a cluster may not answer in the middle of a rollout."""
_PATIENCE = 10.0
"""Seconds that a pod may find no node before that is taken for an answer: nodes free what ended a little later."""
_RESTARTED = "jupyter-deploy/restarted"


class Rollout:
    """A release on its way.

    Parameters
    ----------
    cluster : where. plan : what is to be there. record : what served before; None for a first version. report : of the operation.
    """

    def __init__(self, cluster: Cluster, plan: Plan, record: KubernetesRecord | None, report: Report) -> None:
        self._cluster = cluster
        self._plan = plan
        self._record = record
        self._report = report
        self._folder = plan.place.folder
        self._former = kept_manifests(self._folder)
        self._applied: list[Object] = []
        self._is_done = False
        self._told: set[str] = set()

    def begin(self) -> None:
        """Apply all objects, after the cluster has checked each; nothing is changed where it refuses one."""
        plan, first = self._plan, self._record is None
        if first:
            self._record = KubernetesRecord(
                plan.namespace, 0, plan.reach, "", 0, tls=plan.options.ssl_enabled, hosts=plan.hosts
            )
            self._record.write(self._folder)
        owner = self._cluster.apply(service(plan))
        things = [_owned(thing, owner) for thing in self._steady(others(plan))]
        for thing in things:
            self._apply(thing, dry_run=True)
        self._applied = [service(plan), *things]
        self._change_scale(things)
        for thing in things:
            self._apply(thing)
        if plan.options.follows_load:
            hand_over(self._cluster, plan)  # which a first version begins with
        self._report(f"applied {len(self._applied)} objects in the namespace {plan.namespace}", name=plan.name)

    def _change_scale(self, things: Sequence[Object]) -> None:
        """Before pods are: what they followed and will not goes, as it would set their number anew; what they will follow has it."""
        plan, cluster = self._plan, self._cluster
        remove_others(cluster, plan.place, plan.namespace, things, plan.apis, SCALERS)
        if plan.options.follows_load:
            hand_over(cluster, plan)
        if scaler := scaler_of(things):
            self._report(described(scaler, scaler)["text"])

    def _apply(self, thing: Object, *, dry_run: bool = False) -> None:
        try:
            self._cluster.apply(thing, dry_run=dry_run)
        except Conflicts as error:
            if not all(is_scalers(text) for _, text in error.fields):
                raise
            self._cluster.apply(thing, dry_run=dry_run, force=True)

    def _steady(self, things: list[Object]) -> list[Object]:
        """Pods that would differ in nothing but the number of the version stay as they are; those of a restart do not."""
        former = next((thing for thing in self._former if thing["kind"] == "Deployment"), None)
        record, version = self._record, self._plan.version
        for thing in things:
            if former is None or thing["kind"] != "Deployment" or record is None:
                continue
            if _with_version(former["spec"]["template"], version) == thing["spec"]["template"]:
                thing["spec"]["template"] = former["spec"]["template"]
            if record.version == version and not record.is_stopped:
                about = {**thing["spec"]["template"]["metadata"]}
                about["annotations"] = {_RESTARTED: datetime.now(timezone.utc).isoformat(timespec="microseconds")}
                thing["spec"]["template"] = {**thing["spec"]["template"], "metadata": about}
        return things

    def wait(self) -> None:
        """Wait until every pod is of this release and serves.

        Raises
        ------
        TargetError : a pod goes no further; the cluster does not answer for too long.
        """
        began = last_seen = time.monotonic()
        stuck_since: float | None = None
        while True:
            try:
                deployment, pods = self._look()
                last_seen = time.monotonic()
            except Away as error:
                self._tell("away", error.what + "; waiting for it")
                if time.monotonic() - last_seen > _AWAY_SECONDS:
                    raise
                time.sleep(_LOOK_EVERY)
                continue
            if is_rolled_out(deployment):
                break
            _refuse_failed(deployment)
            stuck_since = self._require_progress(pods, stuck_since)
            time.sleep(_LOOK_EVERY)
        self._report("every pod serves it", seconds=round(time.monotonic() - began, 3), pods=len(pods))

    def _look(self) -> tuple[Object, list[Object]]:
        """The Deployment, and the pods of its newest kind."""
        plan, labels = self._plan, own_labels(self._plan.place)
        deployment = self._cluster.get(path_of("Deployment", plan.namespace, plan.name))
        if deployment.get("status", {}).get("observedGeneration", 0) < deployment["metadata"]["generation"]:
            return deployment, []
        revision = deployment["metadata"].get("annotations", {}).get(REVISION)
        sets = self._cluster.find("ReplicaSet", plan.namespace, labels)
        newest = [each for each in sets if each["metadata"]["annotations"].get(REVISION) == revision]
        if not newest:
            return deployment, []
        wanted = {**labels, "pod-template-hash": newest[0]["metadata"]["labels"]["pod-template-hash"]}
        pods = self._cluster.find("Pod", plan.namespace, wanted)
        return deployment, [
            pod for pod in pods if "deletionTimestamp" not in pod["metadata"]
        ]  # those end by themselves

    def _require_progress(self, pods: Sequence[Object], stuck_since: float | None) -> float | None:
        now = time.monotonic()
        for pod in pods:
            phase = failures.phase_of(pod)
            self._tell(f"{pod['metadata']['uid']} {phase.word}", phase.text)
            if phase.is_trouble:
                if phase.word == "unschedulable" and now - (stuck_since or now) < _PATIENCE:
                    return stuck_since or now
                with contextlib.suppress(TargetError):
                    logs.copy(self._cluster, self._plan.place, [pod])
                raise failures.explain(self._cluster, pod, phase, self._plan.options)
        return None

    def _tell(self, key: str, text: str) -> None:
        if key not in self._told:
            self._told.add(key)
            self._report(text)

    def be_reached(self) -> None:
        """Find out where the service answers from here, and see it answer there.

        Raises
        ------
        TargetError : it does not.
        """
        assert self._record is not None
        record, plan = self._record, self._plan
        tls = plan.options.ssl_enabled
        if plan.options.route:
            if not record.host:
                see_taken_up(self._cluster, route(plan), plan.options, self._report)
            is_https = plan.options.has_tls_route
            host, port = plan.options.ingress_host or "", 443 if is_https else 80
            self._record = replace(record, host=host, port=port, tls=is_https)
            return
        if record.reach != "node-port":
            return
        port = record.port or node_port(self._cluster.get(path_of("Service", plan.namespace, plan.name)))
        hosts = [record.host] if record.host else plan.hosts
        host = first_answering(hosts, port, tls=tls)
        if not host:
            raise TargetError(
                f"its pods serve, but nothing answers from here at port {port} of {', '.join(hosts)}",
                remedy="deploy with reach=port-forward, which goes through the cluster's API",
            )
        self._record = replace(record, host=host, port=port)

    def take_over(self) -> Status:
        """Remember that this release serves, and take away what the one before had and this one has not."""
        assert self._record is not None
        plan = self._plan
        record = replace(self._record, version=plan.version, is_stopped=False)
        keep_manifests(self._folder, [hidden(thing) for thing in self._applied])
        record.write(self._folder)
        self._is_done = True
        with contextlib.suppress(TargetError):  # what is left now goes with the next operation
            remove_others(self._cluster, plan.place, plan.namespace, self._applied, plan.apis)
        return Status("Healthy", record.version, record.scoring_uri)

    def withdraw(self) -> None:
        """Return to what served before, where this release has not taken over; a first one is taken away."""
        if self._is_done or self._record is None:
            return
        if not self._record.version:
            remove_all(self._cluster, self._plan.place, self._plan.namespace, self._plan.apis)
            remove_record(self._folder)
            return
        for thing in self._former:
            if thing["kind"] != "Secret":  # which is the service's, not the version's
                self._apply(thing)
        self._report("the version that served is applied again")


def _owned(thing: Object, owner: Object) -> Object:
    about = owner["metadata"]
    reference = {"apiVersion": "v1", "kind": "Service", "name": about["name"], "uid": about["uid"]}
    return {**thing, "metadata": {**thing["metadata"], "ownerReferences": [reference]}}


def _with_version(template: Object, version: int) -> Object:
    """A pod's template with another number of the version in it."""
    about, spec = template["metadata"], template["spec"]
    containers = [
        {**each, "env": _with_number(each["env"], version)} if each["name"] == CONTAINER else each
        for each in spec["containers"]
    ]
    labels = {**about["labels"], VERSION: str(version)}
    return {"metadata": {**about, "labels": labels}, "spec": {**spec, "containers": containers}}


def _with_number(variables: Sequence[Object], version: int) -> list[Object]:
    return [{**each, "value": str(version)} if each["name"] == "SERVICE_VERSION" else each for each in variables]


def _refuse_failed(deployment: Object) -> None:
    conditions = {each["type"]: each for each in deployment.get("status", {}).get("conditions", ())}
    failure, progress = conditions.get("ReplicaFailure", {}), conditions.get("Progressing", {})
    if failure.get("status") == "True":
        text = failure.get("message", "")
        raise TargetError(
            f"the cluster makes no pod: {text.partition(' is forbidden: ')[2] or text}", text,
            "ask for less (cpu_cores, memory_gb, num_replicas), or have the namespace's quota or policy changed",
        )  # fmt: skip
    if progress.get("reason") == "ProgressDeadlineExceeded":
        raise TargetError("the pods did not become ready in time", progress.get("message", ""))
