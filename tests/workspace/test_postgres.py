from __future__ import annotations

import gc
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_deploy.errors import WorkspaceError
from jupyter_deploy.workspace import postgres as postgres_module
from jupyter_deploy.workspace.addresses import DatabaseAddress
from jupyter_deploy.workspace.folder import WorkspaceFolder
from jupyter_deploy.workspace.model_records import ModelRecords
from jupyter_deploy.workspace.postgres import PostgresDatabase
from tests.ports import free_port
from tests.servers import PASSWORD, Postgres


def opened(url: str, password: str | None = None) -> PostgresDatabase:
    address, found = DatabaseAddress.parse(url)
    return PostgresDatabase(address, lambda: password or found)


@pytest.fixture
def database(postgres_url: str) -> PostgresDatabase:
    return opened(postgres_url)


@pytest.fixture
def cut(postgres: Postgres) -> Iterator[Callable[[], object]]:
    """Cuts every connection to the server; the driver then leaves sockets to be closed by the garbage collector."""
    yield lambda: postgres.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename = 'owner'"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def test_it_is_described_without_its_password(database: PostgresDatabase) -> None:
    assert "postgresql://owner@127.0.0.1" in database.description
    assert PASSWORD not in f"{database.description} {database!r} {vars(database)}"


def test_processes_that_open_an_empty_database_at_once_all_can(postgres: Postgres) -> None:
    code = (
        "import sys; from jupyter_deploy.workspace.addresses import DatabaseAddress\n"
        "from jupyter_deploy.workspace.postgres import PostgresDatabase\n"
        "address, password = DatabaseAddress.parse(sys.stdin.read())\n"
        "print(PostgresDatabase(address, lambda: password).settle({'store': sys.argv[1]}))"
    )
    name = postgres.new_database()
    processes = [
        subprocess.Popen([sys.executable, "-c", code, who], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for who in ("ada", "bob")
    ]
    outputs = [process.communicate(postgres.url(name))[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert len(set(outputs)) == 1  # both were told the same


def test_a_password_is_found_where_postgresql_s_programs_find_it(
    postgres: Postgres, postgres_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "pgpass"
    file.touch(mode=0o600)
    escaped = PASSWORD.replace(":", r"\:")
    file.write_text(f"127.0.0.1:{postgres.port}:*:owner:{escaped}\n", encoding="utf-8")
    monkeypatch.delenv("PGPASSWORD", raising=False)
    monkeypatch.setenv("PGPASSFILE", str(file))
    with opened(postgres.url(postgres_database, password=None)).reading():
        pass


def test_it_is_reached_through_a_socket(postgres: Postgres, postgres_database: str) -> None:
    url = f"postgresql://owner@:{postgres.port}/{postgres_database}?host={postgres.folder}"
    with opened(url, PASSWORD).reading():
        pass


def test_why_it_cannot_be_used_is_said_with_the_remedy(postgres: Postgres, postgres_database: str) -> None:
    for url, cause, remedy in (
        (postgres.url(postgres_database, password="wrong-marker"), "password is wrong", "~/.pgpass"),
        (postgres.url("nowhere"), "there is no database nowhere", "CREATE DATABASE nowhere"),
        (f"postgresql://a:wrong-marker@127.0.0.1:{free_port()}/x", "cannot be reached", "whether the server runs"),
        (postgres.url(postgres_database) + "?sslmode=require", "cannot be reached", "host and port"),
    ):
        with pytest.raises(WorkspaceError, match=cause) as caught, opened(url).reading():
            pass
        assert remedy in caught.value.remedy
        assert PASSWORD not in str(caught.value)
        assert "wrong-marker" not in str(caught.value)


def test_a_role_without_rights_is_told_what_to_ask_for(postgres: Postgres, postgres_url: str) -> None:
    with opened(postgres_url).reading():
        pass
    postgres.sql("CREATE ROLE guest LOGIN PASSWORD 'guest'")
    name = postgres_url.rsplit("/", 1)[1]
    with pytest.raises(WorkspaceError, match="guest lacks a right") as caught:
        opened(postgres.url(name, "guest", "guest")).about()
    grants = [
        part.strip() for part in caught.value.remedy.split(":", 1)[1].split(";") if part.strip().startswith("GRANT")
    ]
    for grant in grants:
        postgres.sql(grant, name)
    assert opened(postgres.url(name, "guest", "guest")).settle({"store": "x"}) == {"store": "x"}


def test_a_newer_database_is_refused_in_one_line_with_the_remedy(postgres: Postgres) -> None:
    name = postgres.new_database()
    with opened(postgres.url(name)).reading():
        pass
    postgres.sql("UPDATE jupyter_deploy.alembic_version SET version_num = '9999'", name)
    with pytest.raises(WorkspaceError, match=r"newer release .*pip install --upgrade") as caught:
        opened(postgres.url(name)).about()
    assert "\n" not in str(caught.value)


def test_tables_of_others_with_the_same_names_are_left_alone(postgres: Postgres) -> None:
    name = postgres.new_database()
    postgres.sql("CREATE TABLE models (theirs int)", name)
    postgres.sql("CREATE TABLE alembic_version (version_num text)", name)
    postgres.sql("INSERT INTO alembic_version VALUES ('ffff')", name)
    database = opened(postgres.url(name))
    assert ModelRecords(database).list() == ()
    assert postgres.sql("SELECT version_num FROM public.alembic_version", name) == [("ffff",)]


def test_a_reader_sees_one_state_and_cannot_write(database: PostgresDatabase, workspace: WorkspaceFolder) -> None:
    with database.reading() as connection:
        before = connection.exec_driver_sql("SELECT count(*) FROM about").scalar_one()
        database.settle({"store": "x"})
        assert connection.exec_driver_sql("SELECT count(*) FROM about").scalar_one() == before
    with pytest.raises(WorkspaceError, match="only lets it be read"), database.reading() as connection:
        connection.exec_driver_sql("DELETE FROM about")


def test_the_lock_on_files_is_shared_by_those_who_add(
    database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.files_locked(alone=False) as ours, database.files_locked(alone=False) as theirs:
        assert ours and ours() and theirs and theirs()
        with monkeypatch.context() as patched:
            patched.setattr(postgres_module, "_PATIENCE_S", 0.1)
            with database.files_locked(alone=True) as alone:
                assert alone is None
    with database.files_locked(alone=True) as alone:
        assert alone and alone()


def test_whoever_adds_waits_for_the_one_who_removes(database: PostgresDatabase) -> None:
    entered = threading.Event()

    def add() -> None:
        with database.files_locked(alone=False):
            entered.set()

    adding = threading.Thread(target=add)
    with database.files_locked(alone=True):
        adding.start()
        assert not entered.wait(0.3)
    adding.join()
    assert entered.is_set()


def test_a_lock_whose_connection_was_cut_says_so(database: PostgresDatabase, cut: Callable[[], object]) -> None:
    with database.files_locked(alone=False) as is_held:
        assert is_held and is_held()
        cut()
        assert not is_held()


def test_a_connection_that_was_cut_meanwhile_is_made_anew(
    database: PostgresDatabase, cut: Callable[[], object]
) -> None:
    assert database.about() == {}
    cut()
    assert database.about() == {}


def test_without_the_driver_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pg8000", None)
    with pytest.raises(WorkspaceError, match="need the package pg8000") as caught:
        opened("postgresql://a@db.example.org/x").about()
    assert "pip install 'jupyter-deploy-models[team]'" in caught.value.remedy
