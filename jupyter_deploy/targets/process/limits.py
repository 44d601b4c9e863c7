"""Keeps one generation of a service within its memory limit: by a control group where one can be made, else by watching."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from jupyter_deploy.workspace.identity import is_running

ROOT = Path("/sys/fs/cgroup")
_PREFIX = "jupyter-deploy-"


class ControlGroup:
    """A control group of version 1 or 2 with a memory limit and a CPU weight; made only where the system lets us.

    Use :meth:`make`. ``oom_kills`` tells how often the kernel ended a process in it.
    """

    def __init__(self, folders: dict[str, Path], unified: bool) -> None:
        self._folders = folders
        self._unified = unified

    @classmethod
    def make(cls, name: str, memory_bytes: int | None, cpu_cores: float | None) -> ControlGroup | None:
        """Make a group beside that of this process, or return None where that is not allowed."""
        unified = (ROOT / "cgroup.controllers").exists()
        wanted = {"memory": memory_bytes is not None, "cpu": cpu_cores is not None}
        parents = _own_groups(unified)
        folders: dict[str, Path] = {}
        group = cls(folders, unified)
        try:
            for controller in (controller for controller, asked in wanted.items() if asked):
                _remove_abandoned(parents[controller])
                folder = parents[controller] / name
                folder.mkdir(exist_ok=True)
                folders[controller] = folder
            if memory_bytes is not None:
                group._set("memory", "memory.max" if unified else "memory.limit_in_bytes", memory_bytes)
            if cpu_cores is not None:
                weight = (100, "cpu.weight", 10_000) if unified else (1024, "cpu.shares", 262_144)
                group._set("cpu", weight[1], min(weight[2], max(2, round(weight[0] * cpu_cores))))
        except (OSError, KeyError):
            group.remove()
            return None
        return group if folders else None

    def _set(self, controller: str, name: str, value: int) -> None:
        (self._folders[controller] / name).write_text(str(value), encoding="ascii")

    def add(self, pid: int) -> None:
        """Put a process, and what it will start, into the group."""
        for folder in set(self._folders.values()):
            with contextlib.suppress(OSError):  # it may have ended meanwhile
                (folder / "cgroup.procs").write_text(str(pid), encoding="ascii")

    @property
    def limits_memory(self) -> bool:
        """Whether the kernel keeps the memory limit."""
        return "memory" in self._folders

    def oom_kills(self) -> int:
        """How many processes of the group the kernel ended because of the limit."""
        if not self.limits_memory:
            return 0
        text = (self._folders["memory"] / ("memory.events" if self._unified else "memory.oom_control")).read_text()
        return next((int(line.split()[1]) for line in text.splitlines() if line.startswith("oom_kill ")), 0)

    def remove(self) -> bool:
        """Take the group away; False when it is still there, as the kernel keeps it while a process is in it."""
        for folder in set(self._folders.values()):
            with contextlib.suppress(OSError):
                folder.rmdir()
        return not any(folder.exists() for folder in self._folders.values())


def group_name(version: int) -> str:
    """A name for a group of this supervisor, by which others see whether it is still needed."""
    return f"{_PREFIX}{os.getpid()}-{version}-{time.monotonic_ns()}"


def _remove_abandoned(parent: Path) -> None:
    """Take away what supervisors that were killed have left."""
    for folder in parent.glob(_PREFIX + "*"):
        owner = folder.name.removeprefix(_PREFIX).split("-")[0]
        if owner.isdigit() and not is_running(int(owner)):
            with contextlib.suppress(OSError):
                folder.rmdir()


def _own_groups(unified: bool) -> dict[str, Path]:
    """The control group this process is in, by controller."""
    groups: dict[str, Path] = {}
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return groups
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if unified and not controllers:
            groups = dict.fromkeys(("memory", "cpu"), ROOT / path.lstrip("/"))
        for controller in controllers.split(","):
            if controller in ("memory", "cpu") and not unified:
                groups[controller] = ROOT / controller / path.lstrip("/")
    return groups


def resident_bytes(pids: list[int]) -> int:
    """The memory that these processes and their children hold now, each counted once; what has ended counts nothing."""
    import psutil

    family: set[psutil.Process] = set()
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(pid)
            family |= {process, *process.children(recursive=True)}
    total = 0
    for member in family:
        with contextlib.suppress(psutil.Error):
            total += member.memory_info().rss
    return total
