"""How far a pod is, and what keeps it from serving, told from plain objects as clusters give them."""

from __future__ import annotations

import doctest
import math
from types import ModuleType
from typing import Any, cast

import pytest

from jupyter_deploy.targets.kubernetes import containers, failures, phases, state, watching
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.compute import Compute
from jupyter_deploy.targets.kubernetes.notices import Notice
from jupyter_deploy.targets.kubernetes.options import KubernetesOptions
from jupyter_deploy.targets.kubernetes.phases import Phase, is_unclear, phase_of
from jupyter_deploy.targets.kubernetes.record import KubernetesRecord
from jupyter_deploy.targets.kubernetes.refusals import Missing
from jupyter_deploy.targets.kubernetes.running import Running

IMAGE = "team/model:1"
SCHEDULED = {"type": "PodScheduled", "status": "True"}
VERDICT = """2026-01-01 00:00:00,000 E [7] azmlinfsrv - the service cannot start: init() raised ValueError: no such column
    Traceback (most recent call last):
      File "/var/azureml-app/score.py", line 2, in init
    ValueError: no such column
2026-01-01 00:00:00,100 E [1] azmlinfsrv - the service cannot start (init): init() raised ValueError: no such column
"""
STARTED = "2026-01-01T00:00:10Z"


def pod(
    container: dict[str, Any] | None = None,
    *conditions: dict[str, Any],
    before: dict[str, Any] | None = None,
    **status: Any,
) -> dict[str, Any]:
    """A pod as a cluster has it.

    Parameters
    ----------
    container : the status of the one that serves. before : that of an init container.
    """
    limits = {"resources": {"limits": {"memory": "256Mi"}}}
    spec: dict[str, Any] = {"nodeName": "node-1", "containers": [{"name": "service", **limits}]}
    facts: dict[str, Any] = {"conditions": list(conditions or (SCHEDULED,)), **status}
    if container is not None:
        facts["containerStatuses"] = [{"name": "service", "image": IMAGE, "restartCount": 0, **container}]
    if before is not None:
        spec["initContainers"] = [{"name": "models", **limits}]
        facts["initContainerStatuses"] = [{"name": "models", "image": IMAGE, "restartCount": 0, **before}]
    return {"metadata": {"name": "web-1", "uid": "1", "namespace": "default"}, "spec": spec, "status": facts}


def waiting(reason: str, message: str = "", **more: Any) -> dict[str, Any]:
    return {"state": {"waiting": {"reason": reason, "message": message}}, **more}


def ended(code: int, reason: str = "Error", message: str = "") -> dict[str, Any]:
    return {"terminated": {"exitCode": code, "reason": reason, "message": message, "startedAt": STARTED}}


def running(**more: Any) -> dict[str, Any]:
    return {"state": {"running": {"startedAt": STARTED}}, **more}


def noted(reason: str, message: str, count: int = 1, time: str = "2026-01-01T00:00:20") -> Notice:
    return Notice(reason, message, count, time)


def unplaced(message: str) -> dict[str, Any]:
    return {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}


CREATING = waiting("ContainerCreating")
REFUSED = (
    'Readiness probe failed: Get "http://10.0.0.7:5001/ready": dial tcp 10.0.0.7:5001: connect: connection refused'
)
SLOW = 'probe failed: Get "http://10.0.0.7:5001": context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
KILLING = noted("Killing", "Container service failed liveness probe, will be restarted")
NO_SUCH = "rpc error: code = NotFound desc = failed to resolve reference: team/model:1: not found"
UNMOUNTED = 'MountVolume.SetUp failed for volume "settings" : configmap "web-1" not found'

GOING = [
    (pod(None, {"type": "PodScheduled", "status": "False"}), (), "scheduling", "waiting for a node"),
    (pod(), (), "starting", "starting on the node node-1"),
    (pod(CREATING), (), "starting", "starting on the node node-1"),
    (pod(CREATING), [noted("Pulling", "Pulling image")], "pulling", "pulling the image team/model:1"),
    (pod(CREATING), [noted("FailedMount", "x"), noted("Pulling", "x")], "pulling", "pulling the image team/model:1"),
    (pod(waiting("PodInitializing"), before=running()), (), "preparing", "running its init container models"),
    (pod(running(), before={"state": ended(0, "Completed")}), (), "loading", "running imports and init()"),
    (pod(running()), [noted("Unhealthy", REFUSED)], "loading", "running imports and init()"),
    (pod(running()), [noted("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", 99)], "loading",
     "running imports and init()"),
    (pod(running()), [noted("Unhealthy", f"Liveness {SLOW}", time="2026-01-01T00:00:09")], "loading", "running imports and init()"),
    (pod(running(lastState=ended(137, "OOMKilled")), SCHEDULED, {"type": "Ready", "status": "True"}), (), "ready", "ready"),
]  # fmt: skip

