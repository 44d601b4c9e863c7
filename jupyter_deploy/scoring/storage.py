"""Where collected data is kept: a folder, or whatever fsspec knows by a URL."""

from __future__ import annotations

import os
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit


class Storage(Protocol):
    """A place for files.

    Attributes
    ----------
    appends : whether a file can be added to.
    """

    appends: bool

    def append(self, path: str, head: bytes, data: bytes) -> None:
        """Add to a file; a new one begins with the head, and one with another head is left for the next of that name."""
        ...

    def write(self, path: str, data: bytes) -> None:
        """Write a whole file."""
        ...


class Folder:
    """A folder of this machine, made where it is missing; what is kept there is the user's alone."""

    appends = True

    def __init__(self, root: Path) -> None:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(root, os.W_OK):
            raise PermissionError(f"{root} is not writable")
        self._root = root
        self._heads: dict[Path, bytes] = {}

    def append(self, path: str, head: bytes, data: bytes) -> None:
        """Add to a file."""
        first = self._root / path
        first.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for file in (first, *(first.with_stem(f"{first.stem}-{number}") for number in range(2, 100))):
            if self._begins_with(file, head):
                with file.open("ab", buffering=0) as output:  # one call: two processes never mix their lines
                    output.write(data)
                return
        raise OSError(f"{first} has had a hundred different heads today")

    def write(self, path: str, data: bytes) -> None:
        """Write a whole file, which is there only when it is whole."""
        file = self._root / path
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, unfinished = tempfile.mkstemp(prefix=".new-", dir=file.parent)
        with os.fdopen(descriptor, "wb") as output:
            output.write(data)
        Path(unfinished).replace(file)

    def _begins_with(self, file: Path, head: bytes) -> bool:
        if self._heads.get(file) == head and file.exists():
            return True
        try:
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as output:
                output.write(head)
        except FileExistsError:
            with file.open("rb") as there:
                if there.read(len(head)) != head:
                    return False
        self._heads[file] = head
        return True


class Remote:
    """What fsspec reaches: object stores, file servers; a file there is written once."""

    appends = False

    def __init__(self, url: str) -> None:
        self._filesystem, root = import_module("fsspec").core.url_to_fs(url)
        self._root = str(root).rstrip("/")

    def append(self, path: str, head: bytes, data: bytes) -> None:
        """Never asked for."""
        raise NotImplementedError(path)

    def write(self, path: str, data: bytes) -> None:
        """Write a whole file."""
        target = f"{self._root}/{path}"
        self._filesystem.makedirs(target.rpartition("/")[0], exist_ok=True)
        self._filesystem.pipe_file(target, data)


def open_storage(place: str) -> Storage:
    """Open a folder or a URL.

    Raises
    ------
    ValueError : no place is given. Whatever the filesystem raises where it cannot be had.
    """
    if not place:
        raise ValueError("no place is given; set collect_url, or start with --collected FOLDER")
    parts = urlsplit(place)
    if parts.scheme == "file":
        return Folder(Path(unquote(parts.path)))
    return Remote(place) if "://" in place else Folder(Path(place))
