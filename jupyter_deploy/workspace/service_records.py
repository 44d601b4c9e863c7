"""The records of services and of every version that was, or should have been, served under their names."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa

from jupyter_deploy.errors import Elsewhere, NotFound
from jupyter_deploy.workspace.database import Database, parts
from jupyter_deploy.workspace.dialects import holds_item, upsert
from jupyter_deploy.workspace.records import ServiceRecord, VersionRecord
from jupyter_deploy.workspace.schema import services, versions


class ServiceRecords:
    """The services of a workspace.

    Parameters
    ----------
    database : where they are kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, name: str) -> ServiceRecord | None:
        """A service, or None if there is none of that name."""
        with self._database.reading() as connection:
            row = connection.execute(services.select().where(services.c.name == name)).mappings().first()
        return None if row is None else ServiceRecord(**row)

    def list(self) -> tuple[ServiceRecord, ...]:
        """All services, newest first."""
        query = services.select().order_by(services.c.created_time.desc(), services.c.name)
        with self._database.reading() as connection:
            return tuple(ServiceRecord(**row) for row in connection.execute(query).mappings())

    def put(self, record: ServiceRecord) -> None:
        """Record a service, or replace what is recorded of it; its versions stay.

        Raises
        ------
        Elsewhere : a service of that name belongs to another workspace folder over the same records.
        """
        home = services.c.home
        is_ours = None if record.home is None else sa.or_(home.is_(None), home == record.home)
        with self._database.writing() as connection:
            # An upsert: SQLite's REPLACE would delete the row first, and its versions with it.
            if upsert(connection, services, vars(record), ["name"], vars(record), is_ours):
                return
        raise Elsewhere(record.name, (self.get(record.name) or record).where)

    def remove(self, name: str) -> None:
        """Forget a service and its versions; one that is not there is no error."""
        with self._database.writing() as connection:
            connection.execute(services.delete().where(services.c.name == name))

    def add_version(self, draft: VersionRecord) -> VersionRecord:
        """Record a version under the service's next number.

        Parameters
        ----------
        draft : the version with number 0; its service is recorded.

        Returns
        -------
        The record with its number.
        """
        last = sa.select(sa.func.max(versions.c.number)).where(versions.c.service == draft.service)
        with self._database.writing() as connection:
            connection.execute(sa.select(services.c.name).where(services.c.name == draft.service).with_for_update())
            number = (connection.execute(last).scalar_one() or 0) + 1
            record = replace(draft, number=number)
            connection.execute(versions.insert().values(vars(record)))
        return record

    def versions(self, name: str) -> tuple[VersionRecord, ...]:
        """All versions of a service, oldest first."""
        return self.versions_of([name])[name]

    def versions_of(self, names: Sequence[str]) -> dict[str, tuple[VersionRecord, ...]]:
        """All versions of some services, oldest first; by the services' names."""
        found: dict[str, builtins.list[VersionRecord]] = {name: [] for name in names}
        query = versions.select().order_by(versions.c.number)
        with self._database.reading() as connection:
            for part in parts(names):
                for row in connection.execute(query.where(versions.c.service.in_(part))).mappings():
                    found[row["service"]].append(VersionRecord(**row))
        return {name: tuple(each) for name, each in found.items()}

    def models_that_serve(self) -> dict[str, tuple[str, ...]]:
        """The models of each service's current version, by the services' names; those are left out that have none."""
        is_current = sa.and_(services.c.name == versions.c.service, services.c.current == versions.c.number)
        query = sa.select(versions.c.service, versions.c.models).join(services, is_current)
        with self._database.reading() as connection:
            return {service: tuple(models) for service, models in connection.execute(query)}

    def change_version(self, service: str, number: int, **fields: object) -> VersionRecord:
        """Change fields of a version, usually ``served_time`` or ``error``.

        Raises
        ------
        NotFound : no such version.
        """
        where = sa.and_(versions.c.service == service, versions.c.number == number)
        with self._database.writing() as connection:
            connection.execute(versions.update().where(where).values(fields))
            row = connection.execute(versions.select().where(where)).mappings().first()
        if row is None:
            raise NotFound(f"service {service} has no version {number}", "", "Its history lists the versions.")
        return VersionRecord(**row)

    def users_of(self, model_id: str) -> tuple[tuple[str, int], ...]:
        """The versions, as (service, number), that were made with a model.

        Parameters
        ----------
        model_id : ``name:version``.
        """
        uses = holds_item(versions.c.models, model_id)
        query = sa.select(versions.c.service, versions.c.number).where(uses).order_by(*versions.primary_key)
        with self._database.reading() as connection:
            return tuple((service, number) for service, number in connection.execute(query))
