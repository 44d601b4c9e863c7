"""Records in PostgreSQL, which a team shares; and the lock between those who add files and those who remove them."""

from __future__ import annotations

import atexit
import contextlib
import functools
import logging
import os
import ssl
import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any, ClassVar

import sqlalchemy as sa

from jupyter_deploy.errors import WorkspaceError
from jupyter_deploy.workspace import upgrade
from jupyter_deploy.workspace.addresses import DatabaseAddress
from jupyter_deploy.workspace.database import WAIT_S, Database
from jupyter_deploy.workspace.dialects import upsert
from jupyter_deploy.workspace.passwords import find_password
from jupyter_deploy.workspace.schema import about

SCHEMA = "jupyter_deploy"
"""Tables have a schema of their own, since a team's database usually has others with such names."""
_LOCKS = 0x6A64  # the first half of the numbers of our advisory locks
_MIGRATING, _FILES = 1, 2
_PATIENCE_S = 5.0


class PostgresDatabase(Database):
    """Transactions on a PostgreSQL server.

    Parameters
    ----------
    address : of the database.
    password : says the password that the workspace keeps, when a connection is made; None looks where PostgreSQL's programs look.
    """

    _reading: ClassVar[Mapping[str, Any]] = {"begin": "ISOLATION LEVEL REPEATABLE READ, READ ONLY"}

    def __init__(self, address: DatabaseAddress, password: Callable[[], str | None] = lambda: None) -> None:
        super().__init__()
        self._address = address
        self._password = password

    @property
    def description(self) -> str:
        """What and where it is, in a few words for people."""
        return f"PostgreSQL, {self._address}"

    def mark(self) -> Hashable:
        """Which transactions have ended that wrote; those of other databases of the server count, too."""
        with self.reading() as connection:
            return str(connection.exec_driver_sql("SELECT txid_current_snapshot()::text").scalar_one())

    @contextlib.contextmanager
    def files_locked(self, alone: bool) -> Iterator[Callable[[], bool] | None]:
        """Hold that lock on the server, which frees it when the connection ends, however it ends.

        It is asked for again and again rather than queued for, so that nobody who wants to add waits behind one who waits to be alone;
        that one waits at most 5 s for the others, since an upload may take an hour.
        """
        with self._explained():
            connection = self._opened().connect().execution_options(isolation_level="AUTOCOMMIT")
            connection.detach()  # closed afterwards, not kept in the pool with its locks
        try:
            with self._explained():
                is_ours = _try_lock(connection, alone)
            yield (lambda: _answers(connection)) if is_ours else None
        finally:
            with contextlib.suppress(sa.exc.SQLAlchemyError, OSError):  # cut already
                connection.close()

    def about(self) -> dict[str, str]:
        """What these records say of themselves: the id ("store") and the address ("files") of their files; empty before the first use."""
        with self.reading() as connection:
            return {row.key: row.value for row in connection.execute(about.select())}

    def settle(self, facts: Mapping[str, str]) -> dict[str, str]:
        """Record such facts, unless somebody has done so before; returns what is recorded."""
        with self.writing() as connection:
            for key, value in facts.items():  # the first row makes whoever comes second wait
                upsert(connection, about, {"key": key, "value": value}, ["key"], {})
        return self.about()

    def _make_engine(self) -> sa.Engine:
        return _engine(self._address, self._password() or find_password(self._address))

    def _bring_up_to_date(self, engine: sa.Engine) -> None:
        with engine.begin() as connection:
            found = upgrade.revision(connection)
            upgrade.check(found, self._address)
            if found == upgrade.HEAD:
                return
        with engine.begin() as connection:
            # No copy first, as SQLite gets: all of it is one transaction, and backups are the server's own affair.
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCKS}, {_MIGRATING})")
            # Asked first, as even IF NOT EXISTS needs the right to make one.
            if not sa.inspect(connection).has_schema(SCHEMA):
                connection.execute(sa.schema.CreateSchema(SCHEMA))
            if upgrade.revision(connection) != upgrade.HEAD:
                upgrade.migrate(connection)

    def _explained(self) -> contextlib.AbstractContextManager[None]:
        return _explained(self._address)


