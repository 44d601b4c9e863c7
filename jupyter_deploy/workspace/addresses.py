"""The addresses of a team's records and files, as users type them and as they are recorded: without credentials."""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from jupyter_deploy.errors import UserError

_SSL_MODES = ("disable", "prefer", "require", "verify-full")
_PORT = 5432


def is_database_address(text: str) -> bool:
    """Whether a text is meant as the address of a database and not as a folder's path."""
    return "://" in text


@dataclass(frozen=True)
class DatabaseAddress:
    """Where a PostgreSQL database is, and as whom it is opened.

    Attributes
    ----------
    host : a name or number, or, beginning with ``/``, the folder of a Unix socket.
    options : ``sslmode`` (disable, prefer, require, verify-full; prefer by default) and ``sslrootcert``, as in libpq.
    """

    user: str
    host: str
    port: int
    database: str
    options: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        is_socket = self.host.startswith("/")
        host = "" if is_socket else f"[{self.host}]" if ":" in self.host else self.host
        query = {**self.options, **({"host": self.host} if is_socket else {})}
        tail = f"?{urlencode(sorted(query.items()))}" if query else ""
        return f"postgresql://{quote(self.user, safe='')}@{host}:{self.port}/{quote(self.database, safe='')}{tail}"

    @classmethod
    def parse(cls, text: str) -> tuple[DatabaseAddress, str | None]:
        """Read ``postgresql://user:password@host:port/database``.

        Parameters
        ----------
        text : the address; user and password may be left out.

        Returns
        -------
        The address without the password, and the password, or None where there is none in it.

        Raises
        ------
        UserError : it is none, names no database, or has options that are not known.
        """
        try:
            parts = urlsplit(text)
            port = parts.port or _PORT
        except ValueError:
            raise UserError("the address of the database is none", "Its port is no number.", _EXAMPLE) from None
        if parts.scheme not in ("postgresql", "postgres"):
            raise UserError(
                f"records cannot be kept at {parts.scheme}://…", "They are kept in a folder or in PostgreSQL.", _EXAMPLE
            )
        options = dict(parse_qsl(parts.query))
        host = options.pop("host", None) or parts.hostname or "localhost"
        database = unquote(parts.path.lstrip("/"))
        if not database:
            raise UserError("the address of the database names no database", "", _EXAMPLE)
        _check(options)
        user = unquote(parts.username or "") or os.environ.get("PGUSER") or getpass.getuser()
        return cls(user, host, port, database, options), None if parts.password is None else unquote(parts.password)


_EXAMPLE = "Write postgresql://user@host/database; the port and ?sslmode=verify-full may follow as usual."


def _check(options: Mapping[str, str]) -> None:
    for name, value in options.items():
        if (name == "sslmode" and value in _SSL_MODES) or name == "sslrootcert":
            continue
        raise UserError(
            f"the database's address has an option that is not known: {name if name != 'sslmode' else f'sslmode={value}'}",
            f"Known are host, sslmode ({', '.join(_SSL_MODES)}) and sslrootcert.",
            "Leave it out.",
        )


def files_address(text: str) -> str:
    """Read the address of a file store.

    Parameters
    ----------
    text : ``s3://bucket/prefix`` or another object store that fsspec knows; ``file:///folder`` or a path for a shared disk.

    Returns
    -------
    The address as it is recorded: no ``/`` at its end, paths absolute.

    Raises
    ------
    UserError : it holds credentials, or options.
    """
    if "://" not in text:
        return f"file://{Path(text).expanduser().absolute()}"
    parts = urlsplit(text)
    if "@" in parts.netloc:
        raise UserError(
            "the address of the files holds credentials",
            "It is recorded where others can read it.",
            "Leave them out: AWS's environment variables and profiles are used, and files_options={'key': …, 'secret': …} keeps "
            "them among the workspace's secrets.",
        )
    if parts.query or parts.fragment or not (parts.netloc or parts.path.strip("/")):
        raise UserError(
            f"{text} is no address of files", "", "Write s3://bucket/prefix, or the path of a folder that all share."
        )
    return text.rstrip("/")