WRONG = [
    (pod(None, unplaced("0/1 nodes are available: 1 Insufficient cpu.")), (), "unschedulable",
     "no node has room: 1 of 1 has too little cpu"),
    (pod(None, unplaced("0/3 nodes are available: 1 node(s) had taint {a: b}, that the pod didn't tolerate, 2 Insufficient memory.")), (),
     "unschedulable", "no node has room: 2 of 3 have too little memory, 1 node(s) had taint {a: b}, that the pod didn't tolerate"),
    (pod(None, unplaced("0/2 nodes are available: 2 Insufficient cpu. preemption: 0/2 nodes are available: 2 No victims found.")),
     (), "unschedulable", "no node has room: 2 of 2 have too little cpu"),
    (pod(None, unplaced("no nodes available to schedule pods")), (), "unschedulable",
     "no node has room: no nodes available to schedule pods"),
    (pod(waiting("ErrImagePull", NO_SUCH)), (), "no image",
     "the image team/model:1 cannot be pulled: failed to resolve reference: team/model:1: not found"),
    (pod(waiting("ImagePullBackOff", 'Back-off pulling image "team/model:1"')),
     [noted("Failed", f'Failed to pull image "team/model:1": {NO_SUCH}'), noted("Failed", "Error: ImagePullBackOff")], "no image",
     "the image team/model:1 cannot be pulled: failed to resolve reference: team/model:1: not found"),
    (pod(waiting("CreateContainerConfigError", 'secret "web" not found')), (), "no container",
     'the container cannot be started: secret "web" not found'),
    (pod(CREATING), [noted("Pulling", "x"), noted("FailedMount", UNMOUNTED, 3)], "no volume",
     'its volume \'settings\' cannot be mounted: configmap "web-1" not found'),
    (pod(CREATING), [noted("FailedAttachVolume", "Multi-Attach error")], "no volume", "a volume cannot be mounted: Multi-Attach error"),
    (pod(CREATING), [noted("FailedCreatePodSandBox", "rpc error: code = Unknown desc = no free address")], "no sandbox",
     "its node cannot set it up: no free address"),
    (pod({"state": ended(3, message=VERDICT)}), (), "ended", "init() raised ValueError: no such column"),
    (pod({"state": ended(3, "OOMKilled", VERDICT)}), (), "ended", "memory limit of 0.25 GB (memory_gb) exceeded"),
    (pod(waiting("CrashLoopBackOff", lastState=ended(1))), (), "ended", "the container ended with exit code 1 (Error)"),
    (pod(running(lastState=ended(3, message=VERDICT))), (), "ended", "init() raised ValueError: no such column"),
    (pod({"state": ended(128, "ContainerCannotRun", "OCI runtime create failed: no such file")}), (), "ended",
     "the container cannot be started: OCI runtime create failed: no such file"),
    (pod(waiting("PodInitializing"), before=waiting("CrashLoopBackOff", lastState=ended(1))), (), "ended",
     "its init container models ended with exit code 1 (Error)"),
    (pod(running()), [noted("Unhealthy", f"Liveness {SLOW}"), KILLING], "not alive",
     "it does not pass its liveness probe, and is started anew: no answer in time"),
    (pod({"state": ended(137)}), [noted("Unhealthy", f"Liveness {SLOW}"), KILLING], "not alive",
     "it does not pass its liveness probe, and is started anew: no answer in time"),
    (pod(running()), [noted("Unhealthy", f"Readiness {SLOW}")], "silent", "it does not pass its readiness probe: no answer in time"),
    (pod(running()), [noted("Unhealthy", REFUSED, 3)], "silent", "it does not pass its readiness probe: connection refused"),
    (pod(running()), [noted("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 404")], "silent",
     "it does not pass its readiness probe: it answers 404"),
    (pod(None, phase="Failed", reason="Evicted", message="The node was low on resource: memory."), (), "evicted",
     "its node ended it, Evicted: The node was low on resource: memory."),
]  # fmt: skip


