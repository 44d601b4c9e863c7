"""Bringing a database to the present revision; alembic is imported only when there is something to do."""

from __future__ import annotations

import contextlib
import sqlite3
from datetime import datetime, timezone
from pathlib import Path

import sqlalchemy as sa

from jupyter_deploy.errors import WorkspaceError

HEAD = "0002"
"""The revision this package works with. Revisions are numbers of four digits, so that a newer one sorts after it."""


def revision(connection: sa.Connection) -> str | None:
    """The revision a database is at; None for an empty one."""
    known = connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").first()
    if known is None:
        return None
    row = connection.exec_driver_sql("SELECT version_num FROM alembic_version").first()
    return None if row is None else str(row[0])


def check(found: str | None, path: Path) -> None:
    """Refuse a database that a newer release has written.

    Parameters
    ----------
    found : its revision.
    path : where it is, for the message.

    Raises
    ------
    WorkspaceError : the revision is newer than ``HEAD``.
    """
    if found is not None and found > HEAD:
        raise WorkspaceError(
            f"{path} was written by a newer release (revision {found}, this one knows {HEAD}):"
            " upgrade with 'pip install --upgrade jupyter-deploy-models'"
        )


def migrate(engine: sa.Engine, path: Path, backups: Path) -> None:
    """Apply what is missing, all of it or nothing, after a copy; the caller holds the lock.

    Parameters
    ----------
    engine : of the database.
    path : the database's file.
    backups : where the copy goes; an empty database is not copied.
    """
    from alembic import command
    from alembic.config import Config

    with engine.execution_options(begin="IMMEDIATE").begin() as connection:
        found = revision(connection)
        if found is not None:
            stamp = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
            _copy(path, backups / f"records-{found}-{stamp}.db")
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
        command.upgrade(config, HEAD)


def _copy(path: Path, copy: Path) -> None:
    copy.parent.mkdir(mode=0o700, exist_ok=True)
    # SQLite's own copy: a plain one would miss what is still in the write-ahead log.
    with contextlib.closing(sqlite3.connect(path)) as source, contextlib.closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    copy.chmod(0o600)
