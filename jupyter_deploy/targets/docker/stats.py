"""What a service's container takes at this moment, as the engine measures it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jupyter_deploy.errors import UserError
from jupyter_deploy.images.engine import connected
from jupyter_deploy.targets.base import Place
from jupyter_deploy.targets.docker import containers
from jupyter_deploy.targets.docker.containers import Containers
from jupyter_deploy.targets.docker.record import DockerRecord


@dataclass(frozen=True)
class Stats:
    """What a container takes.

    Parameters
    ----------
    cpu_cores : that were busy for it during the last second. memory_bytes : that it holds, without files the system would give up.
    memory_limit_bytes : of ``memory_gb``; None without one. network_received_bytes, network_sent_bytes : since it was started.
    """

    cpu_cores: float
    memory_bytes: int
    memory_limit_bytes: int | None
    network_received_bytes: int
    network_sent_bytes: int


def read(place: Place) -> Stats:
    """Ask the engine; takes about two seconds, since it measures CPU over one.

    Raises
    ------
    UserError : the service does not run. TargetError : there is no engine, or the service runs on another machine.
    """
    record = DockerRecord.here(place.folder, place.service)
    with connected("the figures cannot be had") as engine:
        container = Containers(engine, place).current(record.version) if record else None
        if container is None or not containers.is_running(container):
            raise UserError(f"'{place.service}' does not run", remedy="start it, then ask again")
        measured: Mapping[str, Any] = container.stats(stream=False)  # type: ignore[assignment]
        limit = container.attrs["HostConfig"]["Memory"] or None
    return _stats(measured, limit)


def _stats(measured: Mapping[str, Any], limit: int | None) -> Stats:
    now, before = measured["cpu_stats"], measured["precpu_stats"]
    used = now["cpu_usage"]["total_usage"] - before["cpu_usage"]["total_usage"]
    passed = now.get("system_cpu_usage", 0) - before.get("system_cpu_usage", 0)
    memory = measured["memory_stats"]
    details = memory.get("stats", {})
    files = details.get("total_inactive_file", details.get("inactive_file", 0))  # cgroup v1, v2
    networks = measured.get("networks", {}).values()
    return Stats(
        cpu_cores=round(used / passed * now["online_cpus"], 3) if passed > 0 else 0.0,
        memory_bytes=max(0, memory.get("usage", 0) - files),
        memory_limit_bytes=limit,
        network_received_bytes=sum(network["rx_bytes"] for network in networks),
        network_sent_bytes=sum(network["tx_bytes"] for network in networks),
    )
