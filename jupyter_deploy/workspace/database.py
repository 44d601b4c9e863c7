"""The database of a workspace: opened when it is first needed, brought up to date, shared by processes and threads."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from jupyter_deploy.errors import WorkspaceError
from jupyter_deploy.workspace import upgrade
from jupyter_deploy.workspace.journal import suitable_mode
from jupyter_deploy.workspace.locks import acquire

_WAIT_S = 30
_ROOM = 64 * 1024  # bytes that SQLite may want beside the database only to read it


class Database:
    """Transactions on ``records.db``.

    Parameters
    ----------
    path : the file; made when it is first needed.
    lock_path : file of the lock under which it is made and migrated.
    backups : folder for the copies made before a migration.
    """

    def __init__(self, path: Path, lock_path: Path, backups: Path) -> None:
        self._path = path
        self._lock_path = lock_path
        self._backups = backups
        self._engine: sa.Engine | None = None
        self._opening = threading.Lock()

    @property
    def journal_mode(self) -> str:
        """``"wal"`` or ``"delete"``: what SQLite says it uses."""
        with self.reading() as connection:
            return str(connection.exec_driver_sql("PRAGMA journal_mode").scalar_one())

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that sees one state of all records, on a disk that is full or may only be read, too."""
        with _explained(self._path), contextlib.ExitStack() as stack:
            yield self._begin_reading(stack)

    def _begin_reading(self, stack: contextlib.ExitStack) -> sa.Connection:
        with contextlib.ExitStack() as attempt:
            try:
                connection = attempt.enter_context(self._opened().begin())
                connection.exec_driver_sql("SELECT 1 FROM sqlite_master")
            except sa.exc.OperationalError:
                if not _is_out_of_room(self._path):
                    raise
            else:
                stack.push(attempt.pop_all())
                return connection
        return stack.enter_context(_engine(self._path, is_frugal=True).begin())

    @contextlib.contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction that may write; others that want to write wait up to 30 s. An exception undoes all of it."""
        with _explained(self._path), self._opened().execution_options(begin="IMMEDIATE").begin() as connection:
            yield connection

    def _opened(self) -> sa.Engine:
        with self._opening:
            if self._engine is None:
                engine = _engine(self._path)
                self._bring_up_to_date(engine)
                self._engine = engine
            return self._engine

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
                upgrade.migrate(engine, self._path, self._backups)

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
        return sqlite3.connect(address, timeout=_WAIT_S, uri=True, check_same_thread=False)

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
