"""Which workspace is meant when nobody names one."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_deploy.errors import ConfigError
from jupyter_deploy.workspace.addresses import DatabaseAddress, is_database_address

_VARIABLE = "JUPYTER_DEPLOY_WORKSPACE"
_FOLDER, _DATABASE, _FILES = "workspace_folder", "workspace_database", "workspace_files"


@dataclass(frozen=True)
class Location:
    """Where a workspace is: a folder, or the address of a team's records, and where files are that are not in the folder."""

    address: Path | str
    files: str | None = None

    def __str__(self) -> str:
        """For people: without a password."""
        text = str(self.address)
        return str(DatabaseAddress.parse(text)[0]) if is_database_address(text) else text


def find_workspace(start: Path) -> Location:
    """Find the workspace that is meant; it need not exist yet.

    ``$JUPYTER_DEPLOY_WORKSPACE`` comes first; then ``.azureml/config.json`` or ``config.json`` with the key
    ``workspace_folder``, or ``workspace_database`` for a team's, in ``start`` and the folders above it, where ``workspace_files`` may
    stand beside either; then the user's data folder.

    Parameters
    ----------
    start : where to begin, usually the current folder.

    Raises
    ------
    ConfigError : a configuration file has the key, but cannot be read.
    """
    named = os.environ.get(_VARIABLE)
    if named:
        return Location(named if is_database_address(named) else Path(named).expanduser().absolute())
    start = start.absolute()
    for folder in (start, *start.parents):
        for file in (folder / ".azureml" / "config.json", folder / "config.json"):
            named_in = _read(file)
            if _DATABASE in named_in:
                return Location(named_in[_DATABASE], named_in.get(_FILES))
            if _FOLDER in named_in:
                return Location(folder / Path(named_in[_FOLDER]).expanduser(), named_in.get(_FILES))
    return Location(data_folder() / "jupyter-deploy" / "workspace")


def _read(file: Path) -> dict[str, str]:
    """Our keys in a configuration file."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return {}
    if not any(
        key in text for key in (_FOLDER, _DATABASE)
    ):  # other programs have files of this name; theirs may hold anything
        return {}
    try:
        content: Any = json.loads(text)
    except ValueError as error:
        raise ConfigError([f"not valid JSON: {error}"], str(file), "Correct it, or remove the file.") from error
    meanings = {_FOLDER: "the path of a folder", _DATABASE: "an address postgresql://…", _FILES: "an address or a path"}
    found = {key: content[key] for key in meanings if key in content} if isinstance(content, dict) else {}
    problems = [
        f"{key} must be {meanings[key]}, not {value!r}"
        for key, value in found.items()
        if not (isinstance(value, str) and value) or (key == _DATABASE and not is_database_address(value))
    ]
    if _FOLDER in found and _DATABASE in found:
        problems.append(f"{_FOLDER} and {_DATABASE} are both there; name one workspace")
    if problems:
        raise ConfigError(problems, str(file))
    return found


def data_folder() -> Path:
    """The user's own folder for data, as this system has it."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
