"""Records in SQLite: one file in the workspace's folder, for one person's processes."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Hashable, Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, ClassVar

import sqlalchemy as sa

from jupyter_deploy.errors import WorkspaceError
from jupyter_deploy.workspace import upgrade
from jupyter_deploy.workspace.database import WAIT_S, Database
from jupyter_deploy.workspace.journal import suitable_mode
from jupyter_deploy.workspace.locks import acquire
from jupyter_deploy.workspace.store import fingerprint

_ROOM = 64 * 1024  # bytes that SQLite may want beside the database only to read it


class SqliteDatabase(Database):
    """Transactions on ``records.db``.

    Parameters
    ----------
    path : the file; made when it is first needed.
    lock_path : file of the lock under which it is made and migrated.
    backups : folder for the copies made before a migration.
    """

    _writing: ClassVar[Mapping[str, Any]] = {"begin": "IMMEDIATE"}

    def __init__(self, path: Path, lock_path: Path, backups: Path) -> None:
        super().__init__()
        self._path = path
        self._lock_path = lock_path
        self._backups = backups

    @property
    def description(self) -> str:
        """What and where it is, in a few words for people."""
        return f"SQLite, journal mode {self.journal_mode}"

    @property
    def journal_mode(self) -> str:
        """``"wal"`` or ``"delete"``: what SQLite says it uses."""
        with self.reading() as connection:
            return str(connection.exec_driver_sql("PRAGMA journal_mode").scalar_one())

    def mark(self) -> Hashable:
        """What the file system says of the file and of its log, one of which every change touches."""
        found = []
        for path in (self._path, self._path.with_name(f"{self._path.name}-wal")):
            with contextlib.suppress(FileNotFoundError):
                found.append(fingerprint(path.stat()))
        return tuple(each for each in found if each.size)  # readers make empty logs

    def _begin_reading(self, stack: contextlib.ExitStack) -> sa.Connection:
        """Begin it on a disk that is full or may only be read, too."""
        with contextlib.ExitStack() as attempt:
            try:
                connection = super()._begin_reading(attempt)
                connection.exec_driver_sql("SELECT 1 FROM sqlite_master")
            except sa.exc.OperationalError:
                if not _is_out_of_room(self._path):
                    raise
            else:
                stack.push(attempt.pop_all())
                return connection
        return stack.enter_context(_engine(self._path, is_frugal=True).begin())

    def _make_engine(self) -> sa.Engine:
        return _engine(self._path)

    def _explained(self) -> contextlib.AbstractContextManager[None]:
        return _explained(self._path)

    def _bring_up_to_date(self, engine: sa.Engine) -> None:
        wanted = (upgrade.HEAD, suitable_mode(self._path.parent))
        if self._path.exists() and self._found(engine) == wanted:
            return
        with acquire(self._lock_path, wait=True, kind="migrate"):
            self._path.touch(mode=0o600)
            revision, mode = self._found(engine)  # again: somebody else may have done it meanwhile
            if mode != wanted[1]:
                _set_journal_mode(engine, wanted[1])
            if revision != wanted[0]:
                self._migrate(engine)

    def _migrate(self, engine: sa.Engine) -> None:
        """Migrate after a copy of what there is; an empty database is not copied."""
        with engine.execution_options(begin="IMMEDIATE").begin() as connection:
            found = upgrade.revision(connection)
            if found is not None:
                stamp = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
                _copy(self._path, self._backups / f"records-{found}-{stamp}.db")
            upgrade.migrate(connection)

    def _found(self, engine: sa.Engine) -> tuple[str | None, str]:
        """The database's revision and its journal mode."""
        with engine.connect() as connection:
            revision = upgrade.revision(connection)
            mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
        upgrade.check(revision, self._path)
        return revision, mode


def _engine(path: Path, is_frugal: bool = False) -> sa.Engine:
    """The way to connect; a frugal one makes no file beside the database, for which it has it alone meanwhile."""
    # No pool: a connection opens in 0.1 ms, and one that is kept would be carried into forked processes.
    immutable = "&immutable=1" if is_frugal and _may_only_be_read(path) else ""  # nobody can change it
    address = f"{path.as_uri()}?mode={'ro' if immutable else 'rwc'}{immutable}"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(address, timeout=WAIT_S, uri=True, check_same_thread=False)

    engine = sa.create_engine("sqlite://", creator=connect, poolclass=sa.NullPool)

    @sa.event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the driver would begin late, and not at all for a SELECT
        connection.execute("PRAGMA foreign_keys = ON")
        if is_frugal:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('begin', 'DEFERRED')}")

    return engine


def _copy(path: Path, copy: Path) -> None:
    copy.parent.mkdir(mode=0o700, exist_ok=True)
    # SQLite's own copy: a plain one would miss what is still in the write-ahead log.
    with contextlib.closing(sqlite3.connect(path)) as source, contextlib.closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    copy.chmod(0o600)


def _set_journal_mode(engine: sa.Engine, mode: str) -> None:
    connection = engine.raw_connection()  # the mode cannot change inside a transaction
    try:
        connection.cursor().execute(f"PRAGMA journal_mode = {mode}")
    finally:
        connection.close()


def _may_only_be_read(path: Path) -> bool:
    return bool(os.statvfs(path.parent).f_flag & os.ST_RDONLY)


def _is_out_of_room(path: Path) -> bool:
    disk = os.statvfs(path.parent)
    return disk.f_bavail * disk.f_frsize < _ROOM or _may_only_be_read(path)


_CAUSES = (
    ("locked", "another process has been writing to it for too long", "Wait for that process, or end it; then retry."),
    ("full", "the disk is full", "Free some space, then retry."),
    (
        "disk I/O",
        "the disk cannot be read or written",
        "See whether it is full or broken; the workspace's backups folder has copies.",
    ),
    ("readonly", "it cannot be written", "Make the workspace's folder and files writable for you."),
    ("unable to open", "it cannot be opened", "Check that the workspace's folder exists and is writable for you."),
    ("malformed", "it is damaged", "Restore records.db from the workspace's backups folder."),
    ("not a database", "it is damaged", "Restore records.db from the workspace's backups folder."),
)


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what SQLite says into what happened, why and what to do."""
    try:
        yield
    except sa.exc.DatabaseError as error:
        text = str(error.orig)
        if "disk I/O" in text and path.parent.exists() and _is_out_of_room(path):
            text = f"{text}: the disk is full"
        for token, cause, remedy in _CAUSES:
            if token in text:
                raise WorkspaceError(f"the workspace's database {path} failed: {cause}", text, remedy) from error
        raise
