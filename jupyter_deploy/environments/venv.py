"""Makes virtual environments from locks and keeps them: equal locks share one."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import sysconfig
from pathlib import Path

from jupyter_deploy.environments.lock import Lock, normal
from jupyter_deploy.environments.pythons import python_of
from jupyter_deploy.environments.requirements import add_hashes
from jupyter_deploy.environments.uv import Say, run_uv
from jupyter_deploy.errors import EnvironmentFailed
from jupyter_deploy.workspace.locks import acquire
from jupyter_deploy.workspace.store import fingerprint

_COMPLETE = ".complete"
_PACKAGES = "Lib/site-packages" if sys.platform == "win32" else "lib/python*/site-packages"


def virtual_environment(lock: Lock, say: Say) -> Path:
    """Make, or find again, a virtual environment that holds exactly what a lock names.

    Environments are kept under ``$XDG_CACHE_HOME`` (else ``~/.cache``) and may be deleted at any time. One is made in
    the place where it stays, since its scripts name that place, and counts only when its last file is written: what a
    build that was broken off left behind is built again. Two processes never build the same one at once. One that is
    there is found without starting a process.

    Parameters
    ----------
    lock : what to install; hashes are looked up first for a lock that has none.
    say : called with each line of progress.

    Returns
    -------
    The environment's interpreter.

    Raises
    ------
    EnvironmentFailed : no interpreter of the lock's series is here, a package cannot be fetched, or is not the file that was locked.
    """
    folder = folder_of(lock)
    if not _is_whole(folder, lock):
        _build(folder, lock, python_of(lock.python), say)
    return _interpreter(folder)


def _build(folder: Path, lock: Lock, python: Path, say: Say) -> None:
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise EnvironmentFailed(
            f"environments cannot be kept under {folder.parent}",
            str(error),
            "Set XDG_CACHE_HOME to a folder that you can write.",
        ) from error
    with acquire(folder.with_suffix(".lock"), wait=True, kind="build an environment"):
        if _is_whole(folder, lock):  # another process has built it meanwhile
            return
        if folder.exists():
            shutil.rmtree(folder)
        exact = lock if lock.has_hashes else add_hashes(lock, python, say)
        remedy = "Look whether the network is there, or deploy again to make a new lock."
        run_uv(["venv", f"--python={python}", "--no-project", str(folder)], say, remedy=remedy)
        requirements = folder / "requirements.lock"
        requirements.write_text(exact.text(), encoding="utf-8")
        settings = ["--require-hashes", "--only-binary=:all:", "--no-deps", f"--requirements={requirements}"]
        run_uv(["pip", "install", f"--python={_interpreter(folder)}", *settings], say, remedy=remedy)
        (folder / _COMPLETE).write_text(_base_of(folder), encoding="utf-8")


def _is_whole(folder: Path, lock: Lock) -> bool:
    """Whether an environment was built to its end, and its interpreter and packages are still those."""
    try:
        if (folder / _COMPLETE).read_text(encoding="utf-8") != _base_of(folder):
            return False
    except OSError:  # not built, or without the interpreter it was made from
        return False
    records = folder.glob(f"{_PACKAGES}/*.dist-info/RECORD")
    return {package.name for package in lock.packages} <= {normal(path.parent.name.split("-")[0]) for path in records}


def _base_of(folder: Path) -> str:
    """The interpreter that an environment was made from, so that another one in its place is noticed."""
    base = _interpreter(folder).resolve(strict=True)
    return f"{base} {fingerprint(base.stat())}"


def is_complete(folder: Path) -> bool:
    """Whether an environment was built to its end."""
    return (folder / _COMPLETE).exists()


def folder_of(lock: Lock) -> Path:
    """Where the environment for a lock is, or would be."""
    key = hashlib.sha256(f"{lock.digest} {sysconfig.get_platform()}".encode()).hexdigest()
    return cache_folder() / key[:32]


def _interpreter(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def cache_folder() -> Path:
    """Where virtual environments are kept: under ``$XDG_CACHE_HOME``, else ``~/.cache``."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home, "jupyter-deploy", "environments")
