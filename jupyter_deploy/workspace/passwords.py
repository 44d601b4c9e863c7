"""Where a database's password comes from when the workspace keeps none: what PostgreSQL's own programs look at."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from jupyter_deploy.workspace.addresses import DatabaseAddress

_FIELD = re.compile(r"((?:[^:\\]|\\.)*)(?::|$)")


def find_password(address: DatabaseAddress) -> str | None:
    """The password in ``$PGPASSWORD``, else in ``$PGPASSFILE`` or ``~/.pgpass``; None where neither has one."""
    return os.environ.get("PGPASSWORD") or _from_file(address)


def _from_file(address: DatabaseAddress) -> str | None:
    file = Path(os.environ.get("PGPASSFILE") or Path.home() / ".pgpass")
    try:
        if os.name == "posix" and stat.S_IMODE(file.stat().st_mode) & 0o077:
            return None  # as libpq does: what others can read is no secret
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    host = "localhost" if address.host.startswith("/") else address.host
    wanted = (host, str(address.port), address.database, address.user)
    for line in lines:
        if line.startswith("#"):
            continue
        *fields, password = [re.sub(r"\\(.)", r"\1", item) for item in _FIELD.findall(line)][:5] or [""]
        if len(fields) == len(wanted) and all(item in ("*", is_) for item, is_ in zip(fields, wanted, strict=True)):
            return password
    return None
