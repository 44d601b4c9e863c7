"""Which SQLite journal is safe where a workspace lies: write-ahead logging needs memory shared by all who have it open,
and a network file system cannot give that."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

JournalMode = Literal["wal", "delete"]

_LOCAL = frozenset({"ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "bcachefs", "jfs", "tmpfs", "overlay"})
_MOUNTS = Path("/proc/self/mountinfo")


def suitable_mode(folder: Path, mounts: Path = _MOUNTS) -> JournalMode:
    """Name the journal mode for databases in a folder.

    Parameters
    ----------
    folder : where the database is.
    mounts : the table of mounted file systems; where there is none nothing is known, and the careful mode is taken.

    Returns
    -------
    ``"wal"`` on a file system known to be local, else ``"delete"``.
    """
    return "wal" if filesystem_type(folder, mounts) in _LOCAL else "delete"


def filesystem_type(folder: Path, mounts: Path = _MOUNTS) -> str | None:
    """The type of the file system a folder is on ("ext4", "nfs4"), or None where that cannot be found out."""
    try:
        lines = os.fsdecode(mounts.read_bytes()).splitlines()
    except OSError:
        return None
    folder = folder.resolve()
    found: tuple[int, str | None] = (-1, None)
    for line in lines:
        # 36 35 98:0 /root /mount/point options … - type source superoptions
        before, _, after = line.partition(" - ")
        point = Path(_unescaped(before.split(" ")[4]))
        # of two mounts on one point the later one covers the earlier
        if folder.is_relative_to(point) and len(point.parts) >= found[0]:
            found = (len(point.parts), after.split(" ")[0])
    return found[1]


def _unescaped(text: str) -> str:
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(code, character)
    return text
