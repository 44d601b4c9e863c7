"""Locks that the kernel frees when their last holder dies, so that nothing ever has to be unlocked by hand.

A lock belongs to an open file, not to a process: a child that inherits the descriptor (``pass_fds``) keeps the lock
after its parent has closed its own copy.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType
from typing import Literal, overload

from jupyter_deploy.errors import WorkspaceError
from jupyter_deploy.workspace.writing import writing


@dataclass(frozen=True)
class Holder:
    """Who holds a lock, as written into its file.

    Attributes
    ----------
    pid : process id.
    kind : what it is doing, in a word or two ("deploy").
    started : when it took the lock, ISO text in UTC.
    """

    pid: int
    kind: str
    started: str

    def __str__(self) -> str:
        return f"{self.kind}, process {self.pid}, since {self.started}"


class LockedFile:
    """A lock that is held; closes with ``release()`` or at the end of a ``with`` block.

    Parameters
    ----------
    path : the lock's file.
    descriptor : an open descriptor of it that holds the lock; a child wraps the one it inherited.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor: int | None = descriptor

    def fileno(self) -> int:
        """The descriptor, to be given to a child as ``pass_fds=[lock.fileno()]``."""
        if self._descriptor is None:
            raise ValueError(f"the lock {self.path} was released")
        return self._descriptor

    def sign(self, kind: str) -> None:
        """Write this process and what it is doing into the file, for the message others see.

        Parameters
        ----------
        kind : what is being done, in a word or two.
        """
        started = datetime.now(timezone.utc).isoformat(sep=" ", timespec="seconds")
        text = json.dumps(asdict(Holder(os.getpid(), kind, started))).encode()
        os.ftruncate(self.fileno(), 0)
        os.pwrite(self.fileno(), text, 0)

    def release(self) -> None:
        """Close this copy; the lock is free when no other process has one. Calling it again does nothing."""
        # Closing, not LOCK_UN: that would take the lock away from a child that inherited it.
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> LockedFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()


@overload
def acquire(path: Path, *, wait: Literal[True], kind: str) -> LockedFile: ...
@overload
def acquire(path: Path, *, wait: bool, kind: str) -> LockedFile | None: ...
def acquire(path: Path, *, wait: bool, kind: str) -> LockedFile | None:
    """Take a lock for this process alone.

    Parameters
    ----------
    path : the lock's file, made where missing.
    wait : wait until it is free, however long that takes.
    kind : what it is taken for, in a word or two; others see it in their message.

    Returns
    -------
    The lock, or None if somebody holds it and ``wait`` is false.
    """
    descriptor = _open(path)
    if not _flock(descriptor, exclusive=True, wait=wait):
        return None
    lock = LockedFile(path, descriptor)
    try:
        with contextlib.suppress(OSError):  # a full disk: then nobody learns who has it, but it is held
            lock.sign(kind)
    except BaseException:  # interrupted; nobody would ever release it
        lock.release()
        raise
    return lock


def acquire_shared(path: Path) -> LockedFile:
    """Take a lock together with others that share it; waits while one process has it alone."""
    descriptor = _open(path)
    _flock(descriptor, exclusive=False, wait=True)
    return LockedFile(path, descriptor)


def is_held(path: Path) -> bool:
    """Say whether somebody has this lock for themselves; whoever wants to take it in the same moment finds it taken."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    if not _flock(descriptor, exclusive=False, wait=False):
        return True
    os.close(descriptor)
    return False


def read_holder(path: Path) -> Holder | None:
    """Say who took this lock last, or None if that is not readable; whether it is still held is another question."""
    with contextlib.suppress(OSError, ValueError, TypeError):
        return Holder(**json.loads(path.read_text()))
    return None


def _open(path: Path) -> int:
    with writing(path):
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def _flock(descriptor: int, *, exclusive: bool, wait: bool) -> bool:
    """Lock an open file; where that fails the file is closed. Returns whether it is locked."""
    try:
        import fcntl
    except ImportError as error:
        os.close(descriptor)
        raise WorkspaceError(
            "workspaces cannot be locked on this system",
            "File locks need Linux or macOS.",
            "Work under Linux, macOS or WSL.",
        ) from error
    operation = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
    try:
        fcntl.flock(descriptor, operation if wait else operation | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return False
    except BaseException:  # an interrupted wait, a file system without locks
        os.close(descriptor)
        raise
    return True
