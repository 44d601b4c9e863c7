"""How a process of a service comes to its end with those that it belongs to."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from collections.abc import Sequence


def die_with(fds: Sequence[int]) -> None:
    """End this process's whole group as soon as one of the pipes is closed by the death of who holds its other end."""
    die_with_parent()

    watched = select.poll()  # unlike select it takes descriptors of any number
    for fd in fds:
        watched.register(fd, select.POLLIN)

    def watch() -> None:
        watched.poll()
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, name="life", daemon=True).start()


def die_with_parent() -> None:
    """Have the system end this process with the one that started it, where it can: also while the interpreter lock is held."""
    if sys.platform == "linux":
        import ctypes

        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