@pytest.mark.parametrize("module", [containers, phases, watching])
def test_the_examples(module: ModuleType) -> None:
    result = doctest.testmod(module)
    assert (result.failed, result.attempted > 0) == (0, True)


@pytest.mark.parametrize(("found", "notices", "word", "text"), GOING)
def test_how_far_a_pod_is(found: dict[str, Any], notices: list[Notice], word: str, text: str) -> None:
    phase = phase_of(found, notices)
    assert (phase.word, phase.text, phase.is_wrong, phase.patience) == (word, text, False, math.inf)


@pytest.mark.parametrize(("found", "notices", "word", "text"), WRONG)
def test_what_keeps_a_pod_from_serving(found: dict[str, Any], notices: list[Notice], word: str, text: str) -> None:
    phase = phase_of(found, notices)
    assert (phase.word, phase.text, phase.is_wrong) == (word, text, True)


def test_what_the_status_does_not_say_is_asked_for() -> None:
    assert not is_unclear(pod(None, {"type": "PodScheduled", "status": "False"}))
    assert not is_unclear(pod(running(), SCHEDULED, {"type": "Ready", "status": "True"}))
    assert is_unclear(pod(CREATING))
    assert is_unclear(pod(running()))


@pytest.mark.parametrize("reason", ["TriggeredScaleUp", "Nominated"])
def test_a_cluster_that_adds_a_node_is_waited_for(reason: str) -> None:
    full = pod(None, unplaced("0/1 nodes are available: 1 Insufficient cpu."))
    phase = phase_of(full, [noted(reason, "pod triggered scale-up: [{pool 1->2}]")])
    assert phase.text == "no node has room: 1 of 1 has too little cpu; the cluster adds a node"
    assert phase.patience > 10 * phase_of(full).patience


@pytest.mark.parametrize(
    "message",
    [
        "dial tcp 10.0.0.1:443: i/o timeout",
        "received unexpected HTTP status: 503 Service Unavailable",
        "toomanyrequests",
    ],
)
def test_a_registry_that_does_not_answer_may_answer_again(message: str) -> None:
    assert 0 < phase_of(pod(waiting("ErrImagePull", message))).patience < math.inf
    assert phase_of(pod(waiting("ErrImagePull", NO_SUCH))).patience == 0


class Logs:
    """A cluster that has the logs of a pod's container and of the one before, or has not."""

    def __init__(self, current: str | None, previous: str | None = None) -> None:
        self._texts = {"false": current, "true": previous}
        self.compute = Compute("lab", "", "", "default")

    def text(self, path: str, *, container: str, previous: str) -> str:
        text = self._texts[previous]
        if text is None:
            raise Missing(f"no log of {container} at {path}")
        return text


def explained(found: dict[str, Any], current: str | None = None, previous: str | None = None) -> tuple[str, str, str]:
    error = failures.explain(
        cast(Cluster, Logs(current, previous)), found, phase_of(found), KubernetesOptions(memory_gb=0.25)
    )
    return error.what, error.why, error.remedy


@pytest.mark.parametrize(
    ("current", "previous"),
    [(VERDICT, None), ("it was started anew", VERDICT), (None, None)],
    ids=["there", "before", "gone"],
)
def test_a_crash_is_explained_by_the_log_of_the_container_that_crashed(
    current: str | None, previous: str | None
) -> None:
    what, why, remedy = explained(pod({"state": ended(3, message=VERDICT)}), current, previous)
    assert what == "init() raised ValueError: no such column"
    assert 'File "score.py", line 2, in init' in why
    assert remedy.startswith("mend init()")


def test_a_kill_that_nobody_explains_may_be_the_limits() -> None:
    killed = "2026-01-01 00:00:00,000 E [1] azmlinfsrv - the service cannot start (init): the process was killed by signal 9 (SIGKILL)\n"
    what, why, remedy = explained(pod({"state": ended(3, message=killed)}), killed)
    assert what.endswith("killed by signal 9 (SIGKILL)")
    assert "memory limit of 0.25 GB" in why
    assert "higher memory_gb" in remedy


def test_a_crash_without_a_verdict_shows_the_end_of_the_log() -> None:
    what, why, _ = explained(pod({"state": ended(139)}), "\n".join(f"line {number}" for number in range(50)))
    assert what == "the container ended with exit code 139 (Error)"
    assert why.splitlines()[0] == "line 30"
    assert why.splitlines()[-1] == "line 49"


