"""What is known of services, asked anew each time: the recorded state is never trusted (design decision 4). Starts no process."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from jupyter_deploy.engine.operations import OperationHandle, is_under_way, newest_of
from jupyter_deploy.engine.places import COMPUTE, bundle_folder, place_of
from jupyter_deploy.engine.requests import DeployRequest
from jupyter_deploy.errors import Elsewhere, ServiceNotFound, WorkspaceError
from jupyter_deploy.targets import find_target
from jupyter_deploy.targets.base import AnswersTogether, Place, Status, Target
from jupyter_deploy.targets.shares import Traffic
from jupyter_deploy.workspace.folder import WorkspaceFolder
from jupyter_deploy.workspace.records import ServiceRecord, TagFilter, VersionRecord


@dataclass(frozen=True)
class ServiceView:
    """A service at one moment.

    Parameters
    ----------
    record : what is recorded. status : what its target says, or what the operation under way means for it.
    versions : every version, oldest first. operation : the newest operation; None where the service runs elsewhere.
    is_elsewhere : it belongs to another workspace folder over the same records, where alone it can be asked and changed.
    """

    record: ServiceRecord
    status: Status
    versions: tuple[VersionRecord, ...]
    operation: OperationHandle | None
    is_elsewhere: bool = False

    @property
    def current(self) -> VersionRecord | None:
        """The version that serves, or served last."""
        return next((version for version in self.versions if version.number == self.record.current), None)

    @property
    def previous(self) -> VersionRecord | None:
        """The version that a rollback would return to: the last one that served before, from another bundle."""
        current = self.current
        if current is None:
            return None
        before = (version for version in reversed(self.versions) if version.number < current.number)
        served = (version for version in before if version.served_time and not version.error)  # and was not taken back
        return next((version for version in served if version.bundle != current.bundle), None)

    @property
    def needed(self) -> list[VersionRecord]:
        """The versions whose bundles and files must stay: one serves, a rollback would return to it, or an operation is bringing it up."""
        newest = self.versions[-1] if self.versions else None
        # Elsewhere it cannot be known whether the newest one is being brought up; it is not once it has an error.
        is_coming = newest and newest.error is None if self.is_elsewhere else _is_running(self.operation)
        shared = self.status.traffic.versions if self.status.traffic else ()
        beside = [version for version in self.versions if version.number in shared and version is not self.current]
        return [version for version in (self.current, self.previous, newest if is_coming else None, *beside) if version]

    @property
    def request(self) -> DeployRequest:
        """The request behind the current version, or, where none has served, behind the newest one."""
        version = self.current or self.versions[-1]
        return DeployRequest.from_json(version.request)

    @property
    def settings(self) -> Mapping[str, Any]:
        """The scoring server's settings in that request; empty where a deployment was killed before it was recorded."""
        return self.request.settings if self.versions else {}

    @property
    def options(self) -> Mapping[str, Any]:
        """The target's options in that request, by their JSON names; empty as the settings are."""
        return self.request.options if self.versions else {}

    def require_here(self) -> None:
        """Refuse what needs the service's processes, log, keys or bundles where they are not.

        Raises
        ------
        Elsewhere : they are in another workspace folder, on another machine maybe.
        """
        if self.is_elsewhere:
            raise Elsewhere(self.record.name, self.record.where)


def find_service(folder: WorkspaceFolder, name: str) -> ServiceView:
    """Look at one service.

    Raises
    ------
    ServiceNotFound : there is none of that name.
    """
    record = folder.services.get(name)
    if record is None:
        raise ServiceNotFound(
            f"there is no service '{name}'", _nearest(folder, name), "list the services to see what there is"
        )
    return look_at(folder, [record])[0]


def find_services(folder: WorkspaceFolder, names: Sequence[str]) -> list[ServiceView]:
    """Look at some services; those on one compute together.

    Raises
    ------
    ServiceNotFound : there is none of one of the names.
    """
    if len(names) == 1:
        return [find_service(folder, names[0])]
    held = {record.name: record for record in folder.services.list()}
    if gone := [name for name in names if name not in held]:
        find_service(folder, gone[0])
    return look_at(folder, [held[name] for name in names if name in held])


