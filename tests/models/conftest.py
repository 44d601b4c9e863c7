from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_deploy.workspace.folder import WorkspaceFolder, open_workspace


@pytest.fixture
def workspace(tmp_path: Path) -> WorkspaceFolder:
    return open_workspace(tmp_path / "ws")
