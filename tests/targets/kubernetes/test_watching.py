"""What is said of the pods of a release, from plain objects: in few words, once, and with numbers instead of names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.base import Place
from jupyter_deploy.targets.kubernetes import phases, watching
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.compute import Compute
from jupyter_deploy.targets.kubernetes.options import KubernetesOptions
from jupyter_deploy.targets.kubernetes.watching import Watch
from tests.targets.kubernetes.plans import plan

READY = {"type": "Ready", "status": "True"}
SCHEDULED = {"type": "PodScheduled", "status": "True"}
FULL = {
    "type": "PodScheduled",
    "status": "False",
    "reason": "Unschedulable",
    "message": "0/1 nodes are available: 1 Insufficient cpu.",
}


def pod(name: str, *conditions: dict[str, Any], image_of: str = "new", **state: Any) -> dict[str, Any]:
    labels = {"pod-template-hash": image_of}
    container = {"name": "service", "restartCount": 0, "image": "team/model:1", "state": state or {"waiting": {}}}
    return {
        "metadata": {"name": f"web-{name}", "uid": name, "namespace": "default", "labels": labels},
        "spec": {"nodeName": "node-1", "containers": [{"name": "service"}]},
        "status": {"conditions": list(conditions or (SCHEDULED,)), "containerStatuses": [container]},
    }


class Scripted:
    """A cluster at one moment: a Deployment, its pods, and what is noted of them."""

    def __init__(self, wanted: int) -> None:
        self.compute = Compute("lab", "", "", "default")
        self.wanted = wanted
        self.pods: list[dict[str, Any]] = []
        self.noted: dict[str, list[dict[str, Any]]] = {}
        self.conditions: list[dict[str, Any]] = []
        self.asked: list[str] = []

    def get(self, path: str, **query: str) -> Any:
        if path.endswith("/events"):
            uid = query["fieldSelector"].rpartition("=")[2]
            self.asked.append(uid)
            return {
                "items": [
                    {"metadata": {"name": str(number)}, **each} for number, each in enumerate(self.noted.get(uid, []))
                ]
            }
        new = [each for each in self.pods if each["metadata"]["labels"]["pod-template-hash"] == "new"]
        ready = sum(READY in each["status"]["conditions"] for each in new)
        counts = {"updatedReplicas": len(new), "availableReplicas": ready, "replicas": len(self.pods)}
        return {
            "metadata": {"generation": 1, "annotations": {watching.REVISION: "2"}},
            "spec": {"replicas": self.wanted},
            "status": {"observedGeneration": 1, **counts, "conditions": self.conditions},
        }

    def find(self, kind: str, namespace: str, labels: dict[str, str]) -> list[dict[str, Any]]:
        if kind == "Pod":
            return self.pods
        revisions = {"old": "1", "new": "2"}
        return [
            {"metadata": {"labels": {"pod-template-hash": name}, "annotations": {watching.REVISION: revision}}}
            for name, revision in revisions.items()
        ]

    def text(self, path: str, **query: str) -> str:
        return ""


class Looking:
    """A watch over a scripted cluster, and what it said."""

    def __init__(self, folder: Path, wanted: int) -> None:
        self.cluster = Scripted(wanted)
        self.said: list[str] = []
        made = replace(plan(KubernetesOptions()), place=Place("workspace", "web", folder, None))
        self._watch = Watch(cast(Cluster, self.cluster), made, lambda text, **_: self.said.append(text))

    def look(self, *pods: dict[str, Any]) -> bool:
        self.cluster.pods = list(pods)
        self.said.clear()
        return self._watch.look()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that the watch goes by, to be set."""
    now = [1000.0]
    monkeypatch.setattr(watching.time, "monotonic", lambda: now[0])
    return now


