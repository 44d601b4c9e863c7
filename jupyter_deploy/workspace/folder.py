"""A workspace on disk: a folder of the user's own, opened or made, and handed out as records, files and secrets."""

from __future__ import annotations

import contextlib
import json
import os
import secrets as random
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_deploy.errors import Busy, NotFound, WorkspaceError
from jupyter_deploy.workspace.locks import LockedFile, acquire, is_held, read_holder
from jupyter_deploy.workspace.secret_files import Secrets
from jupyter_deploy.workspace.store import FileStore

if TYPE_CHECKING:  # these import sqlalchemy, which opening a workspace must not pay for
    from jupyter_deploy.workspace.compute_records import ComputeRecords
    from jupyter_deploy.workspace.database import Database
    from jupyter_deploy.workspace.environment_records import EnvironmentRecords
    from jupyter_deploy.workspace.model_records import ModelRecords
    from jupyter_deploy.workspace.operation_records import OperationRecords
    from jupyter_deploy.workspace.service_records import ServiceRecords

_FORMAT, _SHARED_FORMAT = 1, 2  # releases that know only the first cannot open what is kept elsewhere, and say so
MARKER = "workspace.json"
"""The file that makes a folder a workspace."""
_LOCKS = "locks"
PASSWORD, FILES_OPTIONS = "database", "files"
"""The names of the secrets that a workspace keeps of its shared addresses."""


@dataclass(frozen=True)
class Shared:
    """Where a workspace keeps what it shares; recorded in ``workspace.json``, without credentials.

    Attributes
    ----------
    files : address of the files. store : id under which they lie there.
    database : address of the records; None where they are in the folder.
    """

    files: str
    store: str
    database: str | None = None

    def to_json(self) -> dict[str, str]:
        """The document that is recorded."""
        return {key: value for key, value in vars(self).items() if value is not None}


class WorkspaceFolder:
    """An open workspace; may be used from several threads and processes at once. Made by ``open_workspace``.

    Attributes
    ----------
    path : absolute.
    id : 8 hexadecimal digits, made once; names what belongs to this workspace on shared engines.
    shared : where records or files are that it shares with others; None where all is in the folder.
    """

    def __init__(self, path: Path, id: str, shared: Shared | None = None) -> None:  # noqa: A002 - what the attribute is called
        self.path = path
        self.id = id
        self.shared = shared

    def __repr__(self) -> str:
        return f"WorkspaceFolder({str(self.path)!r}, id={self.id!r})"

    @cached_property
    def database(self) -> Database:
        """The database behind the records."""
        if self.shared and self.shared.database:
            from jupyter_deploy.workspace.addresses import DatabaseAddress
            from jupyter_deploy.workspace.postgres import PostgresDatabase

            address, _ = DatabaseAddress.parse(self.shared.database)
            return PostgresDatabase(address, lambda: self._secret(PASSWORD))
        from jupyter_deploy.workspace.sqlite import SqliteDatabase

        return SqliteDatabase(self.path / "records.db", self.path / _LOCKS / "database.lock", self.path / "backups")

    @cached_property
    def models(self) -> ModelRecords:
        """The records of models."""
        from jupyter_deploy.workspace.model_records import ModelRecords

        return ModelRecords(self.database)

    @cached_property
    def services(self) -> ServiceRecords:
        """The records of services and their versions."""
        from jupyter_deploy.workspace.service_records import ServiceRecords

        return ServiceRecords(self.database)

    @cached_property
    def operations(self) -> OperationRecords:
        """The records of operations."""
        from jupyter_deploy.workspace.operation_records import OperationRecords

        return OperationRecords(self.database)

    @cached_property
    def environments(self) -> EnvironmentRecords:
        """The records of registered environments."""
        from jupyter_deploy.workspace.environment_records import EnvironmentRecords

        return EnvironmentRecords(self.database)

    @cached_property
    def computes(self) -> ComputeRecords:
        """The records of attached computes."""
        from jupyter_deploy.workspace.compute_records import ComputeRecords

        return ComputeRecords(self.database)

    @cached_property
    def files(self) -> FileStore:
        """The store of model files."""
        root, lock_path = self.path / "files", self.path / _LOCKS / "files.lock"
        if self.shared is None:
            return FileStore(root, lock_path)
        from jupyter_deploy.workspace.remote_files import RemoteFiles
        from jupyter_deploy.workspace.shared_store import SharedStore

        remote = RemoteFiles(self.shared.files, self.shared.store, lambda: self._secret(FILES_OPTIONS) or {})
        return SharedStore(root, lock_path, remote, lambda alone: self.database.files_locked(alone))

    def _secret(self, name: str) -> Any:
        try:
            return self.secrets.get(f"secret:{name}")
        except NotFound:
            return None

    @property
    def secrets(self) -> Secrets:
        """The secrets folder."""
        return Secrets(self.path / "secrets")

    def service_folder(self, name: str) -> Path:
        """Where the bundles, logs and sockets of a service are; not made here."""
        return self.path / "services" / name

    def operation_folder(self, id: str) -> Path:  # noqa: A002 - what the record calls it
        """Where the request and events of an operation are; not made here."""
        return self.path / "operations" / id

    def locked(self, name: str, *, wait: bool, kind: str = "operation") -> LockedFile:
        """Take a named lock, which the kernel frees when the last process that has it dies.

        Parameters
        ----------
        name : what is locked ("service-diabetes").
        wait : wait until it is free.
        kind : what it is taken for ("deploy"); others see it in their message.

        Raises
        ------
        Busy : somebody holds it and ``wait`` is false.
        """
        path = self._lock_path(name)
        lock = acquire(path, wait=wait, kind=kind)
        if lock is None:
            raise Busy(
                f"{name} is in use: {read_holder(path) or 'by a process that just began'}",
                "One operation at a time may change it.",
                "Wait until that one has ended, or cancel it.",
            )
        return lock

    def is_locked(self, name: str, *, elsewhere: bool = False) -> bool:
        """Whether somebody holds a named lock; with ``elsewhere``, somebody else than this process."""
        path = self._lock_path(name)
        holder = read_holder(path) if elsewhere else None
        return is_held(path) and (holder is None or holder.pid != os.getpid())

    def _lock_path(self, name: str) -> Path:
        return self.path / _LOCKS / f"{name}.lock"