@functools.lru_cache(maxsize=16)
def _engine(address: DatabaseAddress, password: str | None) -> sa.Engine:
    """The engine of this process for an address: a new connection costs 25 ms and more, so that one is kept for all who come."""
    try:
        import pg8000  # type: ignore[import-untyped]  # noqa: F401 - SQLAlchemy imports it by name
    except ImportError as error:
        raise WorkspaceError(
            "records in PostgreSQL need the package pg8000",
            "It is not installed here.",
            "Run: pip install 'jupyter-deploy-models[team]'",
        ) from error
    arguments: dict[str, Any] = {
        "timeout": WAIT_S,
        "ssl_context": _ssl(address),
        "startup_params": {"search_path": SCHEMA},
    }
    if address.host.startswith("/"):
        arguments["unix_sock"] = f"{address.host}/.s.PGSQL.{address.port}"
    engine = sa.create_engine(
        sa.URL.create("postgresql+pg8000", address.user, None, address.host, address.port, address.database),
        connect_args={**arguments, "password": password},
        pool_size=1,
        max_overflow=-1,
    )

    @sa.event.listens_for(engine, "checkout")
    def look(connection: Any, _record: object, _proxy: object) -> None:
        try:  # not by pool_pre_ping, which does not know the driver's errors of the network
            connection.cursor().execute("SELECT 1")
            connection.rollback()
        except Exception as error:
            raise sa.exc.DisconnectionError from error

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        if mode := connection.get_execution_options().get("begin"):
            connection.exec_driver_sql(f"SET TRANSACTION {mode}")

    @sa.event.listens_for(engine, "before_cursor_execute", retval=True)
    def without_nul(_connection: Any, _cursor: Any, text: str, values: Any, *_: Any) -> tuple[str, Any]:
        return text, _without_nul(values)  # a script's error may hold what PostgreSQL's texts cannot

    # Closing a connection that the server has cut is no news: without a handler of somebody's own it is not printed.
    logging.getLogger("sqlalchemy.pool").addHandler(logging.NullHandler())
    atexit.register(engine.dispose)
    if hasattr(os, "register_at_fork"):  # two processes cannot share a connection
        os.register_at_fork(after_in_child=lambda: engine.dispose(close=False))
    return engine


def _without_nul(values: Any) -> Any:
    if isinstance(values, str):
        return values.replace("\0", "\N{REPLACEMENT CHARACTER}")
    if isinstance(values, (list, tuple)):
        return type(values)(map(_without_nul, values))
    return values


def _ssl(address: DatabaseAddress) -> ssl.SSLContext | bool | None:
    """What the driver understands for libpq's sslmode."""
    mode = address.options.get("sslmode", "prefer")
    if mode == "verify-full":
        return ssl.create_default_context(cafile=address.options.get("sslrootcert"))
    return {"disable": False, "prefer": None, "require": True}[mode]


def _try_lock(connection: sa.Connection, alone: bool) -> bool:
    function = "pg_try_advisory_lock" if alone else "pg_try_advisory_lock_shared"
    deadline = time.monotonic() + (_PATIENCE_S if alone else WAIT_S)
    while not connection.exec_driver_sql(f"SELECT {function}({_LOCKS}, {_FILES})").scalar_one():
        if time.monotonic() > deadline:
            if alone:
                return False
            raise WorkspaceError(
                "the team's files are being cleared up",
                f"Others have been removing files for more than {WAIT_S} s.",
                "Run the same again.",
            )
        time.sleep(0.05)
    return True


def _answers(connection: sa.Connection) -> bool:
    """Whether a connection, and with it its locks, is still there."""
    try:
        return bool(connection.exec_driver_sql("SELECT true").scalar_one())
    except (sa.exc.SQLAlchemyError, OSError):
        return False


_GRANTS = (
    f"Whoever made the tables can give it: GRANT USAGE ON SCHEMA {SCHEMA} TO {{0}};"
    f" GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {SCHEMA} TO {{0}};"
    " who uses the database first, or after an upgrade of this package, must be allowed to make them:"
    " GRANT CREATE ON DATABASE {1} TO {0};"
)
_CAUSES = {
    "28P01": (
        "user name or password is wrong",
        "Give the password once in the address (it is kept among the workspace's secrets), or in $PGPASSWORD or ~/.pgpass.",
    ),
    "28000": (
        "the server does not let {0} in",
        "Its pg_hba.conf says who may connect from where; ask whoever runs it.",
    ),
    "3D000": ("there is no database {1}", "Ask whoever runs the server to make it: CREATE DATABASE {1}."),
    "42501": ("{0} lacks a right on it", _GRANTS),
    "3F000": ("{0} lacks a right on it", _GRANTS),  # a schema that one may not use counts as none
    "53100": ("the server's disk is full", "Free some space there, then run the same again."),
    "53300": ("the server has no connection left", "Try again later, or raise its max_connections."),
    "25006": ("the server only lets it be read", "Name the primary server, not a standby."),
    "55P03": ("others have been writing to it for too long", "Try again when they have finished."),
}


@contextlib.contextmanager
def _explained(address: DatabaseAddress) -> Iterator[None]:
    try:
        yield
    except (sa.exc.InterfaceError, OSError) as error:
        orig = error.orig if isinstance(error, sa.exc.InterfaceError) else error
        raise WorkspaceError(
            f"the database {address} cannot be reached",
            str((orig and orig.__cause__) or orig or error),
            "Look whether the server runs, and whether host and port are right. Services that run go on.",
        ) from error
    except sa.exc.DBAPIError as error:
        said = error.orig.args[0] if error.orig and error.orig.args else None
        if not isinstance(said, dict) or not (cause := _cause(str(said.get("C")))):
            raise
        what, remedy = (text.format(address.user, address.database) for text in cause)
        raise WorkspaceError(f"the database {address} failed: {what}", str(said.get("M", "")), remedy) from error


def _cause(code: str) -> tuple[str, str] | None:
    if code.startswith("57P"):
        return "the server is shutting down or starting", "Try it again in a moment. Services that run go on."
    return _CAUSES.get(code)
