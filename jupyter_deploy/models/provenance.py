"""Where a model comes from: who, with which packages, from which state of which repository."""

from __future__ import annotations

import getpass
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit, urlunsplit

_GIT_TIMEOUT_S = 2
_DISTRIBUTIONS = {"sklearn": "scikit-learn", "PIL": "pillow", "cv2": "opencv-python", "yaml": "pyyaml"}


def user_name() -> str:
    """The user's login name, or "unknown" where the system has none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"


def package_versions(modules: Iterable[str]) -> dict[str, str]:
    """The installed versions of the distributions that some top-level modules come from; others are left out."""
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for distribution in sorted({_DISTRIBUTIONS.get(module, module) for module in modules}):
        for name in (distribution, f"{distribution}-cpu"):  # the same without what a graphics card needs
            try:
                found[name] = version(name)
            except (PackageNotFoundError, ValueError):
                continue
            break
    return found


def source(folder: Path) -> dict[str, Any]:
    """What is known of where the files in a folder were made.

    Returns
    -------
    ``commit``, ``remote`` (without credentials) and ``dirty`` of the git repository around the folder, and the
    ``notebook`` that is running; each only where it is known.
    """
    known: dict[str, Any] = {}
    commit = _git(folder, "rev-parse", "HEAD") if _is_in_repository(folder) else None
    if commit:
        known["commit"] = commit
        known["dirty"] = bool(_git(folder, "status", "--porcelain", "--untracked-files=no"))
        remote = _git(folder, "config", "--get", "remote.origin.url")
        if remote:
            known["remote"] = _without_credentials(remote)
    notebook = os.environ.get("JPY_SESSION_NAME")
    if notebook:
        known["notebook"] = PurePosixPath(notebook).name
    return known


def _is_in_repository(folder: Path) -> bool:
    return any((parent / ".git").exists() for parent in (folder, *folder.parents))


def _git(folder: Path, *arguments: str) -> str | None:
    """What git says, or None where it is missing, slow or unhappy."""
    # A repository can name a program for git to run (fsmonitor); this one is only asked a question.
    command = ["git", "-c", "core.fsmonitor=false", "--no-optional-locks", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_GIT_TIMEOUT_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode(errors="replace").strip()


def _without_credentials(remote: str) -> str:
    if "://" not in remote:
        return remote  # git@host:path, or a folder
    parts = urlsplit(remote)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
