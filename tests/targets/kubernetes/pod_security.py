"""The Pod Security Standard "restricted", and the "baseline" that it holds, as kubernetes.io publishes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
_PROFILES = {"RuntimeDefault", "Localhost"}
_SELINUX = {"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
_SYSCTLS = {
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start", "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem",
}  # fmt: skip
_HANDLERS = ("livenessProbe", "readinessProbe", "startupProbe")

Plain = Mapping[str, Any]


def violations(spec: Plain) -> list[str]:
    """The controls that a pod breaks, by their names in the standard."""
    pod: Plain = spec.get("securityContext", {})
    containers = [
        each for kind in ("containers", "initContainers", "ephemeralContainers") for each in spec.get(kind, ())
    ]
    found = [*_of_pod(spec, pod)]
    for container in containers:
        found += [*_of_container(container), *_of_user(container.get("securityContext", {}), pod)]
    return list(dict.fromkeys(found))


def _of_pod(spec: Plain, pod: Plain) -> Iterator[str]:
    if any(spec.get(name) for name in ("hostNetwork", "hostPID", "hostIPC")):
        yield "Host Namespaces"
    volumes = [next(iter(set(volume) - {"name"})) for volume in spec.get("volumes", ())]
    if "hostPath" in volumes:
        yield "HostPath Volumes"
    if not set(volumes) <= _VOLUMES:
        yield "Volume Types"
    if any(each["name"] not in _SYSCTLS for each in pod.get("sysctls", ())):
        yield "Sysctls"
    yield from _of_context(pod)


def _of_container(container: Plain) -> Iterator[str]:
    context: Plain = container.get("securityContext", {})
    added = set(context.get("capabilities", {}).get("add", ()))
    if context.get("privileged"):
        yield "Privileged Containers"
    if any(port.get("hostPort") for port in container.get("ports", ())):
        yield "Host Ports"
    if any(_names_a_host(handler) for handler in _handlers(container)):
        yield "Host Probes / Lifecycle Hooks"
    if context.get("procMount", "Default") != "Default":
        yield "/proc Mount Type"
    if context.get("allowPrivilegeEscalation") is not False:
        yield "Privilege Escalation"
    if "ALL" not in context.get("capabilities", {}).get("drop", ()) or not added <= {"NET_BIND_SERVICE"}:
        yield "Capabilities"
    yield from _of_context(context)


def _of_context(context: Plain) -> Iterator[str]:
    """What may stand in the context of a pod, or of a container."""
    if context.get("windowsOptions", {}).get("hostProcess"):
        yield "HostProcess"
    if context.get("appArmorProfile", {}).get("type", "RuntimeDefault") not in _PROFILES:
        yield "AppArmor"
    selinux: Plain = context.get("seLinuxOptions", {})
    if selinux.get("type", "") not in _SELINUX or selinux.get("user") or selinux.get("role"):
        yield "SELinux"
    if context.get("seccompProfile", {}).get("type", "RuntimeDefault") not in _PROFILES:
        yield "Seccomp"
    if context.get("runAsUser") == 0:
        yield "Running as Non-root user"


def _of_user(context: Plain, pod: Plain) -> Iterator[str]:
    """What a container has of its own, or else of its pod."""
    if context.get("runAsNonRoot", pod.get("runAsNonRoot")) is not True:
        yield "Running as Non-root"
    if context.get("seccompProfile", pod.get("seccompProfile", {})).get("type") not in _PROFILES:
        yield "Seccomp"


def _handlers(container: Plain) -> Iterable[Plain]:
    return [*(container.get(name, {}) for name in _HANDLERS), *container.get("lifecycle", {}).values()]


def _names_a_host(handler: Plain) -> bool:
    return any(handler.get(kind, {}).get("host") for kind in ("httpGet", "tcpSocket"))