def open_workspace(folder: Path) -> WorkspaceFolder:
    """Open a workspace, or make one where the folder is missing, or is empty and the user's.

    Parameters
    ----------
    folder : its path; ``~`` is understood.

    Raises
    ------
    WorkspaceError : it is a file, another user's, writable by others, of a newer format, or holds something else.
    """
    return _open(folder.expanduser().absolute(), None, {})


def open_made(folder: Path) -> WorkspaceFolder:
    """Open the workspace that is in a folder; nothing is made.

    Parameters
    ----------
    folder : an absolute path.

    Raises
    ------
    WorkspaceError : as :func:`open_workspace`. FileNotFoundError : there is no such folder.
    """
    _check_owner(folder)
    _check_mode(folder)
    found = _read(folder / MARKER)
    return WorkspaceFolder(folder, str(found["id"]), _shared(found))


def make_shared(folder: Path, id: str, shared: Shared, secrets: Mapping[str, Any]) -> WorkspaceFolder:  # noqa: A002 - as above
    """Make a workspace that shares records or files, or open the one that is there.

    Parameters
    ----------
    folder : an absolute path. id : of a new one. shared : where it keeps what it shares.
    secrets : what it keeps in its secrets folder, by name.

    Raises
    ------
    WorkspaceError : as :func:`open_workspace`.
    """
    return _open(folder, {"format": _SHARED_FORMAT, "id": id, **shared.to_json()}, secrets)


def is_workspace(folder: Path) -> bool:
    """Whether there is a workspace in a folder already."""
    return (folder / MARKER).exists()


def new_id() -> str:
    """An id for a workspace folder."""
    return random.token_hex(4)


def _open(path: Path, document: Mapping[str, Any] | None, secrets: Mapping[str, Any]) -> WorkspaceFolder:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise WorkspaceError(
            f"{path} is no folder", "A workspace is a folder.", "Name a folder, or a path where none is yet."
        ) from error
    except OSError as error:
        raise WorkspaceError(
            f"the workspace {path} cannot be made: {error.strerror}", "", "Name a folder you may write to."
        ) from error
    if not is_workspace(path):
        _check_owner(path)
        _make(path, document or {"format": _FORMAT, "id": new_id()}, secrets)
    return open_made(path)


def _check_owner(path: Path) -> None:
    if hasattr(os, "geteuid") and path.stat().st_uid != os.geteuid():
        raise WorkspaceError(
            f"the workspace {path} belongs to another user",
            "A workspace holds code that runs as you, so it is opened only by its owner.",
            "Use a workspace of your own; models can be downloaded from one and registered in the other.",
        )


def _check_mode(path: Path) -> None:
    if os.name == "posix" and path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise WorkspaceError(
            f"the workspace {path} can be written by other users",
            "A workspace holds code that runs as you; anybody who can write there can run code as you.",
            f"If you trust what is in it, run: chmod 700 {path}",
        )


def _make(path: Path, document: Mapping[str, Any], secrets: Mapping[str, Any]) -> None:
    lock_path = path / _LOCKS / "workspace.lock"
    is_empty = all(entry.name == _LOCKS for entry in path.iterdir())
    if not is_empty and not lock_path.exists():  # with that lock another process is making it just now
        raise WorkspaceError(
            f"{path} is not a workspace, and not empty",
            f"It has no {MARKER}; a workspace is made only in an empty folder, so that nothing of yours is mixed in.",
            "Name another folder, or a path where none is yet.",
        )
    path.chmod(0o700)
    lock_path.parent.mkdir(mode=0o700, exist_ok=True)
    with acquire(lock_path, wait=True, kind="make workspace"):
        marker = path / MARKER
        if marker.exists():  # another process made it meanwhile
            return
        for name in ("files", "secrets", "services", "operations", "backups"):
            (path / name).mkdir(mode=0o700, exist_ok=True)
        for name, value in secrets.items():
            Secrets(path / "secrets").put(name, value)
        unfinished = path / _LOCKS / MARKER
        unfinished.touch(mode=0o600)
        unfinished.write_text(json.dumps(document) + "\n", encoding="utf-8")
        unfinished.replace(marker)


def _read(marker: Path) -> Mapping[str, Any]:
    content: object = None
    with contextlib.suppress(OSError, ValueError):
        content = json.loads(marker.read_text(encoding="utf-8"))
    if not isinstance(content, dict) or not isinstance(content.get("format"), int) or "id" not in content:
        raise WorkspaceError(
            f"{marker} cannot be read",
            'It should hold {"format": 1, "id": "…"}.',
            "Restore it from a copy, or name another workspace.",
        )
    if content["format"] > _SHARED_FORMAT:
        raise WorkspaceError(
            f"the workspace {marker.parent} has format {content['format']}, newer than this release knows:"
            " upgrade with 'pip install --upgrade jupyter-deploy-models'"
        )
    return content


def _shared(content: Mapping[str, Any]) -> Shared | None:
    if content["format"] < _SHARED_FORMAT:
        return None
    return Shared(str(content["files"]), str(content["store"]), content.get("database"))
