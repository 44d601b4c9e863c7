"""How far a pod is, and what keeps it from serving, in the words a person needs first."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from jupyter_deploy.targets.kubernetes import fetching
from jupyter_deploy.targets.kubernetes.containers import cause_of, current, detail, end_of
from jupyter_deploy.targets.kubernetes.kinds import Object
from jupyter_deploy.targets.kubernetes.notices import Notice, last

_GOING = frozenset({"scheduling", "starting", "pulling", "preparing", "loading", "ready"})
_ROOM, _ADDING, _SETTING_UP, _PULLING = 15.0, 600.0, 15.0, 30.0
"""Seconds that what may pass is waited for: no room, a node that is added, what a pod needs of its node, a registry that is away."""
_NO_IMAGE = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"}
)
_NO_CONTAINER = frozenset({"CreateContainerConfigError", "CreateContainerError", "RunContainerError"})
_NOT_MOUNTED = ("FailedMount", "FailedAttachVolume", "FailedMapVolume")
_ADDED = ("TriggeredScaleUp", "Nominated")
"""What an autoscaler notes of a pod that it adds a node for: the cluster's own, and Karpenter."""
_MAY_PASS = re.compile(r"time(d )?out|refused|reset by|EOF|toomanyrequests|unavailable|\b50[0-9]\b", re.IGNORECASE)
"""Why a pull fails that may do better a little later."""
_MISSES = 3
"""Connections refused to the readiness probe after which it is told; a process that starts refuses some."""


@dataclass(frozen=True)
class Phase:
    """How far a pod is, in a word and in some.

    Parameters
    ----------
    word : "scheduling", "starting", "pulling", "preparing", "loading", "ready"; where something is wrong "unschedulable", "no image",
        "no models", "no volume", "no sandbox", "no container", "ended", "not alive", "silent" or "evicted".
    text : for a person; what is wrong, where something is.
    patience : seconds after which that is the end of it; infinite where it may go on by itself.
    why : more of it, in the cluster's own words.
    """

    word: str
    text: str
    patience: float = math.inf
    why: str = ""

    @property
    def is_wrong(self) -> bool:
        """Whether something keeps it from serving."""
        return self.word not in _GOING


def phase_of(pod: Object, notices: Sequence[Notice] = ()) -> Phase:
    """How far a pod is.

    Parameters
    ----------
    notices : what is noted of it, oldest first; worth asking for where :func:`is_unclear`.
    """
    status = pod.get("status", {})
    conditions = {each["type"]: each for each in status.get("conditions", ())}
    if status.get("phase") == "Failed" and status.get("reason"):
        message = f": {status['message']}" if status.get("message") else ""
        return Phase("evicted", f"its node ended it, {status['reason']}{message}")
    if conditions.get("PodScheduled", {}).get("status") != "True":
        return _unplaced(conditions.get("PodScheduled", {}), notices)
    if conditions.get("Ready", {}).get("status") == "True":
        return Phase("ready", "ready")
    if refusal := fetching.refusal_of(pod):
        return Phase("no models", f"the models cannot be had: {refusal}", 0)
    container = current(pod)
    state = container.get("state", {})
    waiting = state.get("waiting", {})
    if waiting.get("reason") in _NO_IMAGE:
        return _no_image(pod, waiting, notices)
    if waiting.get("reason") in _NO_CONTAINER:
        message = waiting.get("message", "")
        return Phase("no container", f"the container cannot be started: {detail(message)}", 0, _rest(message))
    if "running" in state:
        return _running(pod, container, notices)
    if end := end_of(container):
        return _not_alive(notices, end.get("startedAt")) or Phase("ended", cause_of(pod, container), 0)
    return _starting(pod, notices)


def is_living(pod: Object) -> bool:
    """Whether a pod is to stay; one that goes may still finish what it began."""
    return "deletionTimestamp" not in pod["metadata"]


def is_unclear(pod: Object) -> bool:
    """Whether its status does not say all: what it waits for, or why it does not answer."""
    return phase_of(pod).word not in ("scheduling", "ready", "evicted")


def _unplaced(condition: Object, notices: Sequence[Notice]) -> Phase:
    if condition.get("reason") != "Unschedulable":
        return Phase("scheduling", "waiting for a node")
    message = condition.get("message", "")
    text = f"no node has room: {_lacking(message)}"
    if added := last(notices, *_ADDED):
        return Phase("unschedulable", f"{text}; the cluster adds a node", _ADDING, f"{message}\n{added.message}")
    return Phase("unschedulable", text, _ROOM, message)


