"""Wheels that were built in a call: kept in the workspace's folder by their content, for every version that was sealed with them.

They stay in this folder, also where a team shares the rest: a version is brought up, and brought back, only here.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_deploy.engine.services import list_services
from jupyter_deploy.workspace.folder import WorkspaceFolder
from jupyter_deploy.workspace.store import file_digest, is_content
from jupyter_deploy.workspace.writing import writing

if TYPE_CHECKING:
    from jupyter_deploy.environments import Lock, RequirementLine

UNFINISHED = ".new-"
"""How the name of a folder begins in which a wheel is being built."""


def wheels_folder(folder: WorkspaceFolder) -> Path:
    """Where a workspace keeps wheels: each in a folder that has its SHA-256 for a name."""
    return folder.path / "wheels"


def build_wheels(
    folder: WorkspaceFolder, lines: Iterable[RequirementLine], root: Path, python: Path, say: Callable[[str], None]
) -> dict[str, str]:
    """Build what lines of a requirements file name by folder or archive, and keep the wheels; call it while adding to the store.

    Parameters
    ----------
    root : the folder to which their paths are relative. python : the interpreter the wheels are for.
    say : called with each line of progress.

    Returns
    -------
    The wheels by source, as paths in the folder of wheels.

    Raises
    ------
    ConfigError : there is no such folder or archive. EnvironmentFailed : one cannot be fetched or does not build.
    """
    from jupyter_deploy.environments import build_wheel

    kept: dict[str, str] = {}
    for line in lines:
        if line.is_built and line.source not in kept:
            place = wheels_folder(folder)
            with writing(place):
                place.mkdir(mode=0o700, exist_ok=True)
                with tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=place) as made:
                    kept[line.source] = _keep(place, build_wheel(line, root, python, Path(made), say))
    return kept


def _keep(place: Path, wheel: Path) -> str:
    """Give a wheel its place, in one step; one that is there already stays, unless it was damaged."""
    sha256 = file_digest(wheel)
    final = place / sha256
    if not _is_intact(final / wheel.name, sha256):
        shutil.rmtree(final, ignore_errors=True)
        alone = wheel.parent / "kept"
        alone.mkdir(mode=0o700)
        wheel.chmod(0o400)
        wheel.rename(alone / wheel.name)
        try:
            alone.rename(final)
        except OSError:
            if not _is_intact(final / wheel.name, sha256):  # else another deployment has just built the same
                raise
    return f"{sha256}/{wheel.name}"


def _is_intact(wheel: Path, sha256: str) -> bool:
    try:
        return is_content(wheel, sha256)
    except FileNotFoundError:
        return False


def paths_of(folder: WorkspaceFolder, wheels: Mapping[str, str]) -> dict[str, Path]:
    """Where the wheels of a sealed environment are, by source."""
    return {source: wheels_folder(folder) / place for source, place in wheels.items()}


def needed_wheels(folder: WorkspaceFolder) -> set[str]:
    """The folders of the wheels that services need: an environment that was removed is made again with them."""
    versions = (version for view in list_services(folder) for version in view.needed)
    places = (place for version in versions for place in version.request["environment"].get("wheels", {}).values())
    return {place.partition("/")[0] for place in places}


def with_wheels_here(folder: WorkspaceFolder, lock: Lock) -> Lock:
    """A lock whose wheels are looked for where the workspace is now, as it may have been moved since."""
    return replace(lock, packages=tuple(replace(each, address=_here(folder, each.address)) for each in lock.packages))


def _here(folder: WorkspaceFolder, address: str) -> str:
    *_, place, sha256, name = ("", "", *address.split("/"))
    if not address.startswith("file:") or place != "wheels":
        return address
    return f"{wheels_folder(folder).as_uri()}/{sha256}/{name}"
