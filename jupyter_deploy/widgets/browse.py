"""The files below a folder, one folder at a time, for whoever looks for one in a form."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jupyter_deploy.errors import UserError
from jupyter_deploy.sdk.display import human_size

SHOWN = 500
"""Entries of one folder that are listed."""


@dataclass(frozen=True)
class Entry:
    """A file or folder.

    Parameters
    ----------
    name : as it is shown. path : relative to where browsing began; empty where the name is no text, so that it cannot be chosen.
    is_folder : it can be opened. size : of a file, for a person.
    """

    name: str
    path: str
    is_folder: bool
    size: str = ""


@dataclass(frozen=True)
class Listing:
    """What is in a folder.

    Parameters
    ----------
    path : of the folder, relative to where browsing began, with ``/``; empty for that one itself.
    entries : folders, then files, by name; hidden ones are left out. rest : how many more there are.
    """

    path: str
    entries: tuple[Entry, ...]
    rest: int = 0


def listing(root: Path, below: str) -> Listing:
    """List a folder.

    Parameters
    ----------
    root : where browsing began. below : the folder, relative to it.

    Raises
    ------
    UserError : it is not below ``root``, or cannot be read.
    """
    folder = (root / below).resolve()
    if not folder.is_relative_to(root.resolve()):
        raise UserError(f"'{below}' is not below {root}", remedy="type the path of what lies elsewhere")
    try:
        found = sorted(_entries(folder, root), key=lambda entry: (not entry.is_folder, entry.name))
    except OSError as error:
        raise UserError(f"the folder '{below or root}' cannot be read: {error.strerror}") from None
    path = folder.relative_to(root.resolve()).as_posix()
    return Listing("" if path == "." else path, tuple(found[:SHOWN]), max(0, len(found) - SHOWN))


def _entries(folder: Path, root: Path) -> Iterator[Entry]:
    with os.scandir(folder) as found:
        for each in found:
            if each.name.startswith("."):
                continue
            name = os.fsencode(each.name).decode("utf-8", "replace")
            path = (folder / each.name).relative_to(root.resolve()).as_posix() if name == each.name else ""
            if each.is_dir():
                yield Entry(name, path, True)
            elif each.is_file():
                yield Entry(name, path, False, human_size(each.stat().st_size))
