"""The views that are opened over the workspace of a server's root folder."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jupyter_deploy.sdk.workspace import Workspace
from jupyter_deploy.widgets.openings import Openings
from jupyter_deploy.workspace.location import Location, find_workspace


def openings_of(root: Path) -> Openings:
    """Open views over the workspace that a folder names, whatever the current one is."""

    def find() -> tuple[Workspace, str]:
        workspace = workspace_of(root)
        return workspace, "" if find_workspace(Path.cwd()) == find_workspace(root) else str(workspace.path)

    return Openings(find)


def workspace_of(root: Path) -> Workspace:
    """The workspace that a folder names."""
    return _opened(find_workspace(root))


@cache
def _opened(location: Location) -> Workspace:
    return Workspace(location.address, files=location.files)
