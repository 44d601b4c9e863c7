"""How a process handles memory that it has freed: kept for the next large request, as far as the C library lets one say so."""

from __future__ import annotations

import os

_MIB = 1024 * 1024
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of mallopt(3)


def keep_freed() -> None:
    """Have the GNU C library's allocator keep up to 64 MiB that were freed; elsewhere, or where MALLOC_ variables say how, nothing changes.

    That is what it arrives at by itself after large pieces, unless they come in an order that it does not foresee. Memory that goes back
    to the system after each large request costs a page fault for every 4 kB of the next one, up to a third of its time.
    """
    if any(name.startswith("MALLOC_") for name in os.environ):
        return
    import ctypes

    try:
        set_option = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # another C library
        return
    set_option(_MMAP_THRESHOLD, 32 * _MIB)
    set_option(_TRIM_THRESHOLD, 64 * _MIB)
