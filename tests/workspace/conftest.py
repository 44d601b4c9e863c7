from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_deploy.workspace.addresses import DatabaseAddress
from jupyter_deploy.workspace.folder import PASSWORD, Shared, WorkspaceFolder, make_shared, open_workspace

over_both = pytest.mark.parametrize("workspace", ["sqlite", "postgresql"], indirect=True)
"""Runs a module's tests with records in a file and with records on a server."""


@pytest.fixture
def workspace(tmp_path: Path, request: pytest.FixtureRequest) -> WorkspaceFolder:
    """A workspace in a folder; with ``over_both`` one whose records are in PostgreSQL too."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return open_workspace(tmp_path / "ws")
    address, password = DatabaseAddress.parse(request.getfixturevalue("postgres_url"))
    shared = Shared(f"file://{tmp_path}/store", "0123456789abcdef", str(address))
    return make_shared(tmp_path / "ws", "01234567", shared, {PASSWORD: password})
