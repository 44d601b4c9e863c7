from __future__ import annotations

import contextlib
import sqlite3
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from jupyter_deploy.errors import WorkspaceError
from jupyter_deploy.workspace import database as database_module
from jupyter_deploy.workspace import migrations, upgrade
from jupyter_deploy.workspace.database import Database
from jupyter_deploy.workspace.schema import metadata, model_counters


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "records.db", tmp_path / "database.lock", tmp_path / "backups")


def rows(database: Database) -> list[str]:
    with database.reading() as connection:
        return list(connection.execute(model_counters.select().with_only_columns(model_counters.c.name)).scalars())


def test_the_migrations_make_the_tables_of_the_schema(database: Database) -> None:
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_head_is_the_newest_migration_there_is() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(str(migrations.__file__)).parent))
    assert ScriptDirectory.from_config(config).get_current_head() == upgrade.HEAD


def test_it_is_private_and_uses_the_journal_that_suits_the_file_system(database: Database, tmp_path: Path) -> None:
    assert database.journal_mode in ("wal", "delete")
    assert (tmp_path / "records.db").stat().st_mode & 0o777 == 0o600


def test_on_a_network_file_system_there_is_no_write_ahead_log(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "suitable_mode", lambda _folder: "delete")
    assert database.journal_mode == "delete"
    assert not list(tmp_path.glob("records.db-wal"))


def test_a_workspace_that_moved_changes_its_journal(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.writing() as connection:
        connection.execute(model_counters.insert().values(name="a", last=1))
    monkeypatch.setattr(database_module, "suitable_mode", lambda _folder: "delete")
    moved = Database(tmp_path / "records.db", tmp_path / "database.lock", tmp_path / "backups")
    assert moved.journal_mode == "delete"
    assert rows(moved) == ["a"]


def test_an_exception_undoes_the_transaction(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.writing() as connection:
        connection.execute(model_counters.insert().values(name="a", last=1))
        raise ZeroDivisionError
    assert rows(database) == []


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


def test_a_newer_database_is_refused_in_one_line_with_the_remedy(database: Database, tmp_path: Path) -> None:
    rows(database)
    with contextlib.closing(sqlite3.connect(tmp_path / "records.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    newer = Database(tmp_path / "records.db", tmp_path / "database.lock", tmp_path / "backups")
    with pytest.raises(WorkspaceError, match=r"newer release .*pip install --upgrade") as caught:
        rows(newer)
    assert "\n" not in str(caught.value)


def test_an_older_database_is_copied_before_it_is_migrated(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.writing() as connection:
        connection.execute(model_counters.insert().values(name="kept", last=7))
    with contextlib.closing(sqlite3.connect(tmp_path / "records.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0000'")
    older = Database(tmp_path / "records.db", tmp_path / "database.lock", tmp_path / "backups")
    with pytest.raises(Exception, match="0000"):  # there is no such migration, but the copy comes first
        rows(older)
    (copy,) = (tmp_path / "backups").iterdir()
    assert copy.name.startswith("records-0000-")
    with contextlib.closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT name, last FROM model_counters").fetchall() == [("kept", 7)]


def test_a_database_that_is_none_is_explained(database: Database, tmp_path: Path) -> None:
    (tmp_path / "records.db").write_bytes(b"this is no database at all, whatever it is called" * 50)
    with pytest.raises(WorkspaceError, match=r"records\.db failed: it is damaged") as caught:
        rows(database)
    assert "backups" in caught.value.remedy


def test_a_lock_held_too_long_is_explained(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "_WAIT_S", 0.05)
    rows(database)
    with contextlib.closing(sqlite3.connect(tmp_path / "records.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(WorkspaceError, match="another process has been writing"), database.writing():
            pass
