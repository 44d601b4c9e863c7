"""What keeps a pod from serving, as an error: the cause first, then why, then what a person can do."""

from __future__ import annotations

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.kubernetes import fetching, logs
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.containers import current, end_of
from jupyter_deploy.targets.kubernetes.delivery import not_pulled
from jupyter_deploy.targets.kubernetes.kinds import Object
from jupyter_deploy.targets.kubernetes.names import SERVING
from jupyter_deploy.targets.kubernetes.options import KubernetesOptions
from jupyter_deploy.targets.kubernetes.phases import Phase
from jupyter_deploy.targets.starting import REMEDIES, describe_limit
from jupyter_deploy.targets.verdict import verdict

_TAIL = 20
"""Lines of the log that an error quotes where it knows no better."""
_AGAIN = "then do the same again"


def explain(cluster: Cluster, pod: Object, phase: Phase, options: KubernetesOptions) -> TargetError:
    """Say why a pod goes no further."""
    if phase.word == "ended":
        return _ended(cluster, pod, phase, options)
    if phase.word == "unschedulable":
        devices = "".join(f", {count} × {name}" for name, count in options.devices.items())
        asked = f"Each pod asks for {options.cpu_cores:g} cores and {options.memory_gb:g} GB{devices}."
        remedy = "ask for less (cpu_cores, memory_gb, devices), free what is taken there, or add nodes"
        return TargetError(phase.text, f"{asked}\n{phase.why}", remedy)
    if phase.word == "no image":
        return not_pulled(pod["spec"]["containers"][0]["image"], cluster.compute, phase.text, phase.why)
    if phase.word == "not alive":
        return TargetError(
            phase.text,
            _liveness(options),
            "see what its log says; give it more time (timeout_seconds, failure_threshold)",
        )
    remedies = {
        "no models": fetching.REMEDY,
        "no volume": f"look whether that is there (kubectl get configmaps,secrets), {_AGAIN}, which writes it anew",
        "no sandbox": f"have the node looked at (kubectl describe pod), {_AGAIN}",
    }
    return TargetError(
        phase.text, phase.why, remedies.get(phase.word, f"look at the pod (kubectl describe pod), {_AGAIN}")
    )


def no_pod(message: str) -> TargetError:
    """Say why a cluster does not even make a pod."""
    return TargetError(
        f"the cluster makes no pod: {message.partition(' is forbidden: ')[2] or message}", message,
        "ask for less (cpu_cores, memory_gb, num_replicas), or have the namespace's quota or policy changed",
    )  # fmt: skip


def too_slow(phase: Phase | None, message: str) -> TargetError:
    """Say that pods did not become ready in time, and how far the one was that is furthest behind."""
    how = f": {phase.text}" if phase else ""
    return TargetError(
        f"the pods did not become ready in time{how}",
        message,
        REMEDIES["init"] if phase and phase.word == "loading" else "",
    )


def _liveness(options: KubernetesOptions) -> str:
    return (
        f"It is asked every {options.period_seconds} s, from {options.initial_delay_seconds} s after its start on, has"
        f" {options.timeout_seconds} s to answer, and is started anew after {options.failure_threshold} misses (livenessProbeRequirements)."
    )


def _ended(cluster: Cluster, pod: Object, phase: Phase, options: KubernetesOptions) -> TargetError:
    container = current(pod)
    texts = list(logs.of_ended(cluster, pod, container))
    found = next(filter(None, map(verdict, texts)), None)
    if end_of(container).get("reason") == "OOMKilled":
        return TargetError(phase.text, found.message if found else "", REMEDIES["memory"])
    if found and found.message.endswith("(SIGKILL)"):  # a worker, which no kubelet tells of
        limit = describe_limit(options.memory_gb_limit or options.memory_gb)
        return TargetError(found.message, f"Going beyond it ends so: {limit}.", REMEDIES["memory"])
    if found:
        return TargetError(found.message, found.trace, REMEDIES.get(found.stage, ""))
    tail = "\n".join(next(filter(None, texts), [])[-_TAIL:])
    remedy = "" if container["name"] in SERVING else f"look at its log (kubectl logs -c {container['name']}), {_AGAIN}"
    return TargetError(phase.text, tail, remedy)
