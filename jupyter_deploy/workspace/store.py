"""The file store: every content once, under its SHA-256, read-only; the user's own files are never linked."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from jupyter_deploy.errors import IntegrityError, UserError
from jupyter_deploy.workspace.locks import acquire, acquire_shared
from jupyter_deploy.workspace.writing import writing

if TYPE_CHECKING:
    from jupyter_deploy.workspace.remote_files import RemoteFiles

Progress = Callable[[int, int], None]
"""Told how many bytes are done, of how many."""

_CHUNK = 4 * 1024 * 1024
_FICLONE = 0x40049409  # Linux: make a file share another file's blocks until one of them is written
_UNFINISHED = ".new-"


class Fingerprint(NamedTuple):
    """What differs between a file and the same file after it was changed or replaced."""

    size: int
    modified_ns: int
    inode: int


def fingerprint(status: os.stat_result) -> Fingerprint:
    """The fingerprint of a file, from what ``stat`` says of it."""
    return Fingerprint(status.st_size, status.st_mtime_ns, status.st_ino)


class FileStore:
    """Files by content.

    Parameters
    ----------
    root : the folder that holds them, as ``ab/abcd…``.
    lock_path : file of the lock between those who add and those who reclaim.

    Attributes
    ----------
    remote : where the files are kept for all who share them; None where they are in the folder alone.
    """

    remote: RemoteFiles | None = None

    def __init__(self, root: Path, lock_path: Path) -> None:
        self.root = root
        self._lock_path = lock_path

    @contextlib.contextmanager
    def adding(self) -> Iterator[None]:
        """Keep ``reclaim`` out, in every process, until what is put here has been recorded.

        Example
        -------
        >>> with store.adding():
        ...     sha256, size = store.put(path)
        ...     records.add(record_naming(sha256))
        """
        with acquire_shared(self._lock_path):
            yield

    def put(self, path: Path, progress: Progress | None = None, seen: Fingerprint | None = None) -> tuple[str, int]:
        """Store a file's content, reading it once; call it inside ``adding()``.

        Parameters
        ----------
        path : a regular file; it is copied (or its blocks are shared), never linked.
        progress : called after every 4 MB.
        seen : what ``fingerprint`` said when the caller looked into the file; it must not have changed since.

        Returns
        -------
        The SHA-256 in hexadecimal, and the size in bytes.

        Raises
        ------
        UserError : the file changed since it was seen, or while it was read.
        """
        with path.open("rb") as source, self._unfinished() as (target, unfinished):
            before = fingerprint(os.fstat(source.fileno()))
            shared = _clone(source, target)
            chunks = _chunks(target if shared else source, before.size, progress)
            sha256 = content_digest(chunks if shared else written(target, chunks))
            size = os.fstat(target.fileno()).st_size
            if {before, seen or before, fingerprint(path.stat())} != {before} or size != before.size:
                raise UserError(
                    f"{path} changed while it was registered",
                    "Nothing was registered.",
                    "Wait until whatever writes it has finished, then register it again.",
                )
            self._keep(target, unfinished, sha256)
        return sha256, size

    def verify(self, sha256: str, what: str) -> None:
        """Check that a stored file is still what was stored.

        Parameters
        ----------
        sha256 : of the content.
        what : how the user knows it ("diabetes:1, model.pkl"), for the message.

        Raises
        ------
        IntegrityError : the file is missing or its content differs.
        """
        path = self._path(sha256)
        try:
            intact = is_content(path, sha256)
        except FileNotFoundError as error:
            raise IntegrityError(
                f"the stored file of {what} is missing", f"It should be at {path}.", _REGISTER_AGAIN
            ) from error
        if not intact:
            raise IntegrityError(
                f"the stored file of {what} is not what was registered",
                f"The content of {path} does not have the SHA-256 in its name; the disk or another program changed it.",
                _REGISTER_AGAIN,
            )

    def place(self, sha256: str, destination: Path, *, what: str, verify: bool = True) -> None:
        """Put a stored file at a path: a hard link where possible, else shared blocks or a copy; always read-only.

        Parameters
        ----------
        sha256 : of the content.
        destination : where it shall be; must not exist, its folder must.
        what : how the user knows it, for the message.
        verify : check the content first; false only where the caller has just done so.

        Raises
        ------
        IntegrityError : the stored file is not what was stored.
        FileExistsError : the destination exists.
        """
        if verify:
            self.verify(sha256, what)
        stored = self._path(sha256)
        try:
            os.link(stored, destination)
        except FileExistsError:
            raise
        except OSError:  # another file system, too many links, or none at all here
            with stored.open("rb") as source, destination.open("xb") as target:
                if not _clone(source, target):
                    shutil.copyfileobj(source, target, _CHUNK)
            destination.chmod(0o400)

    def copy_out(self, sha256: str, destination: Path, *, what: str) -> None:
        """Copy a stored file to a path where its owner may change it; an existing file there is replaced in one step.

        Parameters
        ----------
        sha256 : of the content.
        destination : where it shall be; its folder must exist.
        what : how the user knows it, for the message.

        Raises
        ------
        IntegrityError : the stored file is not what was stored; the destination is as it was.
        """
        self.verify(sha256, what)
        unfinished = destination.with_name(f".{destination.name}.{os.getpid()}.part")
        try:
            with self._path(sha256).open("rb") as source, unfinished.open("xb") as target:
                if not _clone(source, target):
                    shutil.copyfileobj(source, target, _CHUNK)
            unfinished.replace(destination)
        finally:
            unfinished.unlink(missing_ok=True)

    def reclaim(self, needed: Callable[[], Collection[str]]) -> int:
        """Remove every stored file that nothing needs.

        Parameters
        ----------
        needed : returns the SHA-256 of all that must stay; called once nobody can add any more.

        Returns
        -------
        Bytes freed on the disk (a file still linked from elsewhere frees nothing).
        """
        with self.alone():
            return sum(map(_remove, self.unneeded(needed())))

    @contextlib.contextmanager
    def alone(self) -> Iterator[Callable[[], bool]]:
        """Keep everybody out who adds; waits until what is being added has been recorded.

        Yields
        ------
        A function that says whether they still are kept out.
        """
        with acquire(self._lock_path, wait=True, kind="reclaim"):
            yield lambda: True

    def unneeded(self, needed: Collection[str]) -> list[Path]:
        """The files that nothing needs, and those that a process which was killed left unfinished; call it inside ``alone()``."""
        keep = frozenset(needed)
        stored = (path for path in self.root.glob("*/*") if path.name not in keep)
        return [*stored, *self.root.glob(f"{_UNFINISHED}*")]

    def size(self) -> int:
        """Bytes in all stored files."""
        return sum(path.stat().st_size for path in self.root.glob("*/*"))

    def _path(self, sha256: str) -> Path:
        return self.root / sha256[:2] / sha256

    @contextlib.contextmanager
    def _unfinished(self) -> Iterator[tuple[BinaryIO, Path]]:
        """A new file in the store that is gone afterwards unless it was kept."""
        with writing(self.root):
            self.root.mkdir(mode=0o700, exist_ok=True)
            descriptor, name = tempfile.mkstemp(prefix=_UNFINISHED, dir=self.root)
            path = Path(name)
            try:
                with os.fdopen(descriptor, "w+b") as file:
                    yield file, path
            finally:
                path.unlink(missing_ok=True)

    def _keep(self, file: BinaryIO, unfinished: Path, sha256: str) -> None:
        """Give a complete file its final name, unless an intact one is there; a damaged one is replaced."""
        path = self._path(sha256)
        with contextlib.suppress(FileNotFoundError):
            if is_content(path, sha256):
                return
        file.flush()
        os.fsync(file.fileno())
        unfinished.chmod(0o400)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        unfinished.replace(path)
        _sync_folder(path.parent)


_REGISTER_AGAIN = "Register the model again from its original files: that repairs the stored file."


def _clone(source: BinaryIO, target: BinaryIO) -> bool:
    """Let target share source's blocks; False where the file system cannot."""
    try:
        import fcntl

        fcntl.ioctl(target.fileno(), _FICLONE, source.fileno())
    except (ImportError, OSError):
        return False
    return True


def content_digest(chunks: Iterable[bytes]) -> str:
    """The SHA-256 of a content, in hexadecimal."""
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


def written(target: BinaryIO, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same chunks, each after it was written."""
    for chunk in chunks:
        target.write(chunk)
        yield chunk
    target.flush()


def _chunks(file: BinaryIO, size: int, progress: Progress | None) -> Iterator[bytes]:
    done = 0
    while chunk := file.read(_CHUNK):
        yield chunk
        done += len(chunk)
        if progress is not None:
            progress(done, size)


def file_digest(path: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return content_digest(_chunks(file, 0, None))


def is_content(path: Path, sha256: str) -> bool:
    """Whether a file's content has this SHA-256."""
    return file_digest(path) == sha256


def _remove(path: Path) -> int:
    status = path.stat()
    path.unlink()
    return status.st_size if status.st_nlink == 1 else 0


def _sync_folder(folder: Path) -> None:
    """Make a rename in this folder survive a power cut, where folders can be synced."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
