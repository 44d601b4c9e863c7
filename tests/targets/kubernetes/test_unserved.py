from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy.targets.base import Place
from jupyter_deploy.targets.kubernetes.kinds import Object
from jupyter_deploy.targets.kubernetes.unserved import end_all, end_known, has_served_nobody

PLACE = Place("w1", "iris", Path("/nowhere"), None)
BEFORE, SINCE, AFTER = "2026-01-01T10:00:00Z", "2026-01-01T10:00:02Z", "2026-01-01T10:00:09Z"
RUNS = {"running": {"startedAt": SINCE}}
BEGINS = {"waiting": {"reason": "ContainerCreating"}}
CRASHED = {"waiting": {"reason": "CrashLoopBackOff"}}
NO_IMAGE = {"waiting": {"reason": "ImagePullBackOff"}}


def pod(
    name: str, state: Object, *, ready: tuple[str, str] = ("False", BEFORE), grace: int | None = 40, last: Object | None = None
) -> Object:  # fmt: skip
    """A pod that is told to end within a grace; one that is to stay where there is none."""
    going = {"deletionTimestamp": AFTER, "deletionGracePeriodSeconds": grace} if grace is not None else {}
    condition = {"type": "Ready", "status": ready[0], "lastTransitionTime": ready[1]}
    container = {"name": "service", "state": state, "lastState": last or {}}
    status = {"conditions": [condition], "containerStatuses": [container]}
    return {
        "metadata": {"name": name, "namespace": "ns", **going},
        "spec": {"nodeName": "lab", "containers": []},
        "status": status,
    }


class Cluster:
    """Has one Deployment, that settles after some looks, and pods; what is deleted of them goes at the next look."""

    def __init__(self, *pods: Object, settles_after: int = 0) -> None:
        self.pods = list(pods)
        self.ended: list[tuple[str, int | None]] = []
        self._looks = -settles_after

    def find(self, kind: str, namespace: str, labels: dict[str, str]) -> list[Object]:
        assert namespace == "ns"
        assert labels
        if kind == "Pod":
            ended = [name for name, _ in self.ended]
            return [each for each in self.pods if each["metadata"]["name"] not in ended]
        self._looks += 1
        counts = dict.fromkeys(("updatedReplicas", "availableReplicas", "replicas"), 1)
        status = {"observedGeneration": 2 if self._looks > 0 else 1, **counts}
        return [{"metadata": {"generation": 2}, "spec": {"replicas": 1}, "status": status}]

    def delete(self, thing: Object, *, within: int | None = None) -> None:
        self.ended.append((thing["metadata"]["name"], within))


@pytest.mark.parametrize(
    ("given", "is_so"),
    [
        (pod("never ready", RUNS), True),
        (pod("ready", RUNS, ready=("True", AFTER)), False),
        (pod("was ready, and finishes what it began", RUNS, ready=("False", AFTER)), False),
        (pod("was ready until it crashed, and has begun anew", RUNS, ready=("False", SINCE)), True),
        (pod("does not run", CRASHED), False),
    ],
    ids=lambda given: given["metadata"]["name"] if isinstance(given, dict) else None,
)
def test_who_was_not_ready_since_it_runs_has_served_nobody(given: Object, is_so: bool) -> None:
    assert has_served_nobody(given) is is_so


def test_only_those_that_go_and_served_nobody_end_sooner() -> None:
    cluster: Any = Cluster(
        pod("stays", RUNS, grace=None),
        pod("goes", RUNS),
        pod("served", RUNS, ready=("False", AFTER)),
        pod("was told", RUNS, grace=1),
        pod("crashed", CRASHED, last={"terminated": {"startedAt": BEFORE, "exitCode": 1}}),
        pod("has no image", NO_IMAGE),
        {**pod("has no node", {}), "spec": {"containers": []}},
    )
    assert not end_known(cluster, PLACE, "ns")
    assert cluster.ended == [("goes", 1)]


def test_one_that_is_about_to_run_is_told_when_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster: Any = Cluster(pod("goes", BEGINS))
    monkeypatch.setattr("time.sleep", lambda _: cluster.pods.__setitem__(0, pod("goes", RUNS)))
    end_all(cluster, PLACE, "ns")
    assert cluster.ended == [("goes", 1)]


def test_it_waits_until_the_cluster_has_told_them_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster: Any = Cluster(pod("goes", RUNS, grace=None), settles_after=1)
    monkeypatch.setattr("time.sleep", lambda _: cluster.pods.__setitem__(0, pod("goes", RUNS)))
    end_all(cluster, PLACE, "ns")
    assert cluster.ended == [("goes", 1)]
