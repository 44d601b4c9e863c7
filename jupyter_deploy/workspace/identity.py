"""Which process a record speaks of: a process id alone may have been used again, on this machine or after a restart of it."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

Whereabouts = Literal["alive", "dead", "restarted", "elsewhere"]


@dataclass(frozen=True)
class ProcessIdentity:
    """A process, told apart from every other one.

    Parameters
    ----------
    pid : its number.
    started : when it started, in the units of the system (clock ticks since boot on Linux, seconds elsewhere).
    boot : which start of the machine it belongs to.
    host : the machine's name.
    """

    pid: int
    started: float
    boot: str
    host: str

    @classmethod
    def of(cls, pid: int) -> ProcessIdentity:
        """Describe a living process; ProcessLookupError when there is none."""
        started = _started(pid)
        if started is None:
            raise ProcessLookupError(pid)
        return cls(pid, started, _boot(), socket.gethostname())

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> ProcessIdentity:
        """Read what :meth:`to_json` wrote."""
        return cls(int(document["pid"]), float(document["started"]), str(document["boot"]), str(document["host"]))

    def to_json(self) -> dict[str, Any]:
        """Write it as a plain document."""
        return asdict(self)

    def whereabouts(self) -> Whereabouts:
        """Say whether the process lives, is dead, went with an earlier start of this machine, or belongs to another host."""
        if self.host != socket.gethostname():
            return "elsewhere"
        if self.boot != _boot():
            return "restarted"
        return "alive" if _started(self.pid) == self.started else "dead"


def _boot() -> str:
    if sys.platform == "linux":
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    import psutil

    return str(int(psutil.boot_time()))


def _started(pid: int) -> float | None:
    """When the process started; None when it is gone or a zombie."""
    if sys.platform == "linux":
        try:
            stat = Path(f"/proc/{pid}/stat").read_bytes()
        except OSError:
            return None
        state, *rest = stat[stat.rindex(b")") + 2 :].split()  # the name in brackets may hold anything
        return None if state in (b"Z", b"X") else float(rest[18])
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return None


def is_running(pid: int) -> bool:
    """Say whether a process with this number lives, whichever it is."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return _started(pid) is not None
