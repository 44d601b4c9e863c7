"""How much of the disk is freed when files go, and how they go."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from jupyter_deploy.workspace.writing import writing

_BLOCK = 512
"""Bytes in the blocks that ``stat`` counts, on every file system."""


class Removal:
    """Files and folders that are to go together: content that several of them are links to counts once, with the last one.

    Content that is also linked from outside of them frees nothing.
    """

    def __init__(self) -> None:
        self._links: Counter[tuple[int, int]] = Counter()

    def size(self, paths: Iterable[Path]) -> int:
        """Bytes of the disk that are free once these are gone, too."""
        return sum(self._freed(status) for path in paths for status in _statuses(path))

    def _freed(self, status: os.stat_result) -> int:
        content = (status.st_dev, status.st_ino)
        self._links[content] += 1
        return 0 if self._links[content] < status.st_nlink and not _is_folder(status) else status.st_blocks * _BLOCK


def remove(path: Path) -> None:
    """Remove a file or a folder with all that is in it; one that is not there is no error.

    Raises
    ------
    WorkspaceError : the disk, or the folder it is in, may not be written.
    """
    with writing(path):
        try:
            path.unlink() if path.is_symlink() or not path.is_dir() else shutil.rmtree(path)
        except FileNotFoundError:
            return


def _statuses(path: Path) -> Iterator[os.stat_result]:
    if not path.exists() and not path.is_symlink():
        return
    yield path.lstat()
    if path.is_dir() and not path.is_symlink():
        for base, folders, files in os.walk(path):
            for name in (*folders, *files):
                yield Path(base, name).lstat()


def _is_folder(status: os.stat_result) -> bool:
    from stat import S_ISDIR

    return S_ISDIR(status.st_mode)
