"""Which files make up a model: those of a file or folder as the user sees them, with nothing from outside let in."""

from __future__ import annotations

import difflib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from jupyter_deploy.errors import UserError
from jupyter_deploy.workspace.store import Fingerprint, fingerprint


@dataclass(frozen=True)
class SelectedFile:
    """A file that is to be registered.

    Attributes
    ----------
    path : relative, with ``/``; begins with the basename of what is registered.
    source : where it really is, links followed.
    seen : by which a later change is noticed.
    """

    path: str
    source: Path
    seen: Fingerprint


@dataclass(frozen=True)
class Selection:
    """A file or folder that is to be registered.

    Attributes
    ----------
    path : what the user named, absolute.
    is_folder : it is a folder.
    files : what is in it, sorted by path; at least one.
    """

    path: Path
    is_folder: bool
    files: tuple[SelectedFile, ...]

    @property
    def size(self) -> int:
        """Bytes in all files."""
        return sum(file.seen.size for file in self.files)


def select(path: Path, child_paths: Sequence[str] | None = None) -> Selection:
    """List the files of a model.

    Parameters
    ----------
    path : a file or a folder, anywhere.
    child_paths : of a folder only these files and folders, relative to it.

    Raises
    ------
    UserError : something is missing, empty, special (a socket, a device), or a link that does not stay in the folder.
    """
    path = Path(os.path.normpath(path.expanduser().absolute()))
    if not path.exists():
        raise _missing(path)
    if not path.is_dir():
        if child_paths is not None:
            raise UserError(
                f"child_paths needs a folder, and {path} is a file", "", "Leave child_paths out, or name the folder."
            )
        return Selection(path, False, (_file(path.resolve(), path.name),))
    inside = path.resolve()
    starts = [path] if child_paths is None else [_child(path, child) for child in child_paths]
    found = {file.path: file for start in starts for file in _walk(start, path.parent, inside, ())}
    if not found:
        raise UserError(f"{path} has no files to register", "", "Save the model into it first.")
    return Selection(path, True, tuple(found[name] for name in sorted(found)))


def _missing(path: Path) -> UserError:
    folder = path.parent
    if not folder.is_dir():
        return UserError(f"there is no file or folder {path}", f"The folder {folder} does not exist either.", _CHECK)
    near = difflib.get_close_matches(path.name, [entry.name for entry in folder.iterdir()], n=3)
    why = f"In that folder there is: {', '.join(near)}." if near else ""
    return UserError(f"there is no file or folder {path}", why, _CHECK)


_CHECK = "Check the path; a relative one begins in the current folder."


def _child(folder: Path, child: str) -> Path:
    relative = PurePosixPath(Path(child).as_posix())
    if relative.is_absolute() or ".." in relative.parts:
        raise UserError(
            f"child path {child!r} leads out of {folder}", "", "Give child paths relative to the folder, without '..'."
        )
    if not os.path.lexists(folder / child):
        raise _missing(folder / child)
    return folder / relative


def _walk(entry: Path, base: Path, inside: Path, above: tuple[Path, ...]) -> Iterator[SelectedFile]:
    """The files at and below an entry, each link followed as long as it stays inside."""
    real = _real(entry, inside)
    name = entry.relative_to(base).as_posix()
    if not real.is_dir():
        yield _file(real, name)
        return
    if real in above:
        raise UserError(f"{entry} is a link to a folder that it lies in", "", "Remove the link.")
    for child in sorted(entry.iterdir()):
        yield from _walk(child, base, inside, (*above, real))


def _real(entry: Path, inside: Path) -> Path:
    try:
        real = entry.resolve(strict=True)
    except FileNotFoundError as error:
        raise UserError(
            f"{entry} is a link to nothing", f"It points to {entry.readlink()}.", "Remove or mend the link."
        ) from error
    except (OSError, RuntimeError) as error:  # RuntimeError: before Python 3.13
        raise UserError(f"{entry} is a link that leads back to itself", "", "Remove the link.") from error
    if not real.is_relative_to(inside):
        raise UserError(
            f"{entry} is a link out of the model's folder",
            f"It leads to {real}; only what is in the folder is registered.",
            "Replace the link by a copy of the file.",
        )
    return real


def _file(source: Path, name: str) -> SelectedFile:
    status = source.stat()
    if not stat.S_ISREG(status.st_mode):
        raise UserError(f"{source} is neither a file nor a folder", "", "Remove it from the model's folder.")
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise UserError(f"the name of {name!r} is not valid UTF-8", "", "Rename the file.") from error
    return SelectedFile(name, source, fingerprint(status))