def list_services(
    folder: WorkspaceFolder,
    *,
    target: str | None = None,
    model: str | None = None,
    tags: Iterable[TagFilter] = (),
    properties: Iterable[TagFilter] = (),
) -> list[ServiceView]:
    """Look at every service, newest first.

    Parameters
    ----------
    target : only those on this target. model : only those that serve this model (``name`` or ``name:version``).
    tags, properties : ``key`` or ``(key, value)``, all of which have to fit.

    Raises
    ------
    UserError : there is no such target.
    """
    views = look_at(folder, list_records(folder, target=target, tags=tags, properties=properties))
    return [view for view in views if model is None or _serves(view, model)]


def list_records(
    folder: WorkspaceFolder,
    *,
    target: str | None = None,
    tags: Iterable[TagFilter] = (),
    properties: Iterable[TagFilter] = (),
) -> list[ServiceRecord]:
    """What is recorded of every service that fits, newest first, without looking at any.

    Raises
    ------
    UserError : there is no such target.
    """
    wanted = None if target is None else find_target(target).name
    records = [record for record in folder.services.list() if wanted in (None, record.target)]
    return [record for record in records if _fits(record.tags, tags) and _fits(record.properties, properties)]


def look_at(folder: WorkspaceFolder, records: Sequence[ServiceRecord]) -> list[ServiceView]:
    """Look at services whose records were just read; those on one compute are asked for together, and computes side by side."""
    known = _known(folder, records)
    found = _asked(known)
    return [_view(folder, each, found.get(each.record.name)) for each in known]


def together(records: Iterable[ServiceRecord]) -> list[list[ServiceRecord]]:
    """Services, those together of which the target can be asked for at once: it can, and they are on one compute."""
    found: dict[tuple[str, str], list[ServiceRecord]] = {}
    for record in records:
        compute = record.options.get(COMPUTE, "")
        is_one = compute and isinstance(find_target(record.target), AnswersTogether)
        found.setdefault((record.target, compute) if is_one else ("", record.name), []).append(record)
    return list(found.values())


def _fits(held: dict[str, str], wanted: Iterable[TagFilter]) -> bool:
    return all(item in held if isinstance(item, str) else held.get(item[0]) == item[1] for item in wanted)


def _serves(view: ServiceView, model: str) -> bool:
    models = view.current.models if view.current else ()
    return any(model in (held, held.split(":")[0]) for held in models)


@dataclass(frozen=True)
class _Known:
    """What is recorded of a service, and where its target is asked for it; None where there is nothing to ask."""

    record: ServiceRecord
    versions: tuple[VersionRecord, ...]
    operation: OperationHandle | None
    is_running: bool
    place: Place | None


def _known(folder: WorkspaceFolder, records: Sequence[ServiceRecord]) -> list[_Known]:
    """What is recorded of services, each kind of record read once."""
    names = [record.name for record in records]
    versions, operations = folder.services.versions_of(names), newest_of(folder, names)
    has_computes = any(COMPUTE in record.options for record in records)
    computes = {record.name: record for record in folder.computes.list()} if has_computes else {}
    found = []
    for record in records:
        held, operation = versions[record.name], operations.get(record.name)
        if record.is_elsewhere(folder.id):
            found.append(_Known(record, held, None, False, None))
            continue
        request = held[-1].request if held else None
        place = place_of(folder, record.name, request["settings"], request["options"], computes) if request else None
        found.append(_Known(record, held, operation, _is_running(operation), place))
    return found


def _asked(known: Sequence[_Known]) -> dict[str, Status]:
    """What targets say, by service."""
    places = {each.record.name: each.place for each in known if each.place}
    groups = together(each.record for each in known if each.place)
    here = [group for group in groups if COMPUTE not in group[0].options]
    first, *others = [group for group in groups if COMPUTE in group[0].options] or [[]]
    found: dict[str, Status] = {}
    with ThreadPoolExecutor(max(1, len(others))) as pool:  # whose threads begin with the work: none where there is none
        asked = [pool.submit(_statuses, group, places) for group in others]
        for group in (*here, first):
            found.update(_statuses(group, places))
        for statuses in asked:
            found.update(statuses.result())
    return found


def _statuses(group: Sequence[ServiceRecord], places: Mapping[str, Place]) -> dict[str, Status]:
    if len(group) < 2:
        return {record.name: find_target(record.target).status(places[record.name]) for record in group}
    target = find_target(group[0].target)
    assert isinstance(target, AnswersTogether)
    statuses = target.statuses([places[record.name] for record in group])
    return dict(zip((record.name for record in group), statuses, strict=True))


