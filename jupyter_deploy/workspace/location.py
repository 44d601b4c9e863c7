"""Where the workspace is when nobody names one."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from jupyter_deploy.errors import ConfigError

_VARIABLE = "JUPYTER_DEPLOY_WORKSPACE"
_KEY = "workspace_folder"


def find_workspace(start: Path) -> Path:
    """Find the workspace's folder; it need not exist yet.

    ``$JUPYTER_DEPLOY_WORKSPACE`` comes first; then ``.azureml/config.json`` or ``config.json`` with the key
    ``workspace_folder``, in ``start`` and the folders above it; then the user's data folder.

    Parameters
    ----------
    start : where to begin, usually the current folder.

    Raises
    ------
    ConfigError : a configuration file has the key, but cannot be read.
    """
    named = os.environ.get(_VARIABLE)
    if named:
        return Path(named).expanduser().absolute()
    start = start.absolute()
    for folder in (start, *start.parents):
        for file in (folder / ".azureml" / "config.json", folder / "config.json"):
            named = _workspace_named_in(file)
            if named:
                return folder / Path(named).expanduser()
    return _data_folder() / "jupyter-deploy" / "workspace"


def _workspace_named_in(file: Path) -> str | None:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    if _KEY not in text:  # other programs have files of this name; theirs may hold anything
        return None
    try:
        content = json.loads(text)
    except ValueError as error:
        raise ConfigError([f"not valid JSON: {error}"], str(file), "Correct it, or remove the file.") from error
    named = content.get(_KEY) if isinstance(content, dict) else None
    if named is not None and not (isinstance(named, str) and named):
        raise ConfigError([f"{_KEY} must be the path of a folder, not {named!r}"], str(file))
    return named


def _data_folder() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
