"""What processes of the service use of the machine, as the system tells it; nothing is asked of the processes themselves."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Usage:
    """What one process uses.

    Attributes
    ----------
    cpu_seconds : since its start. resident_bytes : of memory, now.
    """

    cpu_seconds: float
    resident_bytes: int


def usage(pid: int) -> Usage | None:
    """Look at a process; None when it has gone, or where the system has no ``/proc``."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()  # the name before it may hold anything
    ticks = int(fields[11]) + int(fields[12])
    return Usage(ticks / os.sysconf("SC_CLK_TCK"), int(fields[21]) * os.sysconf("SC_PAGE_SIZE"))