def _view(folder: WorkspaceFolder, known: _Known, found: Status | None) -> ServiceView:
    record, versions, operation = known.record, known.versions, known.operation
    if record.is_elsewhere(folder.id):
        unknown = Status("Unknown", scoring_uri=record.scoring_uri, error=record.where)
        return ServiceView(record, unknown, versions, None, is_elsewhere=True)
    status = _status(known, found)
    has_ended = operation is not None and not known.is_running
    if (
        has_ended and status.version and status.version != record.current
    ):  # it was killed before it recorded what it did
        record, versions = _adopt(folder, record, versions, status)
    if has_ended and status.traffic:
        versions = _adopt_shared(folder, versions, status.traffic)
    if versions and (error := _unsaid_error(folder, versions[-1], operation)):
        versions = _changed(folder, versions, versions[-1].number, error=error)
    return ServiceView(record, status, versions, operation)


def _unsaid_error(folder: WorkspaceFolder, version: VersionRecord, operation: OperationHandle | None) -> str:
    """Why a version never served, where whoever should have recorded that was killed before."""
    if version.served_time or version.error or is_under_way(folder, version.service):
        return ""
    if operation and operation.record.id == version.operation:
        return operation.error
    return "its operation was never begun: whoever asked for it was killed, or could not write"


def _is_running(operation: OperationHandle | None) -> bool:
    return operation is not None and operation.state == "Running"


def _status(known: _Known, found: Status | None) -> Status:
    record, operation = known.record, known.operation
    asked = Status("Failed", error=record.error or "its deployment did not end well")
    if found and (record.served or found.version):
        asked = found
    elif found and operation and not known.is_running and operation.error:
        asked = replace(asked, error=operation.error)
    if operation and known.is_running:
        state = "Deleting" if operation.record.kind == "delete" else "Transitioning"
        return replace(asked, state=state, error="")  # type: ignore[arg-type]
    return asked


def _adopt(
    folder: WorkspaceFolder, record: ServiceRecord, versions: tuple[VersionRecord, ...], status: Status
) -> tuple[ServiceRecord, tuple[VersionRecord, ...]]:
    assert status.version is not None
    versions = _changed(folder, versions, status.version, served_time=datetime.now(timezone.utc), error=None)
    adopted = replace(record, current=status.version, scoring_uri=status.scoring_uri, served=True, error=None)
    with contextlib.suppress(WorkspaceError):
        folder.services.put(adopted)
    return adopted, versions


def _adopt_shared(
    folder: WorkspaceFolder, versions: tuple[VersionRecord, ...], traffic: Traffic
) -> tuple[VersionRecord, ...]:
    """The versions, of which those serve that share the requests."""
    for version in versions:
        if version.number in traffic.versions and not version.served_time:
            versions = _changed(folder, versions, version.number, served_time=datetime.now(timezone.utc), error=None)
    return versions


def _changed(
    folder: WorkspaceFolder, versions: tuple[VersionRecord, ...], number: int, **fields: Any
) -> tuple[VersionRecord, ...]:
    """The versions with one of them changed; recorded, where the disk can be written."""
    with contextlib.suppress(WorkspaceError):
        folder.services.change_version(versions[0].service, number, **fields)
    return tuple(replace(version, **fields) if version.number == number else version for version in versions)


def _nearest(folder: WorkspaceFolder, name: str) -> str:
    import difflib

    names = [record.name for record in folder.services.list()]
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return f"did you mean '{close[0]}'?" if close else ""


def where(folder: WorkspaceFolder, view: ServiceView) -> tuple[Target, Place]:
    """The target of a service and the place it works in; Elsewhere where that is not in this folder."""
    view.require_here()
    return find_target(view.record.target), place_of(folder, view.record.name, view.settings, view.options)


def bundles_using(folder: WorkspaceFolder, service: str, model_id: str) -> list[Path]:
    """The bundle folders of a service's versions that hold a model."""
    held = (version for version in folder.services.versions(service) if model_id in version.models)
    return sorted({bundle_folder(folder, service, version.bundle) for version in held})


def needed_scripts(folder: WorkspaceFolder) -> set[str]:
    """The stored files of scripts that services need: an update that gives no new script places them again."""
    versions = (version for view in list_services(folder) for version in view.needed)
    return {file["sha256"] for version in versions for file in version.request["script"]["files"]}
