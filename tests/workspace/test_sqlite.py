from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from jupyter_deploy.errors import WorkspaceError
from jupyter_deploy.workspace import sqlite as sqlite_module
from jupyter_deploy.workspace import upgrade
from jupyter_deploy.workspace.schema import model_counters, services
from jupyter_deploy.workspace.sqlite import SqliteDatabase


@pytest.fixture
def database(tmp_path: Path) -> SqliteDatabase:
    return SqliteDatabase(tmp_path / "records.db", tmp_path / "database.lock", tmp_path / "backups")


def rows(database: SqliteDatabase) -> list[str]:
    with database.reading() as connection:
        return list(connection.execute(model_counters.select().with_only_columns(model_counters.c.name)).scalars())


def test_it_is_private_and_uses_the_journal_that_suits_the_file_system(
    database: SqliteDatabase, tmp_path: Path
) -> None:
    assert database.journal_mode in ("wal", "delete")
    assert (tmp_path / "records.db").stat().st_mode & 0o777 == 0o600


def test_on_a_network_file_system_there_is_no_write_ahead_log(
    database: SqliteDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_module, "suitable_mode", lambda _folder: "delete")
    assert database.journal_mode == "delete"
    assert not list(tmp_path.glob("records.db-wal"))


def test_a_workspace_that_moved_changes_its_journal(
    database: SqliteDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.writing() as connection:
        connection.execute(model_counters.insert().values(name="a", last=1))
    monkeypatch.setattr(sqlite_module, "suitable_mode", lambda _folder: "delete")
    moved = SqliteDatabase(tmp_path / "records.db", tmp_path / "database.lock", tmp_path / "backups")
    assert moved.journal_mode == "delete"
    assert rows(moved) == ["a"]


def test_a_newer_database_is_refused_in_one_line_with_the_remedy(database: SqliteDatabase, tmp_path: Path) -> None:
    rows(database)
    with contextlib.closing(sqlite3.connect(tmp_path / "records.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    newer = SqliteDatabase(tmp_path / "records.db", tmp_path / "database.lock", tmp_path / "backups")
    with pytest.raises(WorkspaceError, match=r"newer release .*pip install --upgrade") as caught:
        rows(newer)
    assert "\n" not in str(caught.value)


def test_an_older_database_is_copied_before_it_is_migrated(
    database: SqliteDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.writing() as connection:
        connection.execute(model_counters.insert().values(name="kept", last=7))
    with contextlib.closing(sqlite3.connect(tmp_path / "records.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0000'")
    older = SqliteDatabase(tmp_path / "records.db", tmp_path / "database.lock", tmp_path / "backups")
    with pytest.raises(Exception, match="0000"):  # there is no such migration, but the copy comes first
        rows(older)
    (copy,) = (tmp_path / "backups").iterdir()
    assert copy.name.startswith("records-0000-")
    with contextlib.closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT name, last FROM model_counters").fetchall() == [("kept", 7)]


def test_services_from_before_teams_are_kept(
    database: SqliteDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr(upgrade, "HEAD", "0002")
        with database.writing() as connection:
            columns = [column.name for column in services.columns if column.name not in ("home", "host")]
            values = ", ".join("'{}'" for _ in columns)
            connection.exec_driver_sql(f"INSERT INTO services ({', '.join(columns)}) VALUES ({values})")  # noqa: S608
    newer = SqliteDatabase(tmp_path / "records.db", tmp_path / "database.lock", tmp_path / "backups")
    with newer.reading() as connection:
        assert connection.execute(services.select().with_only_columns(services.c.name, services.c.home)).all() == [
            ("{}", None)
        ]
    assert [copy.name[:12] for copy in (tmp_path / "backups").iterdir()] == ["records-0002"]


def test_a_database_that_is_none_is_explained(database: SqliteDatabase, tmp_path: Path) -> None:
    (tmp_path / "records.db").write_bytes(b"this is no database at all, whatever it is called" * 50)
    with pytest.raises(WorkspaceError, match=r"records\.db failed: it is damaged") as caught:
        rows(database)
    assert "backups" in caught.value.remedy


def test_a_lock_held_too_long_is_explained(
    database: SqliteDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_module, "WAIT_S", 0.05)
    rows(database)
    with contextlib.closing(sqlite3.connect(tmp_path / "records.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(WorkspaceError, match="another process has been writing"), database.writing():
            pass
