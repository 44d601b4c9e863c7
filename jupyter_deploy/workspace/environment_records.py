"""The records of registered environments: documents under a name, in versions that only grow."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

import sqlalchemy as sa

from jupyter_deploy.errors import NotFound
from jupyter_deploy.workspace.database import Database
from jupyter_deploy.workspace.schema import environments


class EnvironmentRecords:
    """The registered environments of a workspace.

    Parameters
    ----------
    database : where they are kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, name: str, document: Mapping[str, Any]) -> str:
        """Record a document under the next version of a name, unless it is the newest one already.

        Returns
        -------
        The version, "1", "2", …
        """
        with self._database.writing() as connection:
            newest = connection.execute(_versions(name).limit(1)).mappings().first()
            if newest is not None and newest["document"] == dict(document):
                return str(newest["version"])
            version = 1 if newest is None else newest["version"] + 1
            values = {"name": name, "version": version, "document": dict(document)}
            connection.execute(environments.insert().values(**values, created_time=datetime.now(timezone.utc)))
        return str(version)

    def get(self, name: str, version: str | None = None) -> tuple[str, dict[str, Any]]:
        """Return version and document, of the newest where none is named.

        Raises
        ------
        NotFound : there is none.
        """
        query = _versions(name)
        with self._database.reading() as connection:
            found = list(connection.execute(query).mappings())
        for row in found:
            if version in (None, str(row["version"])):
                return str(row["version"]), row["document"]
        there = (
            f"its versions are {', '.join(str(row['version']) for row in reversed(found))}"
            if found
            else _names(self.list())
        )
        raise NotFound(
            f"there is no environment {name if version is None else f'{name}:{version}'}", there, "register it first"
        )

    def list(self) -> dict[str, tuple[str, builtins.dict[str, Any]]]:
        """Return the newest version and its document, by name."""
        query = environments.select().order_by(environments.c.name, environments.c.version)
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings()
            return {row["name"]: (str(row["version"]), row["document"]) for row in rows}


def _versions(name: str) -> sa.Select[Any]:
    return environments.select().where(environments.c.name == name).order_by(environments.c.version.desc())


def _names(found: Mapping[str, object]) -> str:
    return f"registered are {', '.join(found)}" if found else "none is registered in this workspace"
