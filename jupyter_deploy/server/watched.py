"""The workspace of a server's root folder, which others make, change, lock and delete; nothing is made by watching it."""

from __future__ import annotations

import os
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path

from jupyter_deploy.errors import DeployError, WorkspaceError
from jupyter_deploy.workspace.folder import MARKER, WorkspaceFolder, open_made
from jupyter_deploy.workspace.location import find_workspace
from jupyter_deploy.workspace.opening import folder_at
from jupyter_deploy.workspace.store import Fingerprint, fingerprint


@dataclass(frozen=True)
class Found:
    """A workspace at one moment.

    Parameters
    ----------
    address : for people. folder : opened; None where it is not made, or cannot be opened.
    mark : another one as soon as something was recorded in it; None where that cannot be told. problem : what is wrong with it.
    """

    address: str
    folder: WorkspaceFolder | None = None
    mark: Hashable = None
    problem: DeployError | None = None


class Watched:
    """Looks again and again for the workspace that is meant in a folder.

    Parameters
    ----------
    root : the folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folder: WorkspaceFolder | None = None
        self._marker: Fingerprint | None = None
        self._made: set[str] = set()

    def look(self) -> Found:
        """The workspace as it is now."""
        address = str(self._root)
        try:
            location = find_workspace(self._root)
            address, path = str(location), folder_at(location.address)
            marker = fingerprint((path / MARKER).stat())
            self._made.add(address)
            if self._folder is None or (self._folder.path, self._marker) != (path, marker):
                self._folder = None
                self._folder, self._marker = open_made(path), marker
            problem = None if os.access(path, os.W_OK) else _read_only(address)
            return Found(address, self._folder, self._folder.database.mark(), problem)
        except (FileNotFoundError, NotADirectoryError):
            self._folder = None
            return Found(address, problem=_gone(address) if address in self._made else None)
        except OSError as error:
            return Found(address, problem=_unreadable(address, error))
        except DeployError as error:
            return Found(address, self._folder, problem=error)


def open_in(root: Path) -> WorkspaceFolder:
    """Open the workspace that is meant in a folder, to change something.

    Raises
    ------
    DeployError : it cannot be opened, or is not made.
    """
    location = find_workspace(root)
    try:
        return open_made(folder_at(location.address))
    except OSError as error:
        raise _unreadable(str(location), error) from error


def _gone(address: str) -> DeployError:
    return WorkspaceError(
        f"the workspace {address} is gone",
        "It was there a while ago, and was deleted, moved or unmounted since.",
        "Bring it back, or register a model, which makes a new one; either is shown by itself.",
    )


def _read_only(address: str) -> DeployError:
    return WorkspaceError(
        f"the workspace {address} can only be read",
        "Its disk is mounted so, or its folder does not let you write.",
        "What there is is shown; make it writable to change anything.",
    )


def _unreadable(address: str, error: OSError) -> DeployError:
    return WorkspaceError(
        f"the workspace {address} cannot be read: {error.strerror}",
        "",
        "See whether its folder is there and yours.",
    )
