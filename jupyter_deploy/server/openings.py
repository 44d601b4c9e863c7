"""The views that are opened over the workspace of a server's root folder."""

from __future__ import annotations

from pathlib import Path

from jupyter_deploy.sdk.workspace import Workspace
from jupyter_deploy.widgets.openings import Openings
from jupyter_deploy.workspace.location import find_workspace


def openings_of(root: Path) -> Openings:
    """Open views over the workspace that a folder names, whatever the current one is."""

    def find() -> tuple[Workspace, str]:
        meant = find_workspace(root)
        workspace = Workspace(meant.address, files=meant.files)
        return workspace, "" if find_workspace(Path.cwd()) == meant else str(workspace.path)

    return Openings(find)
