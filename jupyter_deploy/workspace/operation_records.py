"""The records of operations, from their start to their end."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from jupyter_deploy.errors import NotFound
from jupyter_deploy.workspace.database import Database, parts
from jupyter_deploy.workspace.records import OperationRecord
from jupyter_deploy.workspace.schema import operations


class OperationRecords:
    """The operations of a workspace.

    Parameters
    ----------
    database : where they are kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, record: OperationRecord) -> None:
        """Record a new operation."""
        with self._database.writing() as connection:
            connection.execute(operations.insert().values(vars(record)))

    def get(self, id: str) -> OperationRecord | None:  # noqa: A002 - what the record calls it
        """An operation, or None if there is none of that id."""
        with self._database.reading() as connection:
            row = connection.execute(operations.select().where(operations.c.id == id)).mappings().first()
        return None if row is None else OperationRecord(**row)

    def remove(self, id: str) -> None:  # noqa: A002 - what the record calls it
        """Forget an operation; one that is not there is no error."""
        with self._database.writing() as connection:
            connection.execute(operations.delete().where(operations.c.id == id))

    def list(
        self, service: str | None = None, *, running: bool | None = None, limit: int | None = None
    ) -> tuple[OperationRecord, ...]:
        """Operations, newest first.

        Parameters
        ----------
        service : only those on this service.
        running : true for those that have not ended, false for those that have.
        limit : at most so many.
        """
        query = operations.select().order_by(operations.c.created_time.desc(), operations.c.id).limit(limit)
        if service is not None:
            query = query.where(operations.c.service == service)
        if running is not None:
            ended = operations.c.ended_time
            query = query.where(ended.is_(None) if running else ended.is_not(None))
        with self._database.reading() as connection:
            return tuple(OperationRecord(**row) for row in connection.execute(query).mappings())

    def newest_of(self, services: Sequence[str]) -> dict[str, OperationRecord]:
        """The newest operation on each of some services, by their names; those without one are left out."""
        last = sa.select(operations.c.service, sa.func.max(operations.c.created_time).label("time"))
        found: dict[str, OperationRecord] = {}
        with self._database.reading() as connection:
            for part in parts(services):
                times = last.where(operations.c.service.in_(part)).group_by(operations.c.service).subquery()
                is_last = sa.and_(operations.c.service == times.c.service, operations.c.created_time == times.c.time)
                query = sa.select(operations).join(times, is_last).order_by(operations.c.id.desc())
                rows = connection.execute(query).mappings()
                found.update((row["service"], OperationRecord(**row)) for row in rows)
        return found

    def change(self, id: str, **fields: object) -> OperationRecord:  # noqa: A002 - what the record calls it
        """Change fields of an operation, usually ``outcome`` and ``ended_time`` at its end.

        Raises
        ------
        NotFound : no such operation.
        """
        with self._database.writing() as connection:
            connection.execute(operations.update().where(operations.c.id == id).values(fields))
            row = connection.execute(operations.select().where(operations.c.id == id)).mappings().first()
        if row is None:
            raise NotFound(f"operation {id} is not recorded", "", "Its service's history lists what is.")
        return OperationRecord(**row)
