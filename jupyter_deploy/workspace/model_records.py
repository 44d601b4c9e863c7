"""The records of models: versions that only grow, tags that change, properties that are only added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import sqlalchemy as sa

from jupyter_deploy.errors import Conflict, ModelNotFound
from jupyter_deploy.workspace.database import Database
from jupyter_deploy.workspace.dialects import holds_entry, upsert
from jupyter_deploy.workspace.records import ModelOutline, ModelRecord, StoredFile, TagFilter
from jupyter_deploy.workspace.schema import model_counters, model_files, models

_COLUMNS = tuple(field.name for field in fields(ModelRecord) if field.name != "files")
_OUTLINE = tuple(models.c[field.name] for field in fields(ModelOutline) if field.name != "size")
_NEWEST_FIRST = (models.c.created_time.desc(), models.c.name, models.c.version.desc())


class ModelRecords:
    """The models of a workspace.

    Parameters
    ----------
    database : where they are kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, draft: ModelRecord) -> ModelRecord:
        """Record a model under the next version of its name.

        Parameters
        ----------
        draft : the model with version 0; its files are in the file store already.

        Returns
        -------
        The record with the version it was given; no version of a name is ever given twice.
        """
        with self._database.writing() as connection:
            record = replace(draft, version=_next_version(connection, draft.name))
            connection.execute(models.insert().values({column: getattr(record, column) for column in _COLUMNS}))
            if record.files:
                key = {"name": record.name, "version": record.version}
                connection.execute(model_files.insert(), [{**key, **vars(file)} for file in record.files])
        return record

    def get(self, name: str, version: int | None = None) -> ModelRecord | None:
        """One version of a model, the latest for None or 0; None if there is no such."""
        query = models.select().where(models.c.name == name).order_by(models.c.version.desc()).limit(1)
        if version:
            query = query.where(models.c.version == version)
        with self._database.reading() as connection:
            return next(iter(_records(connection, query)), None)

    def list(
        self,
        name: str | None = None,
        *,
        tags: Sequence[TagFilter] = (),
        properties: Sequence[TagFilter] = (),
        run_id: str | None = None,
        framework: str | None = None,
        latest: bool = False,
        limit: int | None = None,
    ) -> tuple[ModelRecord, ...]:
        """The models that fit everything given, newest first.

        Parameters
        ----------
        tags, properties : what each must be: ``"key"`` or ``("key", "value")``.
        latest : of every name only the newest version that fits.
        limit : only so many; None for all.
        """
        query = _fitting(name, tags, properties, run_id, framework, latest=latest)
        with self._database.reading() as connection:
            return _records(connection, query.order_by(*_NEWEST_FIRST).limit(limit))

    def outlines(self, name: str | None = None) -> tuple[ModelOutline, ...]:
        """What lists show of all models, or of the versions of one; newest first."""
        key, total = (model_files.c.name, model_files.c.version), sa.func.sum(model_files.c.size).label("total")
        sizes = sa.select(*key, total).group_by(*key).subquery()
        is_same = sa.and_(sizes.c.name == models.c.name, sizes.c.version == models.c.version)
        size = sa.cast(sa.func.coalesce(sizes.c.total, 0), sa.BigInteger).label("size")
        query = sa.select(*_OUTLINE, size).outerjoin_from(models, sizes, is_same).order_by(*_NEWEST_FIRST)
        if name is not None:
            query = query.where(models.c.name == name)
        with self._database.reading() as connection:
            return tuple(ModelOutline(**row) for row in connection.execute(query).mappings())

    def count(
        self,
        name: str | None = None,
        *,
        tags: Sequence[TagFilter] = (),
        properties: Sequence[TagFilter] = (),
        run_id: str | None = None,
        framework: str | None = None,
        latest: bool = False,
    ) -> int:
        """How many models fit everything given, as :meth:`list` understands it."""
        query = _fitting(name, tags, properties, run_id, framework, latest=latest).with_only_columns(models.c.name)
        with self._database.reading() as connection:
            return int(connection.execute(sa.select(sa.func.count()).select_from(query.subquery())).scalar_one())

    def names(self) -> tuple[str, ...]:
        """The names of all models, in order."""
        query = sa.select(models.c.name).distinct().order_by(models.c.name)
        with self._database.reading() as connection:
            return tuple(connection.execute(query).scalars())

    def change(
        self, name: str, version: int, *, tags: Mapping[str, str] | None = None, description: str | None = None
    ) -> ModelRecord:
        """Replace a model's tags, its description or both; what is None stays.

        Raises
        ------
        ModelNotFound : no such version.
        """
        with self._database.writing() as connection:
            record = _existing(connection, name, version)
            changed = replace(
                record,
                tags=record.tags if tags is None else dict(tags),
                description=record.description if description is None else description,
            )
            connection.execute(
                _one(models.update(), changed).values(tags=changed.tags, description=changed.description)
            )
        return changed

    def add_properties(self, name: str, version: int, properties: Mapping[str, str]) -> ModelRecord:
        """Add properties, all of them or none.

        Raises
        ------
        Conflict : some are there already; a property never changes.
        ModelNotFound : no such version.
        """
        with self._database.writing() as connection:
            record = _existing(connection, name, version)
            taken = sorted(record.properties.keys() & properties.keys())
            if taken:
                raise Conflict(
                    f"{record.id} already has the properties: {', '.join(taken)}",
                    "A property never changes once it is set; none of those given was added.",
                    "Use other keys, or tags, which can change.",
                )
            changed = replace(record, properties={**record.properties, **properties})
            connection.execute(_one(models.update(), changed).values(properties=changed.properties))
        return changed

    def remove(self, name: str, version: int) -> None:
        """Forget one version; its number is never given again.

        Raises
        ------
        ModelNotFound : no such version.
        """
        with self._database.writing() as connection:
            record = _existing(connection, name, version)
            connection.execute(_one(models.delete(), record))

    def stored_files(self) -> frozenset[str]:
        """The SHA-256 of every file that some model has."""
        with self._database.reading() as connection:
            return frozenset(connection.execute(sa.select(model_files.c.sha256).distinct()).scalars())


