"""The records of attached computes: a document under a name."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

import sqlalchemy as sa

from jupyter_deploy.workspace.database import Database
from jupyter_deploy.workspace.dialects import upsert
from jupyter_deploy.workspace.records import ComputeRecord
from jupyter_deploy.workspace.schema import computes


class ComputeRecords:
    """The computes of a workspace.

    Parameters
    ----------
    database : where they are kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, name: str) -> ComputeRecord | None:
        """A compute, or None if there is none of that name."""
        with self._database.reading() as connection:
            row = connection.execute(computes.select().where(computes.c.name == name)).mappings().first()
        return None if row is None else ComputeRecord(**row)

    def list(self) -> builtins.list[ComputeRecord]:
        """All computes, by name."""
        with self._database.reading() as connection:
            return [
                ComputeRecord(**row)
                for row in connection.execute(computes.select().order_by(computes.c.name)).mappings()
            ]

    def put(self, name: str, kind: str, document: Mapping[str, Any]) -> ComputeRecord:
        """Record a compute, or replace what is recorded of it."""
        record = ComputeRecord(name, kind, datetime.now(timezone.utc), dict(document))
        with self._database.writing() as connection:
            changed = {"kind": kind, "document": record.document}
            upsert(connection, computes, vars(record), ["name"], changed)
        return record

    def remove(self, name: str) -> None:
        """Forget a compute; one that is not there is no error."""
        with self._database.writing() as connection:
            connection.execute(sa.delete(computes).where(computes.c.name == name))
