"""A PostgreSQL server and an S3 server of the tests' own; each is started by the first test that asks, and ends with the tests."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from jupyter_deploy.workspace.locks import acquire
from tests.helpers import wait_until
from tests.ports import free_port

PASSWORD = "pass:word/ä"
OPTIONS = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=50")


class Postgres:
    """A running server.

    Attributes
    ----------
    folder : where its data and its socket are. port : on 127.0.0.1.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._programs = programs()
        self._made = 0
        (folder / "password").write_text(PASSWORD)
        if os.geteuid() == 0:  # it refuses to run as root
            shutil.chown(folder, "postgres", "postgres")
        self._run("initdb", "-D", f"{folder}/data", "-U", "owner", "-A", "scram-sha-256", "--no-sync", "-E", "UTF8",
                  "--locale=C.UTF-8", f"--pwfile={folder}/password")  # fmt: skip
        self.port = free_port()
        while not self._start():  # somebody else may have got that port first
            assert "Address already in use" in (folder / "log").read_text(), (folder / "log").read_text()
            self.port = free_port()

    def _start(self) -> bool:
        options = [word for option in OPTIONS for word in ("-c", option)]
        command = [
            *self._as_postgres("postgres"), "-D", f"{self.folder}/data", "-k", str(self.folder), "-h", "127.0.0.1",
            "-p", str(self.port), *options,
        ]  # fmt: skip
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(command, cwd="/", stdout=subprocess.DEVNULL, stderr=log)
        wait_until(lambda: self._process.poll() is not None or self._is_ready())
        return self._process.poll() is None

    def stop(self) -> None:
        """Stop it at once, with every connection."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait()

    def url(self, database: str, user: str = "owner", password: str | None = PASSWORD) -> str:
        secret = "" if password is None else f":{quote(password, safe='')}"
        return f"postgresql://{user}{secret}@127.0.0.1:{self.port}/{database}"

    def sql(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        import pg8000.dbapi

        with contextlib.closing(
            pg8000.dbapi.connect(
                "owner", unix_sock=f"{self.folder}/.s.PGSQL.{self.port}", database=database, password=PASSWORD
            )
        ) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute(statement)
            return [tuple(row) for row in cursor.fetchall()] if cursor.description else []

    def new_database(self) -> str:
        """Make a database; returns its name."""
        self._made += 1
        name = f"test{self._made}"
        self.sql(f"CREATE DATABASE {name}")
        return name

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run([*self._as_postgres(program), *arguments], check=True, stdout=subprocess.DEVNULL, cwd="/")

    def _as_postgres(self, program: str) -> list[str]:
        """The program's command: as another user than root, and ending with this process, however it ends."""
        user = ["--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
        return ["setpriv", *user, "--pdeathsig", "QUIT", str(self._programs / program)]

    def _is_ready(self) -> bool:
        with contextlib.suppress(Exception):
            self.sql("SELECT 1")
            return True
        return False


def programs() -> Path:
    """The folder of the server's programs; installed where it is missing."""
    install("postgresql", lambda: bool(installed()))
    return installed()[-1]


def install(package: str, is_there: Callable[[], bool]) -> None:
    """Install a Debian package where it is missing."""
    with acquire(Path(tempfile.gettempdir(), "jupyter-deploy-tests-apt.lock"), wait=True, kind="install"):
        if is_there():
            return
        apt = shutil.which("apt-get") or "apt-get"
        command = [apt, "install", "-y", "-qq", "--no-install-recommends", package]
        # RUNLEVEL keeps the package from starting a server of its own.
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
        if subprocess.run(command, env=environment, capture_output=True).returncode:
            subprocess.run([apt, "update", "-qq"], check=True, capture_output=True)
            subprocess.run(command, env=environment, check=True, capture_output=True)


def installed() -> list[Path]:
    return sorted(path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The server of this run (with pytest-xdist: of this worker)."""
    if not (os.environ.get("CI") or os.environ.get("LAB")):
        pytest.skip("PostgreSQL is started only under CI or LAB=1")
    folder = Path(tempfile.mkdtemp(prefix="postgres-", dir="/tmp"))  # a short path: its socket's may not be long
    server = Postgres(folder)
    yield server
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres_database(postgres: Postgres) -> str:
    """The name of a database."""
    return postgres.new_database()


@pytest.fixture
def postgres_url(postgres: Postgres, postgres_database: str) -> str:
    """The address, with its password, of a database in which nothing is recorded."""
    tables = postgres.sql(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = to_regnamespace('jupyter_deploy')",
        postgres_database,
    )
    names = [f"jupyter_deploy.{name}" for (name,) in tables if name != "alembic_version"]
    if names:
        postgres.sql(f"TRUNCATE {', '.join(names)}", postgres_database)
    return postgres.url(postgres_database)


class S3:
    """A running S3 server, with the credentials that it takes.

    Parameters
    ----------
    host : where it listens.
    """

    def __init__(self, host: str = "127.0.0.1") -> None:
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
        from werkzeug.serving import make_server

        self._server = make_server(
            host, 0, DomainDispatcherApplication(create_backend_app), threaded=True, request_handler=_silent()
        )
        self.options = {
            "endpoint_url": f"http://{host}:{self._server.port}",
            "key": "test-key",
            "secret": "test-secret",
        }
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def new_bucket(self) -> str:
        """Make a bucket; returns its address."""
        name = f"bucket-{uuid.uuid4().hex[:8]}"  # all servers of a process have the same buckets
        self.system.mkdir(name)
        return f"s3://{name}"

    @property
    def system(self) -> Any:
        """The server's files, as fsspec shows them."""
        import fsspec

        return fsspec.filesystem("s3", use_listings_cache=False, **self.options)


def _silent() -> type:
    from werkzeug.serving import WSGIRequestHandler

    class Silent(WSGIRequestHandler):
        def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - the base class's name
            pass

    return Silent


@pytest.fixture(scope="session")
def s3() -> Iterator[S3]:
    """The S3 server of this run, from PyPI: a thread of this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")  # nothing is to be looked for outside of this machine
        patch.setenv("NO_PROXY", "127.0.0.1")
        patch.delenv("AWS_PROFILE", raising=False)
        server = S3()
        yield server
        server.stop()
