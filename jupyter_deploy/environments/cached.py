"""The virtual environments that are kept: which there are, what is in them, and whether one is in use."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from jupyter_deploy.environments.lock import Lock
from jupyter_deploy.environments.venv import cache_folder, folder_of, is_complete
from jupyter_deploy.errors import DeployError
from jupyter_deploy.workspace.locks import acquire


@dataclass(frozen=True)
class CachedEnvironment:
    """A virtual environment that is kept, for all workspaces of the user.

    Parameters
    ----------
    path : its folder. lock : what is in it; None where its building was broken off.
    """

    path: Path
    lock: Lock | None

    @property
    def text(self) -> str:
        """Its name, and what is in it, in one line."""
        if self.lock is None:
            return f"{self.path.name} (not finished)"
        names = [f"{package.name} {package.version}" for package in self.lock.packages]
        return f"{self.path.name} (Python {self.lock.python}: {', '.join(names[:3])}{', …' if len(names) > 3 else ''})"

    def is_for(self, lock: Lock) -> bool:
        """Whether this is the environment for a lock."""
        return self.path == folder_of(lock)


def cached_environments() -> list[CachedEnvironment]:
    """Every virtual environment that is kept, of which no process runs, and which nobody is building."""
    running = _running_programs()
    folders = sorted(path for path in cache_folder().glob("*") if path.is_dir())
    idle = (folder for folder in folders if not _is_among(folder, running) and not _is_being_built(folder))
    return [CachedEnvironment(folder, _lock(folder)) for folder in idle]


def _lock(folder: Path) -> Lock | None:
    try:
        return Lock.parse((folder / "requirements.lock").read_text(encoding="utf-8")) if is_complete(folder) else None
    except (OSError, DeployError):
        return None


def _is_being_built(folder: Path) -> bool:
    if is_complete(folder):
        return False
    lock = acquire(folder.with_suffix(".lock"), wait=False, kind="look at an environment")
    if lock:
        lock.release()
    return lock is None


def _running_programs() -> list[str]:
    import psutil

    processes = psutil.process_iter(["cmdline"])
    return [process.info["cmdline"][0] for process in processes if process.info["cmdline"]]


def _is_among(folder: Path, programs: Iterable[str]) -> bool:
    return any(Path(program).is_relative_to(folder) for program in programs)