def _lacking(message: str) -> str:
    """What the nodes lack, of the scheduler's own sentence.

    >>> _lacking("0/3 nodes are available: 1 Insufficient cpu, 3 Insufficient nvidia.com/gpu.")
    '1 of 3 has too little cpu, 3 of 3 have too little nvidia.com/gpu'
    """
    found = re.match(r"0/(\d+) nodes are available: (.*?)\.?( preemption: .*)?$", message, re.DOTALL)
    if not found:
        return message
    lacking = re.findall(r"(\d+) Insufficient ([\w./-]*\w)", found[2])
    rest = re.sub(r"(, )?\d+ Insufficient [\w./-]*\w", "", found[2]).strip(", ")
    words = [f"{count} of {found[1]} {'has' if count == '1' else 'have'} too little {name}" for count, name in lacking]
    return ", ".join([*words, *([rest] if rest else ())])


def _no_image(pod: Object, waiting: Object, notices: Sequence[Notice]) -> Phase:
    message, image = waiting.get("message", ""), current(pod).get("image", "")
    if message.startswith("Back-off") and (failed := _failed_pull(notices)):
        message = failed.message.partition(f'"{image}": ')[2] or failed.message
    patience = _PULLING if _MAY_PASS.search(message) else 0
    return Phase("no image", f"the image {image} cannot be pulled: {detail(message)}", patience, _rest(message))


def _failed_pull(notices: Sequence[Notice]) -> Notice | None:
    return last([notice for notice in notices if notice.message.startswith("Failed to pull")], "Failed")


def _starting(pod: Object, notices: Sequence[Notice]) -> Phase:
    noted = last(notices, "Pulling", "Pulled", "FailedCreatePodSandBox", *_NOT_MOUNTED)
    reason, message = (noted.reason, noted.message) if noted else ("", "")
    if reason == "Pulling":
        return Phase("pulling", f"pulling the image {current(pod).get('image', '')}")
    if reason in _NOT_MOUNTED:
        found = re.search(r'for volume "([^"]*)" ?: (.*)', message)
        which, why = (f"its volume '{found[1]}'", found[2]) if found else ("a volume", detail(message))
        return Phase("no volume", f"{which} cannot be mounted: {why}", _SETTING_UP, _rest(message))
    if reason == "FailedCreatePodSandBox":
        return Phase("no sandbox", f"its node cannot set it up: {detail(message)}", _SETTING_UP, _rest(message))
    return Phase("starting", f"starting on the node {pod['spec'].get('nodeName', '')}")


def _rest(message: str) -> str:
    return message.strip().partition("\n")[2]


def _running(pod: Object, container: Object, notices: Sequence[Notice]) -> Phase:
    if any(each["name"] == container["name"] for each in pod["spec"].get("initContainers", ())):
        is_ours = container["name"] == fetching.CONTAINER
        return Phase(
            "preparing", "fetching its models" if is_ours else f"running its init container {container['name']}"
        )
    since = container["state"]["running"].get("startedAt")
    is_restarted = bool(container.get("lastState", {}).get("terminated"))
    found = _not_alive(notices, since) or _silent(notices, since, is_restarted=is_restarted)
    if found:
        return found
    if is_restarted:
        return Phase("ended", cause_of(pod, container), 0)
    return Phase("loading", "running imports and init()")


def _not_alive(notices: Sequence[Notice], since: str | None) -> Phase | None:
    """That the cluster ends a container for its liveness probe, where it has done so since a time."""
    killing = [notice for notice in _since(notices, since, "Killing") if "liveness" in notice.message]
    if not killing:
        return None
    missed = [notice for notice in notices if notice.reason == "Unhealthy" and notice.message.startswith("Liveness")]
    words = f": {_missed(missed[-1].message)}" if missed else ""
    return Phase("not alive", f"it does not pass its liveness probe, and is started anew{words}", 0)


def _silent(notices: Sequence[Notice], since: str | None, *, is_restarted: bool) -> Phase | None:
    """That a container which runs does not pass a probe, where that is not just because it starts."""
    missed = _since(notices, since, "Unhealthy")
    if not missed:
        return None
    which, words = missed[-1].message.partition(" ")[0].lower(), _missed(missed[-1].message)
    starts = words == "connection refused" and (is_restarted or missed[-1].count < _MISSES)
    if which == "readiness" and (starts or words == "it answers 503"):
        return None
    return Phase("silent", f"it does not pass its {which} probe: {words}")


def _since(notices: Sequence[Notice], since: str | None, reason: str) -> list[Notice]:
    begin = (since or "").rstrip("Z")
    return [notice for notice in notices if notice.reason == reason and notice.time >= begin]


def _missed(message: str) -> str:
    """How a probe was missed.

    >>> _missed('Readiness probe failed: Get "http://10.0.0.7:5001/ready": dial tcp 10.0.0.7:5001: connect: connection refused')
    'connection refused'
    """
    text = message.partition(" probe failed: ")[2] or message
    if status := re.search(r"statuscode: (\d+)", text):
        return f"it answers {status[1]}"
    if re.search(r"deadline exceeded|Client\.Timeout|i/o timeout", text):
        return "no answer in time"
    return text.rpartition("connect: ")[2] if "connect: " in text else text.strip()