def _next_version(connection: sa.Connection, name: str) -> int:
    # The row that was written is locked until the end of the transaction, so that nobody else reads the same number.
    first = {"name": name, "last": 1}
    upsert(connection, model_counters, first, ["name"], {"last": model_counters.c.last + 1})
    return int(connection.execute(sa.select(model_counters.c.last).where(model_counters.c.name == name)).scalar_one())


def _existing(connection: sa.Connection, name: str, version: int) -> ModelRecord:
    query = models.select().where(models.c.name == name, models.c.version == version)
    connection.execute(query.with_for_update())  # whoever else wants to change it waits
    for record in _records(connection, query):
        return record
    raise ModelNotFound(f"there is no model {name}:{version}", "", "List the models to see what is there.")


def _one(statement: Any, record: ModelRecord) -> Any:
    return statement.where(models.c.name == record.name, models.c.version == record.version)


def _fitting(
    name: str | None,
    tags: Sequence[TagFilter],
    properties: Sequence[TagFilter],
    run_id: str | None,
    framework: str | None,
    *,
    latest: bool,
) -> sa.Select[Any]:
    equal = ((models.c.name, name), (models.c.run_id, run_id), (models.c.framework, framework))
    conditions = [column == wanted for column, wanted in equal if wanted is not None]
    held = ((models.c.tags, tags), (models.c.properties, properties))
    conditions += [_holds(column, item) for column, filters in held for item in filters]
    query = models.select().where(*conditions)
    if not latest:
        return query
    newest = sa.func.max(models.c.version).label("version")
    each = sa.select(models.c.name, newest).where(*conditions).group_by(models.c.name).subquery()
    return query.join(each, sa.and_(models.c.name == each.c.name, models.c.version == each.c.version))


def _holds(column: sa.ColumnElement[Any], item: TagFilter) -> sa.ColumnElement[bool]:
    return holds_entry(column, item) if isinstance(item, str) else holds_entry(column, *item)


def _records(connection: sa.Connection, query: sa.Select[Any]) -> tuple[ModelRecord, ...]:
    rows = connection.execute(query).mappings().all()
    wanted = query.with_only_columns(models.c.name, models.c.version).subquery()
    on = sa.and_(model_files.c.name == wanted.c.name, model_files.c.version == wanted.c.version)
    files: dict[tuple[str, int], list[StoredFile]] = {}
    for file in connection.execute(sa.select(model_files).join(wanted, on).order_by(model_files.c.path)):
        files.setdefault((file.name, file.version), []).append(StoredFile(file.path, file.sha256, file.size))
    return tuple(ModelRecord(**row, files=tuple(files.get((row["name"], row["version"]), ()))) for row in rows)
