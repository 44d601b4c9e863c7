"""What all connections of a service together may hold: so many connections, so many bytes of bodies."""

from __future__ import annotations

import contextlib
import sys

MOST_BODY_BYTES = 512 * 1024 * 1024
_MOST_DESCRIPTORS = 1 << 20
_INLET_BYTES = 64 * 1024
_KEPT_DESCRIPTORS = 128
"""For what is no connection: files, pipes, and the sockets of workers that are started again."""


class Room:
    """The room that connections share.

    Parameters
    ----------
    most_body_bytes : of bodies that are arriving, waiting or being answered.
    most_connections : that may be open at once.

    Attributes
    ----------
    turned_away : connections for which there was no room, since somebody last looked.
    inlet : where what arrives is received to be read at once; one for all, since one is read after the other.
    """

    def __init__(self, most_body_bytes: int = MOST_BODY_BYTES, most_connections: int = sys.maxsize) -> None:
        self.most_body_bytes = most_body_bytes
        self.most_connections = most_connections
        self.turned_away = 0
        self.inlet = memoryview(bytearray(_INLET_BYTES))
        self._taken = 0

    def take(self, size: int) -> bool:
        """Take room for a part of a body; False where there is none."""
        if self._taken + size > self.most_body_bytes:
            return False
        self._taken += size
        return True

    def give_back(self, size: int) -> None:
        """Give back what was taken."""
        self._taken -= size


def raise_descriptors() -> None:
    """Let this process have as many open files and connections as the system allows it."""
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_DESCRIPTORS if most == resource.RLIM_INFINITY else min(most, _MOST_DESCRIPTORS)
    with contextlib.suppress(ValueError, OSError):  # macOS refuses what is beyond a limit of its own
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def most_connections() -> int:
    """Return how many connections there are descriptors for."""
    import resource

    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(allowed - _KEPT_DESCRIPTORS, allowed // 2)
