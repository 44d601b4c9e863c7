"""What keeps a pod from serving, in the words a person needs first: no room, no image, no memory, a script that fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.kubernetes import logs
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.delivery import not_pulled
from jupyter_deploy.targets.kubernetes.kinds import Object
from jupyter_deploy.targets.kubernetes.names import CONTAINER
from jupyter_deploy.targets.kubernetes.options import KubernetesOptions
from jupyter_deploy.targets.starting import REMEDIES, describe_limit
from jupyter_deploy.targets.verdict import verdict

_TAIL = 20
"""Lines of the log that an error quotes where it knows no better."""
_NO_IMAGE = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"})
_NO_CONTAINER = frozenset({"CreateContainerConfigError", "CreateContainerError", "RunContainerError"})


@dataclass(frozen=True)
class Phase:
    """How far a pod is, in a word and in a sentence.

    Parameters
    ----------
    word : "scheduling", "pulling", "starting", "ready", or, where it goes no further, "unschedulable", "no image", "no container", "ended".
    text : for a person.
    """

    word: str
    text: str

    @property
    def is_trouble(self) -> bool:
        """Whether it does not go on by itself."""
        return self.word in ("unschedulable", "no image", "no container", "ended")


def phase_of(pod: Object) -> Phase:
    """How far a pod is."""
    name, status = pod["metadata"]["name"], pod.get("status", {})
    conditions = {each["type"]: each for each in status.get("conditions", ())}
    scheduled = conditions.get("PodScheduled", {})
    if scheduled.get("reason") == "Unschedulable":
        return Phase("unschedulable", f"no node has room for {name}: {scheduled.get('message', '')}")
    state = _state(pod)
    waiting, ended = state.get("waiting", {}), state.get("terminated") or _last(pod)
    if waiting.get("reason") in _NO_IMAGE:
        return Phase("no image", f"{waiting['reason']}: {waiting.get('message', '')}")
    if waiting.get("reason") in _NO_CONTAINER:
        return Phase("no container", f"{waiting['reason']}: {waiting.get('message', '')}")
    if conditions.get("Ready", {}).get("status") == "True":
        return Phase("ready", f"{name} is ready")
    if ended:
        return Phase("ended", f"{name} ended: {ended.get('reason', '')}, exit code {ended.get('exitCode')}")
    if "running" in state:
        return Phase("starting", f"{name} runs; its script is loading")
    if status.get("phase") == "Pending" and not scheduled:
        return Phase("scheduling", f"{name} waits for a node")
    return Phase("pulling", f"{name} is on a node, which gets its image and starts it")


def explain(cluster: Cluster, pod: Object, phase: Phase, options: KubernetesOptions) -> TargetError:
    """Say why a pod goes no further."""
    if phase.word == "unschedulable":
        return _unschedulable(phase, options)
    if phase.word == "no image":
        return _no_image(cluster, pod, phase)
    if phase.word == "no container":
        return TargetError(f"the pod cannot be started: {phase.text}")
    return _ended(cluster, pod, options)


def _unschedulable(phase: Phase, options: KubernetesOptions) -> TargetError:
    devices = "".join(f", {count} × {name}" for name, count in options.devices.items())
    return TargetError(
        phase.text,
        f"Each pod asks for {options.cpu_cores:g} cores and {options.memory_gb:g} GB{devices}.",
        "ask for less (cpu_cores, memory_gb, devices), free what is taken there, or add nodes",
    )


def _no_image(cluster: Cluster, pod: Object, phase: Phase) -> TargetError:
    image = pod["spec"]["containers"][0]["image"]
    return not_pulled(image, cluster.compute, phase.text)


def _ended(cluster: Cluster, pod: Object, options: KubernetesOptions) -> TargetError:
    state = _state(pod)
    is_previous = "terminated" not in state
    ended: Mapping[str, Any] = state.get("terminated") or _last(pod)
    lines = logs.text_of(cluster, pod, previous=is_previous).splitlines()
    found = verdict(lines)
    limit = describe_limit(options.memory_gb_limit or options.memory_gb)
    if ended.get("reason") == "OOMKilled":
        return TargetError(f"the service did not start: {limit}", found.message if found else "", REMEDIES["memory"])
    if found and found.message.endswith("(SIGKILL)"):  # a worker, which no kubelet tells of
        return TargetError(found.message, f"Going beyond it ends so: {limit}.", REMEDIES["memory"])
    if found:
        return TargetError(found.message, found.trace, REMEDIES.get(found.stage, ""))
    reason = f"{ended.get('reason', '')} {ended.get('message') or ''}".strip()
    what = f"the container ended before the service was ready: exit code {ended.get('exitCode')} ({reason.splitlines()[0]})"
    return TargetError(what, "\n".join(lines[-_TAIL:]))


def _state(pod: Object) -> Mapping[str, Any]:
    found: Mapping[str, Any] = _container(pod).get("state", {})
    return found


def _last(pod: Object) -> Mapping[str, Any]:
    found: Mapping[str, Any] = _container(pod).get("lastState", {}).get("terminated") or {}
    return found


def _container(pod: Object) -> Mapping[str, Any]:
    statuses = pod.get("status", {}).get("containerStatuses", ())
    return next((each for each in statuses if each["name"] == CONTAINER), {})
