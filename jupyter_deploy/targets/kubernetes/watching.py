"""Watches the pods of a release while they come up: says what moves, in human words, and ends where one goes no further."""

from __future__ import annotations

import contextlib
import itertools
import math
import re
import time
from collections.abc import Mapping, Sequence

from jupyter_deploy.errors import DeployError
from jupyter_deploy.targets.base import Report
from jupyter_deploy.targets.kubernetes import failures, logs
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.kinds import Object, path_of
from jupyter_deploy.targets.kubernetes.manifests import Plan
from jupyter_deploy.targets.kubernetes.notices import Notice, notices_of
from jupyter_deploy.targets.kubernetes.phases import Phase, is_living, is_unclear, phase_of
from jupyter_deploy.targets.kubernetes.state import REVISION, is_rolled_out

_HASH = "pod-template-hash"
_ASK_EVERY = 1.0
"""Seconds between two questions for what is noted of pods."""
_COPY_EVERY = 2.0
"""Seconds between two copies of the log while pods go, which take theirs with them."""


class Watch:
    """The pods of a release on their way.

    Parameters
    ----------
    cluster : where. plan : what was applied. report : of the operation.
    """

    def __init__(self, cluster: Cluster, plan: Plan, report: Report) -> None:
        self._cluster = cluster
        self._plan = plan
        self._report = report
        self._told: set[tuple[str, str]] = set()
        self._numbers: dict[str, int] = {}
        self._since: dict[tuple[str, str], float] = {}
        self._notices: Mapping[str, Sequence[Notice]] = {}
        self._asked = self._copied = 0.0

    def look(self) -> bool:
        """Look once, and say what has moved; whether every pod is of this release and serves.

        Raises
        ------
        TargetError : a pod goes no further; Away : the cluster does not answer.
        """
        plan = self._plan
        deployment = self._cluster.get(path_of("Deployment", plan.namespace, plan.workload))
        if deployment.get("status", {}).get("observedGeneration", 0) < deployment["metadata"]["generation"]:
            return False
        pods = self._cluster.find("Pod", plan.namespace, plan.pod_labels)
        newest, wanted = self._newest(deployment, pods), deployment["spec"]["replicas"]
        return self._follow(deployment, pods, newest, wanted, is_done=is_rolled_out(deployment))

    def _follow(
        self, workload: Object, pods: Sequence[Object], newest: Sequence[Object], wanted: int, *, is_done: bool
    ) -> bool:
        """Say what has moved of the newest of the pods of a workload, which is itself done or not."""
        self._ask(newest)
        phases = [(pod, phase_of(pod, self._notices.get(pod["metadata"]["uid"], ()))) for pod in newest]
        self._tell(phases, wanted)
        self._copy(pods, is_last=is_done)
        if not is_done:
            self._require_progress(workload, phases, pods)
        return is_done

    def _newest(self, deployment: Object, pods: Sequence[Object]) -> list[Object]:
        """The pods of the newest kind, but for those that go already."""
        revision = deployment["metadata"].get("annotations", {}).get(REVISION)
        sets = self._cluster.find("ReplicaSet", self._plan.namespace, self._plan.pod_labels)
        hashes = {
            each["metadata"]["labels"][_HASH]
            for each in sets
            if each["metadata"]["annotations"].get(REVISION) == revision
        }
        return [pod for pod in pods if is_living(pod) and pod["metadata"]["labels"].get(_HASH) in hashes]

    def _ask(self, pods: Sequence[Object]) -> None:
        """Ask what is noted of pods whose status does not say all."""
        unclear = [pod for pod in pods if is_unclear(pod)]
        if unclear and time.monotonic() - self._asked > _ASK_EVERY:
            self._notices = {**self._notices, **notices_of(self._cluster, unclear)}
            self._asked = time.monotonic()

    def _tell(self, phases: Sequence[tuple[Object, Phase]], wanted: int) -> None:
        """Say what was not said before, once for all pods of which it is true."""
        new: dict[str, list[Object]] = {}
        for pod, phase in phases:
            uid = pod["metadata"]["uid"]
            pulled = [text for notice in self._notices.get(uid, ()) if (text := _pulled(notice))]
            for text in (*pulled, phase.text):
                if (uid, text) not in self._told:
                    self._told.add((uid, text))
                    new.setdefault(text, []).append(pod)
        for text, pods in new.items():
            numbers = sorted(self._number(pod, phases) for pod in pods)
            which = (
                f"{'pods' if len(pods) > 1 else 'pod'} {', '.join(map(str, numbers))} of {wanted}: "
                if wanted > 1
                else ""
            )
            self._report(which + text, pods=[pod["metadata"]["name"] for pod in pods])

    def _number(self, pod: Object, phases: Sequence[tuple[Object, Phase]]) -> int:
        """The number of a pod; one in the place of a pod that has gone has its number."""
        uid = pod["metadata"]["uid"]
        if uid not in self._numbers:
            living = {pod["metadata"]["uid"] for pod, _ in phases}
            taken = {number for other, number in self._numbers.items() if other in living}
            self._numbers[uid] = next(number for number in itertools.count(1) if number not in taken)
        return self._numbers[uid]

    def _copy(self, pods: Sequence[Object], *, is_last: bool) -> None:
        """Copy the log while it can be had: pods that go take theirs with them."""
        now = time.monotonic()
        is_due = now - self._copied > _COPY_EVERY and not all(map(is_living, pods))
        if is_last or is_due:
            self._copied = now
            with contextlib.suppress(DeployError, OSError):  # a full disk: the release is brought up all the same
                logs.copy(self._cluster, self._plan.place, pods)

    def _require_progress(
        self, workload: Object, phases: Sequence[tuple[Object, Phase]], pods: Sequence[Object]
    ) -> None:
        now = time.monotonic()
        conditions = {each["type"]: each for each in workload.get("status", {}).get("conditions", ())}
        failure, progress = conditions.get("ReplicaFailure", {}), conditions.get("Progressing", {})
        if failure.get("status") == "True":
            raise failures.no_pod(failure.get("message", ""))
        wrong = [(pod, phase) for pod, phase in phases if phase.is_wrong]
        for pod, phase in wrong:
            since = self._since.setdefault((pod["metadata"]["uid"], phase.word), now)
            if now - since >= phase.patience:
                self._copy(pods, is_last=True)
                raise failures.explain(self._cluster, pod, phase, self._plan.options)
        is_waited_for = any(math.isfinite(phase.patience) for _, phase in wrong)
        if progress.get("reason") == "ProgressDeadlineExceeded" and not is_waited_for:
            behind = next((phase for _, phase in (*wrong, *phases) if phase.word != "ready"), None)
            raise failures.too_slow(behind, progress.get("message", ""))


def _pulled(notice: Notice) -> str:
    """How long a pull took, of what a node notes of it; empty where it had the image.

    >>> _pulled(Notice("Pulled", 'Successfully pulled image "team/model:1" in 12.345678901s'))
    'pulled the image team/model:1 in 12.3s'
    """
    found = re.match(r'Successfully pulled image "([^"]*)" in ([\dhm.]+s)', notice.message)
    if not found:
        return ""
    took = re.sub(r"(\.\d)\d+", r"\1", found[2])
    return f"pulled the image {found[1]} in {took}"