def test_the_way_of_one_pod_is_said_without_names(tmp_path: Path, clock: list[float]) -> None:
    one = Looking(tmp_path, 1)
    assert not one.look(pod("a", {"type": "PodScheduled", "status": "False"}))
    assert one.said == ["waiting for a node"]
    assert not one.look(pod("a"))
    assert one.said == ["starting on the node node-1"]
    assert not one.look(pod("a"))
    assert one.said == []
    clock[0] += 2
    one.cluster.noted["a"] = [{"reason": "Pulling", "message": "", "lastTimestamp": "2026-01-01T00:00:00Z"}]
    one.look(pod("a"))
    assert one.said == ["pulling the image team/model:1"]
    clock[0] += 2
    pulled = 'Successfully pulled image "team/model:1" in 12.345s'
    one.cluster.noted["a"].append({"reason": "Pulled", "message": pulled, "lastTimestamp": "2026-01-01T00:00:12Z"})
    one.look(pod("a", running={"startedAt": "2026-01-01T00:00:12Z"}))
    assert one.said == ["pulled the image team/model:1 in 12.3s", "running imports and init()"]
    assert one.look(pod("a", SCHEDULED, READY))
    assert one.said == ["ready"]


def test_what_is_true_of_several_pods_is_said_once_for_all(tmp_path: Path) -> None:
    three = Looking(tmp_path, 3)
    old = pod("old", SCHEDULED, READY, image_of="old")
    three.look(old, pod("a"), pod("b"))
    assert three.said == ["pods 1, 2 of 3: starting on the node node-1"]
    three.look(old, pod("a", SCHEDULED, READY), pod("b"), pod("c"))
    assert three.said == ["pod 1 of 3: ready", "pod 3 of 3: starting on the node node-1"]


def test_a_pod_in_the_place_of_one_that_went_has_its_number(tmp_path: Path) -> None:
    two = Looking(tmp_path, 2)
    two.look(pod("a"), pod("b"))
    two.look(pod("b"), pod("c"))
    assert two.said == ["pod 1 of 2: starting on the node node-1"]


def test_notices_are_asked_for_once_a_second_and_not_of_what_is_clear(tmp_path: Path, clock: list[float]) -> None:
    two = Looking(tmp_path, 2)
    for moment in (0, 0.3, 0.6, 0.9, 1.2):
        clock[0] = 1000 + moment
        two.look(pod("a", SCHEDULED, READY), pod("b"))
    assert two.cluster.asked == ["b", "b"]


def test_no_room_is_said_at_once_and_waited_for_a_little(tmp_path: Path, clock: list[float]) -> None:
    one = Looking(tmp_path, 1)
    one.look(pod("a", FULL))
    assert one.said == ["no node has room: 1 of 1 has too little cpu"]
    clock[0] += phases._ROOM - 1
    one.look(pod("a", FULL))
    assert one.said == []
    clock[0] += 1
    with pytest.raises(TargetError, match="no node has room"):
        one.look(pod("a", FULL))


def test_a_node_that_is_added_is_waited_for_longer_than_the_cluster_calls_progress(
    tmp_path: Path, clock: list[float]
) -> None:
    one = Looking(tmp_path, 1)
    one.cluster.noted["a"] = [
        {"reason": "TriggeredScaleUp", "message": "pool 1->2", "lastTimestamp": "2026-01-01T00:00:00Z"}
    ]
    one.look(pod("a", FULL))
    assert one.said == ["no node has room: 1 of 1 has too little cpu; the cluster adds a node"]
    clock[0] += phases._ADDING - 1
    one.cluster.conditions = [{"type": "Progressing", "reason": "ProgressDeadlineExceeded", "status": "False"}]
    one.look(pod("a", FULL))
    clock[0] += 1
    with pytest.raises(TargetError, match="no node has room"):
        one.look(pod("a", FULL))


def test_what_takes_too_long_says_where_it_stands(tmp_path: Path) -> None:
    two = Looking(tmp_path, 2)
    two.cluster.conditions = [{"type": "Progressing", "reason": "ProgressDeadlineExceeded", "status": "False"}]
    with pytest.raises(TargetError, match="not become ready in time: running imports"):
        two.look(pod("a", SCHEDULED, READY), pod("b", running={"startedAt": "2026-01-01T00:00:12Z"}))


def test_a_cluster_that_makes_no_pod_is_believed(tmp_path: Path) -> None:
    one = Looking(tmp_path, 1)
    message = 'pods "web-1" is forbidden: exceeded quota: small, requested: cpu=1'
    one.cluster.conditions = [{"type": "ReplicaFailure", "status": "True", "message": message}]
    with pytest.raises(TargetError, match="the cluster makes no pod: exceeded quota: small"):
        one.look()
