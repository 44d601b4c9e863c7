"""Bringing a database to the present revision; alembic is imported only when there is something to do."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from jupyter_deploy.errors import WorkspaceError

HEAD = "0005"
"""The revision this package works with. Revisions are numbers of four digits, so that a newer one sorts after it."""


def revision(connection: sa.Connection) -> str | None:
    """The revision a database is at; None for an empty one."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    row = connection.exec_driver_sql("SELECT version_num FROM alembic_version").first()
    return None if row is None else str(row[0])


def check(found: str | None, where: object) -> None:
    """Refuse a database that a newer release has written.

    Parameters
    ----------
    found : its revision.
    where : where it is, for the message.

    Raises
    ------
    WorkspaceError : the revision is newer than ``HEAD``.
    """
    if found is not None and found > HEAD:
        raise WorkspaceError(
            f"{where} was written by a newer release (revision {found}, this one knows {HEAD}):"
            " upgrade with 'pip install --upgrade jupyter-deploy-models'"
        )


def migrate(connection: sa.Connection) -> None:
    """Apply what is missing, in the caller's transaction, so that it is all of it or nothing; the caller holds the lock."""
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    command.upgrade(config, HEAD)
