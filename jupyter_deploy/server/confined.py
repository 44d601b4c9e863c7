"""Paths that a browser gives: they lead nowhere outside of the server's root folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jupyter_deploy.errors import UserError

_PATHS = frozenset({"script", "env", "path", "sample", "source_directory"})
"""What a question calls a path; a name of something else, as of a registered environment, is one that stays inside."""


def confined(root: Path, text: str, start: Path | None = None) -> Path:
    """The path that is meant.

    Parameters
    ----------
    root : the server's root folder. text : as the browser gave it. start : where a relative path begins; there, where it is left out.

    Raises
    ------
    UserError : it leads outside, be it by ``..`` or by a symbolic link, or is no path at all.
    """
    try:
        path = (start or root) / Path(text).expanduser()
        is_inside = ".." not in path.parts and path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError, ValueError):
        is_inside = False
    if not is_inside:
        remedy = "put it there, or do the same in a notebook, which may read any file of yours"
        raise UserError(f"'{text}' is outside of the folder that Jupyter shows", f"That folder is {root}.", remedy)
    return path


def refuse_outside(root: Path, folder: Path, given: Mapping[str, Any]) -> None:
    """Refuse a question that names a path outside.

    Parameters
    ----------
    root : the server's root folder. folder : where the question is answered. given : its arguments.

    Raises
    ------
    UserError : as :func:`confined`.
    """
    for path in _paths(given):
        confined(root, path, folder)


def _paths(given: Mapping[str, Any]) -> Iterator[str]:
    for name, value in given.items():
        if isinstance(value, Mapping):
            yield from _paths(value)
        elif name in _PATHS and isinstance(value, str) and value:
            yield value.strip()
