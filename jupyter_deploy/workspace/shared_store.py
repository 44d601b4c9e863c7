"""The file store of a team: every content is kept at an address that all share; the folder holds what was used here, as a cache."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from contextvars import ContextVar
from pathlib import Path

from jupyter_deploy.errors import Busy, IntegrityError
from jupyter_deploy.workspace.locks import acquire
from jupyter_deploy.workspace.remote_files import RemoteFiles
from jupyter_deploy.workspace.store import FileStore, Fingerprint, Progress, content_digest, is_content, written

Lock = Callable[[bool], AbstractContextManager[Callable[[], bool] | None]]
"""``Database.files_locked``: called with whether the lock is wanted alone."""
_added: ContextVar[list[tuple[str, int]] | None] = ContextVar("files added", default=None)


class SharedStore(FileStore):
    """Files by content, kept at an address.

    Parameters
    ----------
    root : the folder of the cache. lock_path : file of the lock between processes of this folder.
    remote : where the files are. lock : between all folders over the same records.
    """

    remote: RemoteFiles

    def __init__(self, root: Path, lock_path: Path, remote: RemoteFiles, lock: Lock) -> None:
        super().__init__(root, lock_path)
        self.remote = remote
        self._lock = lock

    @contextlib.contextmanager
    def adding(self) -> Iterator[None]:
        """Keep ``reclaim`` out, on every machine, until what is put here has been recorded."""
        added: list[tuple[str, int]] = []
        # In the same order as in ``reclaim``: the team's lock, then the folder's.
        with self._lock(False) as is_held, super().adding():
            token = _added.set(added)
            try:
                yield
            finally:
                _added.reset(token)
            # The lock goes with its connection. What has been recorded by now is safe from here on; what was removed before is sent again.
            if is_held is None or not is_held():
                for sha256, size in added:
                    self._send(sha256, size, None)

    def put(self, path: Path, progress: Progress | None = None, seen: Fingerprint | None = None) -> tuple[str, int]:
        """Store a file's content: in the cache first, from where it is sent; the first half of the progress is reading."""
        sha256, size = super().put(path, progress and (lambda done, total: progress(done // 2, total)), seen)
        self._send(sha256, size, progress)
        if (added := _added.get()) is not None:
            added.append((sha256, size))
        return sha256, size

    def verify(self, sha256: str, what: str) -> None:
        """Check that a file is in the cache as it was stored; fetch it where it is not."""
        try:
            if is_content(self._path(sha256), sha256):
                return
        except FileNotFoundError:
            pass
        # With the folder's lock, so that what is half fetched is not taken for what a killed process left.
        with super().adding(), self._unfinished() as (target, unfinished):
            try:
                found = content_digest(written(target, self.remote.chunks(sha256)))
            except FileNotFoundError as error:
                raise IntegrityError(
                    f"the stored file of {what} is missing",
                    f"It should be at {self.remote.where(sha256)}.",
                    "Register the model again from its original files: that repairs the stored file.",
                ) from error
            if found != sha256:
                raise IntegrityError(
                    f"the stored file of {what} is not what was registered",
                    f"The content of {self.remote.where(sha256)} does not have the SHA-256 in its name; something changed it.",
                    "Delete that object, then register the model again from its original files.",
                )
            self._keep(target, unfinished, sha256)

    def reclaim(self, needed: Callable[[], Collection[str]]) -> int:
        """Remove every stored file that nothing needs, here and at the address.

        While others add or fetch nothing is removed; the next call does so.

        Returns
        -------
        Bytes freed at the address.
        """
        with contextlib.ExitStack() as stack:
            try:
                is_alone = stack.enter_context(self.alone())
            except Busy:
                return 0
            keep = frozenset(needed())
            for path in self.unneeded(keep):
                path.unlink()
            freed = 0
            for key, size in {**self.remote.unneeded(keep), **self.remote.unfinished()}.items():
                if not is_alone():
                    break  # others may be adding again
                self.remote.remove(key)
                freed += size
        return freed

    @contextlib.contextmanager
    def alone(self) -> Iterator[Callable[[], bool]]:
        """Keep everybody out who adds, on every machine, and who fetches into this folder; waits a few seconds for who adds.

        Raises
        ------
        Busy : they go on.
        """
        with self._lock(True) as is_held:
            # Not waited for: meanwhile nobody could add on any machine.
            lock = acquire(self._lock_path, wait=False, kind="reclaim") if is_held else None
            if is_held is None or lock is None:
                raise Busy(
                    f"files are being added or fetched at {self.remote.address}",
                    "What is added is not recorded yet, so that it cannot be said which files nothing needs.",
                    "Run the same again when that has ended.",
                )
            with lock:
                yield is_held

    def size(self) -> int:
        """Bytes in all stored files at the address."""
        return sum(self.remote.sizes().values())

    def _send(self, sha256: str, size: int, progress: Progress | None) -> None:
        if not self.remote.holds(sha256, size):
            self.remote.send(sha256, self._path(sha256), lambda sent: progress and progress((size + sent) // 2, size))
        if progress:
            progress(size, size)
