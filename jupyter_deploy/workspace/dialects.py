"""What SQLite and PostgreSQL say differently; everything else about the records is written once, for both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""A whole number of 64 bits; SQLite's every whole number is one."""


class _Entries(FunctionElement[Any]):
    """The entries of a JSON object."""

    inherit_cache = True


class _Items(FunctionElement[Any]):
    """The items of a JSON list."""

    inherit_cache = True


@compiles(_Entries, "sqlite")
@compiles(_Items, "sqlite")
def _sqlite_json(element: FunctionElement[Any], compiler: Any, **how: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **how)})"


@compiles(_Entries, "postgresql")
def _postgresql_entries(element: FunctionElement[Any], compiler: Any, **how: Any) -> str:
    return f"json_each_text({compiler.process(element.clauses, **how)})"


@compiles(_Items, "postgresql")
def _postgresql_items(element: FunctionElement[Any], compiler: Any, **how: Any) -> str:
    return f"json_array_elements_text({compiler.process(element.clauses, **how)})"


def holds_entry(column: sa.ColumnElement[Any], key: str, value: str | None = None) -> sa.ColumnElement[bool]:
    """Whether a column with a JSON object of texts has a key and, where one is given, a value under it."""
    entries = _Entries(column).table_valued("key", "value")
    query = sa.select(sa.literal(1)).select_from(entries).where(entries.c.key == key)
    return (query if value is None else query.where(entries.c.value == value)).exists()


def holds_item(column: sa.ColumnElement[Any], item: str) -> sa.ColumnElement[bool]:
    """Whether a column with a JSON list of texts has an item."""
    items = _Items(column).table_valued("value")
    return sa.select(sa.literal(1)).select_from(items).where(items.c.value == item).exists()


def upsert(
    connection: sa.Connection,
    table: sa.Table,
    values: Mapping[str, Any],
    key: Sequence[str],
    changes: Mapping[str, Any],
    where: sa.ColumnElement[bool] | None = None,
) -> bool:
    """Insert a row, or change the one that is there, in one step that two processes can take at once.

    Parameters
    ----------
    values : of a new row. key : the columns of which no two rows share the values.
    changes : of a row that is there; nothing changes where they are empty.
    where : what must hold of the row that is there.

    Returns
    -------
    Whether a row was inserted or changed.
    """
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement: Any = insert(table).values(values)
    if changes:
        statement = statement.on_conflict_do_update(index_elements=list(key), set_=changes, where=where)
    else:
        statement = statement.on_conflict_do_nothing(index_elements=list(key))
    return bool(connection.execute(statement).rowcount)