def test_an_init_container_that_fails_shows_its_own_log() -> None:
    found = pod(waiting("PodInitializing"), before=waiting("CrashLoopBackOff", lastState=ended(1)))
    what, why, remedy = explained(found, previous="403 Forbidden")
    assert (what, why) == ("its init container models ended with exit code 1 (Error)", "403 Forbidden")
    assert "kubectl logs -c models" in remedy


def test_pods_that_take_too_long_say_how_far_they_are() -> None:
    error = failures.too_slow(Phase("loading", "running imports and init()"), "exceeded its progress deadline")
    assert error.what == "the pods did not become ready in time: running imports and init()"
    assert error.remedy


RECORD = KubernetesRecord("default", 3, "node-port", "127.0.0.1", 30000)
WELL = pod(running(), SCHEDULED, {"type": "Ready", "status": "True"})
FULL = pod(None, unplaced("0/1 nodes are available: 1 Insufficient cpu."))
LOOPING = pod(waiting("CrashLoopBackOff", lastState=ended(3, message=VERDICT), restartCount=4))


def deployment(wanted: int, available: int, replicas: int | None = None) -> dict[str, Any]:
    count = wanted if replicas is None else replicas
    status = {"observedGeneration": 1, "updatedReplicas": wanted, "availableReplicas": available, "replicas": count}
    return {"metadata": {"generation": 1, "annotations": {}}, "spec": {"replicas": wanted}, "status": status}


def alone(found: dict[str, Any] | None) -> Running:
    """What a service has whose one version serves alone; None where that was removed."""
    return Running({"web": found} if found else {}, "web")


@pytest.mark.parametrize(
    ("found", "pods", "word", "error"),
    [
        (deployment(2, 2), [WELL, WELL], "Healthy", ""),
        (deployment(2, 1), [WELL, LOOPING], "Healthy",
         "1 of 2 pods serve: init() raised ValueError: no such column; started anew 4 times (CrashLoopBackOff)"),
        (deployment(2, 1), [WELL, pod(CREATING)], "Healthy", "1 of 2 pods serve: starting on the node node-1"),
        (deployment(1, 1, 2), [WELL, FULL], "Healthy", "one more pod goes no further: no node has room: 1 of 1 has too little cpu"),
        (deployment(1, 1, 2), [WELL, pod(running())], "Healthy", ""),
        (deployment(2, 0), [FULL, FULL], "Unschedulable", "no node has room: 1 of 1 has too little cpu"),
        (deployment(2, 0), [FULL, LOOPING], "Unhealthy", "no node has room: 1 of 1 has too little cpu"),
        (deployment(1, 0), [LOOPING], "Unhealthy", "init() raised ValueError: no such column; started anew 4 times (CrashLoopBackOff)"),
        (deployment(1, 0), [pod(running(restartCount=1))], "Unhealthy",
         "none of its pods is ready: running imports and init(); started anew once"),
        (deployment(1, 0), [], "Unhealthy", "none of its pods is ready"),
        (deployment(0, 0), [], "Stopped", "it was scaled to no pods; starting the service brings it back"),
        (None, [], "Stopped", "its objects were removed from the cluster; starting the service brings it back"),
    ],
)  # fmt: skip
def test_a_service_says_what_is_wrong_in_the_same_words(
    found: dict[str, Any] | None, pods: list[dict[str, Any]], word: str, error: str
) -> None:
    status = state.status_of(RECORD, alone(found), pods, {})
    assert (status.state, status.error) == (word, error)


def test_pods_that_go_are_not_counted_and_restarts_are() -> None:
    going = {**LOOPING, "metadata": {**LOOPING["metadata"], "deletionTimestamp": STARTED}}
    status = state.status_of(RECORD, alone(deployment(1, 1)), [WELL, going], {})
    assert (status.state, status.error) == ("Healthy", "")
    assert "restarts" not in status.details
    assert state.status_of(RECORD, alone(deployment(2, 1)), [WELL, LOOPING], {}).details["restarts"] == 4


def test_nothing_is_asked_of_a_service_that_is_well() -> None:
    assert state.unclear(alone(deployment(1, 1)), [pod(running())]) == []
    assert len(state.unclear(alone(deployment(9, 0)), [pod(running())] * 9)) == 3
