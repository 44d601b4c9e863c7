"""Files at an address that others share, through fsspec: each under its SHA-256, whole or not there.

Records that share files have a folder of their own at the address, named by their id. So two databases over one store
share no file, and neither can ever remove what the other needs.
"""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from jupyter_deploy.errors import DeployError, WorkspaceError

_FORMAT = 1
_MARKER = "store.json"
_CHUNK = 4 * 1024 * 1024
_AT_ONCE = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "memory"})
"""What shows a file only when all of it has arrived; elsewhere it gets its name when it is whole."""


class RemoteFiles:
    """The files of one set of records at a shared address; nothing is connected before it is needed.

    Parameters
    ----------
    address : ``s3://bucket/prefix``, ``file:///folder`` or what else fsspec knows.
    owner : the id of the records that they belong to.
    options : says what the file system is opened with, credentials among it, when it is opened.
    """

    def __init__(self, address: str, owner: str, options: Callable[[], Mapping[str, Any]] = dict) -> None:
        self.address = address
        self._owner = owner
        self._options = options

    def begin(self) -> None:
        """Make the store, where it is not there yet.

        Raises
        ------
        WorkspaceError : it cannot be reached or written.
        """
        with self._explained():
            self._write(_MARKER, json.dumps({"format": _FORMAT, "records": self._owner}).encode())

    def check(self) -> None:
        """Refuse an address at which the files of these records are not, and a store that a newer release has made.

        Raises
        ------
        WorkspaceError : it is another one, newer, or cannot be reached.
        """
        with self._explained():
            try:
                found = json.loads(self._system.cat_file(self._key(_MARKER)))
            except FileNotFoundError:
                found = None
        if found is None:
            raise WorkspaceError(
                f"the files of these records are not at {self.address}",
                f"There is no {self._owner}/{_MARKER}.",
                "Leave files= out: the database knows where they are; or name the place where the same folder is mounted here.",
            )
        if found["format"] > _FORMAT:
            raise WorkspaceError(
                f"the store {self.address} has format {found['format']}, newer than this release knows:"
                " upgrade with 'pip install --upgrade jupyter-deploy-models'"
            )

    def holds(self, sha256: str, size: int) -> bool:
        """Whether a file is there in full."""
        with self._explained():
            try:
                return bool(self._system.info(self.where(sha256))["size"] == size)
            except FileNotFoundError:
                return False

    def send(self, sha256: str, path: Path, sent: Callable[[int], None]) -> None:
        """Put a file there; who looks sees all of it or nothing.

        Parameters
        ----------
        path : holds the content, and does not change.
        sent : called with the number of bytes sent so far.
        """
        key = self.where(sha256)
        with self._explained():
            if self._is_at_once:
                self._system.put_file(str(path), key, callback=_told(sent))
                return
            unfinished = self._key(f"unfinished/{secrets.token_hex(8)}")
            for parent in (self._parent(unfinished), self._parent(key)):
                self._system.makedirs(parent, exist_ok=True)
            try:
                with path.open("rb") as source, self._system.open(unfinished, "wb") as target:
                    while chunk := source.read(_CHUNK):
                        target.write(chunk)
                        sent(source.tell())
                self._system.mv(unfinished, key)
            except BaseException:
                with contextlib.suppress(FileNotFoundError):
                    self._system.rm_file(unfinished)
                raise

    def chunks(self, sha256: str) -> Iterator[bytes]:
        """The content of a file, piece by piece; FileNotFoundError where there is none."""
        missing: FileNotFoundError | None = None
        with self._explained():
            try:
                with self._system.open(self.where(sha256), "rb", block_size=_CHUNK, cache_type="readahead") as file:
                    while chunk := file.read(_CHUNK):
                        yield chunk
            except FileNotFoundError as error:
                missing = error
        if missing:
            raise missing

    def sizes(self) -> dict[str, int]:
        """Every file that is there, with its bytes."""
        return {_sha256(key): size for key, size in self._found("files").items()}

    def unneeded(self, needed: Collection[str]) -> dict[str, int]:
        """The keys of files that nothing needs, with their bytes; nobody may be adding.

        Parameters
        ----------
        needed : the SHA-256 of all that must stay.
        """
        return {key: size for key, size in self._found("files").items() if _sha256(key) not in needed}

    def unfinished(self) -> dict[str, int]:
        """The keys of what uploads that were killed have left, with their bytes; nobody may be adding."""
        return {} if self._is_at_once else self._found("unfinished")

    def remove(self, key: str) -> None:
        """Take a file away; one that is not there is no error."""
        with self._explained(), contextlib.suppress(FileNotFoundError):
            self._system.rm_file(key)

    def where(self, sha256: str) -> str:
        """The key of a file, as the store's own tools name it."""
        return self._key(f"files/{sha256[:2]}/{sha256}")

    @property
    def url(self) -> str:
        """Below which each file is, as in "ab/abcd…"."""
        return f"{self.address.rstrip('/')}/{self._owner}/files"

    @property
    def _system(self) -> Any:
        return self._opened[0]

    @cached_property
    def _opened(self) -> tuple[Any, str]:
        try:
            from fsspec.core import url_to_fs  # type: ignore[import-untyped]

            # Others write there too, so nothing that was listed once is believed again.
            system, root = url_to_fs(self.address, use_listings_cache=False, **self._options())
        except ImportError as error:
            raise WorkspaceError(
                f"files at {self.address} need a package that is not installed here",
                str(error),
                "Run: pip install 'jupyter-deploy-models[team]'; for others than S3 the package that fsspec names.",
            ) from error
        return system, root

    def _found(self, part: str) -> dict[str, int]:
        with self._explained():
            found = self._system.find(self._key(part), detail=True)
        return {key: int(info["size"]) for key, info in found.items()}

    @property
    def _is_at_once(self) -> bool:
        return self.address.split("://")[0] in _AT_ONCE

    def _key(self, name: str) -> str:
        return f"{self._opened[1]}/{self._owner}/{name}"

    @staticmethod
    def _parent(key: str) -> str:
        return key.rsplit("/", 1)[0]

    def _write(self, name: str, content: bytes) -> None:
        key = self._key(name)
        if not self._is_at_once:
            self._system.makedirs(self._parent(key), exist_ok=True)
        self._system.pipe_file(key, content)

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn what the file system's library raises, which has no common class, into what happened, why and what to do."""
        try:
            yield
        except DeployError:
            raise
        except Exception as error:
            if isinstance(error, PermissionError) or "Credentials" in type(error).__name__:
                what, remedy = "may not be read or written by you", _CREDENTIALS
            elif isinstance(error, FileNotFoundError):
                what, remedy = "are not there", "Make the bucket or folder first, or correct the address."
            else:
                what, remedy = (
                    "cannot be reached",
                    "Look whether the address is right and the store answers; then try again.",
                )
            raise WorkspaceError(
                f"the files at {self.address} {what}", f"{type(error).__name__}: {error}", remedy
            ) from error


_CREDENTIALS = (
    "Give credentials as AWS's own tools take them (AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY), or once as "
    "files_options={'key': …, 'secret': …}, which are kept among the workspace's secrets; they must allow to list, read, write and delete."
)


def _sha256(key: str) -> str:
    return key.rsplit("/", 1)[-1]


def _told(sent: Callable[[int], None]) -> Any:
    from fsspec.callbacks import Callback  # type: ignore[import-untyped]

    return Callback(hooks={"sent": lambda _size, value, **_: sent(value)})
