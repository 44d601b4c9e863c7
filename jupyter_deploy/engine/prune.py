"""What nothing uses any more: listed with what freeing it gives back, and freed on request.

A service needs the bundle that serves, or served last, the one that a rollback returns to, and the one that an operation is bringing up.
Environments are shared by all workspaces of a user, which do not know of each other, so they are freed only by name.
Of a team's workspace goes what is in this folder, and of the files that all share those that nobody's records name.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from jupyter_deploy.engine.operations import RESERVE, OperationHandle, is_here, lock_service
from jupyter_deploy.engine.places import PACKING, keys_name
from jupyter_deploy.engine.services import find_service, list_services, needed_scripts
from jupyter_deploy.engine.wheels import UNFINISHED, needed_wheels, wheels_folder
from jupyter_deploy.errors import Busy, Elsewhere, ServiceNotFound, UserError
from jupyter_deploy.workspace.folder import WorkspaceFolder
from jupyter_deploy.workspace.removal import Removal, remove

Kind = Literal["bundle", "file", "wheel", "operation", "leftover", "environment", "image"]
_YOUNG = 60.0
"""Seconds for which what has no record yet is taken for what is just being made."""


@dataclass(frozen=True)
class Unused:
    """Something that nothing uses.

    Parameters
    ----------
    kind : "bundle" of a version that nothing returns to, "file" that no model and no script names, "wheel" that was built for
        a version that nothing returns to, "operation" of a service that is gone,
        "leftover" of a process that was killed, "environment" that no service of this workspace uses,
        "image" on the Docker Engine that no container and no version of this workspace needs.
    what : for a person. paths : what would go. key : what would go at the address of a team's files.
    size : bytes of the disk, or of the store there, that this gives back. is_freed : whether they were.
    """

    kind: Kind
    what: str
    paths: tuple[Path, ...] = ()
    key: str = ""
    size: int = 0
    is_freed: bool = False


def prune(folder: WorkspaceFolder, *, dry_run: bool, environments: Sequence[str] = ()) -> list[Unused]:
    """List what nothing uses and, unless this is a dry run, free it; waits for registrations under way.

    Parameters
    ----------
    environments : names of the environments that are to go too.

    Raises
    ------
    UserError : there is no unused environment of such a name. Busy : others are adding to the files that a team shares.
    """
    removal = Removal()
    with folder.files.alone() as is_alone:
        found = [replace(item, size=item.size + removal.size(item.paths)) for item in _unused(folder)]
        _check_names(found, environments)
        if dry_run:
            return found
        return [replace(item, is_freed=_may_go(item, environments) and _free(folder, item, is_alone)) for item in found]


def _unused(folder: WorkspaceFolder) -> Iterator[Unused]:
    yield from _bundles(folder)
    yield from _files(folder)
    yield from _wheels(folder)
    yield from _operations(folder)
    yield from _without_record(folder)
    yield from _environments(folder)


def _bundles(folder: WorkspaceFolder) -> Iterator[Unused]:
    for view in list_services(folder):
        if view.is_elsewhere:
            continue
        needed = {version.bundle for version in view.needed}
        numbers = {version.bundle: version.number for version in reversed(view.versions)}
        served = {version.bundle for version in view.versions if version.served_time}
        held = (folder.service_folder(view.record.name) / "bundles").glob("*")
        for path in sorted(held, key=lambda path: (numbers.get(path.name, 0), path.name)):
            if path.name not in needed:
                why = "nothing returns to it" if path.name in served else "it never served"
                yield Unused("bundle", f"{view.record.name}, version {numbers.get(path.name, '?')}: {why}", (path,))


def _files(folder: WorkspaceFolder) -> Iterator[Unused]:
    store = folder.files
    needed = folder.models.stored_files() | needed_scripts(folder)
    for path in store.unneeded(needed):
        if path.parent == store.root:
            yield Unused("leftover", f"{path.name}: of a registration that was killed", (path,))
        else:
            yield Unused("file", f"{path.name}: no model and no script that is needed names it", (path,))
    if store.remote:
        for key, size in store.remote.unneeded(needed).items():
            yield Unused("file", f"{key}: no model and no script that is needed names it", key=key, size=size)
        for key, size in store.remote.unfinished().items():
            yield Unused("leftover", f"{key}: of a registration that was killed", key=key, size=size)


def _wheels(folder: WorkspaceFolder) -> Iterator[Unused]:
    needed = needed_wheels(folder)
    for path in sorted(wheels_folder(folder).glob("*")):
        if path.name.startswith(UNFINISHED):
            yield Unused("leftover", f"{path.name}: of a wheel whose building was killed", (path,))
        elif path.name not in needed:
            names = ", ".join(wheel.name for wheel in path.glob("*"))
            yield Unused("wheel", f"{names}: no version that is needed was built with it", (path,))


def _operations(folder: WorkspaceFolder) -> Iterator[Unused]:
    services = _own_services(folder)
    ended: dict[str, list[Path]] = {}
    for record in filter(lambda record: is_here(folder, record), folder.operations.list()):
        place = folder.operation_folder(record.id)
        has_reserve = (place / RESERVE).exists()
        if (record.service in services and not has_reserve) or OperationHandle(folder, record).state == "Running":
            continue
        if record.service not in services:
            ended.setdefault(record.service, []).append(place)
        else:
            yield Unused("leftover", f"{place.name}: room kept for an operation that was killed", (place / RESERVE,))
    for service, places in sorted(ended.items()):
        yield Unused("operation", f"{len(places)} of {service}, which is gone", tuple(places))


def _without_record(folder: WorkspaceFolder) -> Iterator[Unused]:
    """What processes that were killed have made and not recorded, or no longer."""
    services = _own_services(folder)
    operations = {record.id for record in folder.operations.list()}
    for path in sorted(folder.path.glob(f"{PACKING}*")):  # one that is under way adds to the files meanwhile
        yield Unused("leftover", f"{path.name}: of a package whose making was killed", (path,))
    for path in _old(folder.path / "operations"):
        if path.name not in operations:
            yield Unused("leftover", f"{path.name}: of an operation that was never begun", (path,))
    for path in _old(folder.path / "services"):
        if path.name not in services:
            yield Unused("leftover", f"{path.name}: of a service that is gone", (path,))
    for path in _old(folder.path / "secrets"):
        if path.name.startswith("."):
            yield Unused("leftover", f"{path.name}: of keys that were not kept", (path,))
        elif path.name.endswith(keys_name("")) and path.name.removesuffix(keys_name("")) not in services:
            yield Unused("leftover", f"{path.name}: keys of a service that is gone", (path,))


def _own_services(folder: WorkspaceFolder) -> set[str]:
    """The names of this folder's services; what it has of another one's is left from before that one was there."""
    return {record.name for record in folder.services.list() if not record.is_elsewhere(folder.id)}


def _old(place: Path) -> list[Path]:
    before = time.time() - _YOUNG
    return [path for path in sorted(place.glob("*")) if path.lstat().st_mtime < before]


def _environments(folder: WorkspaceFolder) -> Iterator[Unused]:
    from jupyter_deploy.environments import Lock, cached_environments

    paths = folder.path.glob("services/*/bundles/*/requirements.lock")
    used = [Lock.parse(path.read_text(encoding="utf-8")) for path in paths]
    for environment in cached_environments():
        if not any(environment.is_for(lock) for lock in used):
            yield Unused("environment", environment.text, (environment.path,))


def _check_names(found: Iterable[Unused], environments: Iterable[str]) -> None:
    known = {item.paths[0].name for item in found if item.kind == "environment"}
    for name in environments:
        if name not in known:
            raise UserError(
                f"there is no unused environment '{name}'",
                "It is in use, or has another name.",
                f"Those that can go: {', '.join(sorted(known)) or 'none'}.",
            )


def _may_go(item: Unused, environments: Sequence[str]) -> bool:
    return item.kind != "environment" or item.paths[0].name in environments


def _free(folder: WorkspaceFolder, item: Unused, is_alone: Callable[[], bool]) -> bool:
    if item.key and folder.files.remote:
        if not is_alone():  # others may be adding again
            return False
        folder.files.remote.remove(item.key)
    if item.kind == "bundle":
        return _free_bundle(folder, item.paths[0])
    for path in item.paths:
        if item.kind == "operation":
            folder.operations.remove(path.name)
        remove(path)
    return True


def _free_bundle(folder: WorkspaceFolder, path: Path) -> bool:
    """Remove a bundle, unless an operation that needs it has begun meanwhile; none can begin while it goes."""
    service = path.parent.parent.name
    try:
        with lock_service(folder, service, "prune"):
            if path.name in {version.bundle for version in find_service(folder, service).needed}:
                return False
            remove(path)
    except (Busy, Elsewhere, ServiceNotFound):
        return False
    return True
