from __future__ import annotations

import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from jupyter_deploy.workspace import migrations, upgrade
from jupyter_deploy.workspace.database import Database
from jupyter_deploy.workspace.folder import WorkspaceFolder, open_made
from jupyter_deploy.workspace.schema import metadata, model_counters
from tests.workspace.conftest import over_both


@pytest.fixture
def database(workspace: WorkspaceFolder) -> Database:
    return workspace.database


def rows(database: Database) -> list[str]:
    with database.reading() as connection:
        return list(connection.execute(model_counters.select().with_only_columns(model_counters.c.name)).scalars())


@over_both
def test_the_migrations_make_the_tables_of_the_schema(database: Database) -> None:
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_head_is_the_newest_migration_there_is() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(str(migrations.__file__)).parent))
    assert ScriptDirectory.from_config(config).get_current_head() == upgrade.HEAD


@over_both
def test_an_exception_undoes_the_transaction(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.writing() as connection:
        connection.execute(model_counters.insert().values(name="a", last=1))
        raise ZeroDivisionError
    assert rows(database) == []


@over_both
def test_threads_share_it(database: Database) -> None:
    def write(name: str) -> None:
        with database.writing() as connection:
            connection.execute(model_counters.insert().values(name=name, last=1))

    threads = [threading.Thread(target=write, args=(f"m{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(rows(database)) == [f"m{number}" for number in range(8)]


@over_both
def test_the_mark_is_another_one_after_each_change_and_the_same_while_there_is_none(
    database: Database, workspace: WorkspaceFolder
) -> None:
    other = open_made(workspace.path).database  # as another process has it
    assert rows(other) == []
    marks = [database.mark()]
    for name in ("a", "b"):
        with other.writing() as connection:
            connection.execute(model_counters.insert().values(name=name, last=1))
        marks.append(database.mark())
    assert len(set(marks)) == 3
    assert rows(database) == ["a", "b"]
    assert database.mark() == marks[-1]
