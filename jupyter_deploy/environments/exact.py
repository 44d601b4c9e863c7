"""Locks with the hashes of their files, for where packages are installed anew: looked up once, and kept."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from jupyter_deploy.environments.lock import Lock
from jupyter_deploy.environments.pythons import python_of
from jupyter_deploy.environments.requirements import add_hashes
from jupyter_deploy.environments.uv import Say
from jupyter_deploy.environments.venv import cache_folder
from jupyter_deploy.errors import IntegrityError


def exact_lock(lock: Lock, say: Say) -> Lock:
    """Give every package of a lock the hashes of the files that may be installed; who asked is not kept.

    Parameters
    ----------
    lock : with or without hashes. say : called with each line of progress.

    Raises
    ------
    EnvironmentFailed : a package was installed from a folder, or its index has it no longer.
    """
    if lock.has_hashes:
        return lock
    kept = cache_folder().parent / "locks" / f"{lock.digest}.lock"
    with contextlib.suppress(OSError, IntegrityError):
        return Lock.parse(kept.read_text(encoding="utf-8"))
    exact = add_hashes(lock, python_of(lock.python), say)
    with contextlib.suppress(OSError):  # looked up again the next time
        _keep(kept, exact)
    return exact


def _keep(path: Path, lock: Lock) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}")
    unfinished.write_text(lock.text(), encoding="utf-8")
    unfinished.replace(path)
