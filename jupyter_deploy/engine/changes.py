"""What users ask of the engine: deploy, update, rollback, start, stop, restart, delete. Each checks, seals, and begins an operation."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any

from jupyter_deploy.config.certificates import Certificate
from jupyter_deploy.config.inference import InferenceConfig
from jupyter_deploy.config.options import Options
from jupyter_deploy.config.texts import check_texts
from jupyter_deploy.engine.certificates import provide_certificate
from jupyter_deploy.engine.keys import provide_keys, refuse_other_keys
from jupyter_deploy.engine.operations import OperationHandle, begin, lock_service, new_operation_id, newest, settle
from jupyter_deploy.engine.recipes import provide_login
from jupyter_deploy.engine.requesting import (
    Content,
    changed_request,
    first_request,
    refuse_moved,
    refuse_twins,
    require,
)
from jupyter_deploy.engine.requests import DeployRequest
from jupyter_deploy.engine.sealing import without_secrets
from jupyter_deploy.engine.service_secrets import brings_secrets, provide_secrets
from jupyter_deploy.engine.services import ServiceView, find_service, where
from jupyter_deploy.engine.traffic import beside, facts, require_alone
from jupyter_deploy.errors import NameTaken, OperationFailed, UserError
from jupyter_deploy.models.provenance import user_name
from jupyter_deploy.script import Finding
from jupyter_deploy.workspace.folder import WorkspaceFolder
from jupyter_deploy.workspace.locks import LockedFile
from jupyter_deploy.workspace.records import ModelRecord, ServiceRecord, VersionRecord


@dataclass(frozen=True)
class Begun:
    """What a call set going.

    Parameters
    ----------
    operation : None where nothing had to be done, as the service is so already.
    findings : warnings and notes about the entry script.
    """

    operation: OperationHandle | None
    findings: tuple[Finding, ...] = ()


def deploy(
    folder: WorkspaceFolder,
    name: str,
    models: Sequence[ModelRecord],
    inference: InferenceConfig,
    options: Options,
    *,
    overwrite: bool = False,
    notebook_names: Collection[str] = (),
    say: Callable[[str], None],
) -> Begun:
    """Deploy a service; under a taken name, the same content returns it and other content needs ``overwrite``.

    Parameters
    ----------
    say : called with each line of progress of the call itself, where packages are built in it.

    Raises
    ------
    UserError : the name, the script or an option is refused; NameTaken; Busy.
    """
    require(name, models, options)
    content = Content(models, inference, notebook_names, say)
    with folder.files.adding(), lock_service(folder, name, "deploy") as lock:
        asked = first_request(folder, name, content, options)
        request, options, certificate, findings = asked.request, asked.options, asked.certificate, asked.findings
        record = folder.services.get(name)
        if record is None or not record.served:
            record = _new_record(folder, name, options, record)
            provide_login(folder, name, inference)
            provide_secrets(folder, name, request.settings, options)
            folder.services.put(record)
            provide_keys(folder, name, request.settings, options)
            provide_certificate(folder, name, request.settings, certificate)
            return Begun(_release(folder, lock, "deploy", request, record), findings)
        view = find_service(folder, name)
        is_same = view.request.digest == request.digest and not brings_secrets(folder, name, options)
        if not is_same and not overwrite:
            raise _taken(view)
        if not is_same:
            require_alone(view, "be deployed anew")
        refuse_moved(view.request, request)
        refuse_other_keys(folder, name, options)
        record = _described_anew(record, options.tags, options.properties, options.description)
        provide_login(folder, name, inference)
        provide_secrets(folder, name, request.settings, options)
        folder.services.put(record)
        provide_certificate(folder, name, request.settings, certificate)
        if is_same:
            _use_certificate(folder, view, certificate)
            return Begun(_start_if_stopped(folder, lock, view), findings)
        provide_keys(folder, name, request.settings, options)
        changes = {"options": dict(request.options)}
        return Begun(_release(folder, lock, "update", request, record, changes), findings)


def refuse_taken(folder: WorkspaceFolder, name: str) -> None:
    """Refuse a name under which a service has served; for what is to be registered first, and never twice.

    Raises
    ------
    NameTaken : it has.
    """
    record = folder.services.get(name)
    if record is not None and record.served:
        raise _taken(find_service(folder, name))


def _taken(view: ServiceView) -> NameTaken:
    return NameTaken(
        f"the service '{view.record.name}' exists, with other content (version {view.record.current}, {view.status.state})",
        remedy="update it instead (%update_service, service.update), or deploy again with --overwrite (in Python: overwrite=True)",
    )


def update(
    folder: WorkspaceFolder,
    name: str,
    *,
    models: Sequence[ModelRecord] | None = None,
    inference: InferenceConfig | None = None,
    changes: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] | None = None,
    properties: Mapping[str, str] | None = None,
    description: str | None = None,
    traffic_percentile: int | None = None,
    notebook_names: Collection[str] = (),
    say: Callable[[str], None],
) -> Begun:
    """Change a living service; what is not given stays as it is.

    Parameters
    ----------
    changes : options by their Python names. tags : replace all tags. properties : are added.
    traffic_percentile : bring the new version up beside what serves, with so many per cent of the requests; None for all of them.
    say : as of :func:`deploy`.

    Raises
    ------
    UserError : nothing was given, or an option that cannot change on a living service.
    """
    if all(item is None for item in (models, inference, tags, properties, description)) and not changes:
        raise UserError("nothing to update was given", remedy="give models, inference_config, options or tags")
    refuse_twins(models or ())
    settle(folder, name)
    with folder.files.adding(), lock_service(folder, name, "update") as lock:
        view = find_service(folder, name)
        _require_served(view)
        record = _described_anew(view.record, tags, properties, description)
        if models is None and inference is None and not changes:
            folder.services.put(record)
            return Begun(None)
        if traffic_percentile is None:
            require_alone(view, "be updated")
        asked = changed_request(folder, view, Content(models, inference, notebook_names, say), changes or {})
        request, options, certificate, findings = asked.request, asked.options, asked.certificate, asked.findings
        is_same = request.digest == view.request.digest and not brings_secrets(folder, name, options)
        sharing = None if traffic_percentile is None else beside(folder, view, request.settings, traffic_percentile)
        if inference is not None:
            provide_login(folder, name, inference)
        provide_secrets(folder, name, request.settings, options)
        folder.services.put(record)
        provide_certificate(folder, name, request.settings, certificate)
        if is_same and certificate is not None:
            _use_certificate(folder, view, certificate)  # the same version under another certificate
            return Begun(None, findings)
        provide_keys(folder, name, request.settings, options)
        changed = {"options": dict(request.options)} if sharing is None else {}
        return Begun(_release(folder, lock, "update", request, record, changed, sharing), findings)


def rollback(folder: WorkspaceFolder, name: str) -> Begun:
    """Return to the version that served before the present one, from its own bundle.

    Raises
    ------
    UserError : there is none.
    """
    settle(folder, name)
    with lock_service(folder, name, "rollback") as lock:
        view = find_service(folder, name)
        require_alone(view, "return to an earlier version")
        earlier = view.previous
        if earlier is None:
            raise UserError(
                f"'{name}' has no earlier version to return to",
                remedy="its history lists the versions that have served",
            )
        operation = new_operation_id()
        draft = replace(
            earlier, number=0, created_time=datetime.now(timezone.utc), served_time=None, error=None,
            operation=operation, note=f"rollback to {earlier.number}",
        )  # fmt: skip
        version = folder.services.add_version(draft)
        return Begun(_again(folder, lock, "rollback", version, operation))


def start(folder: WorkspaceFolder, name: str) -> Begun:
    """Bring a stopped service back at its address; one that runs is left alone."""
    settle(folder, name)
    with lock_service(folder, name, "start") as lock:
        view = find_service(folder, name)
        _require_served(view)
        return Begun(_start_if_stopped(folder, lock, view))


def restart(folder: WorkspaceFolder, name: str) -> Begun:
    """Start the same version anew beside the running one and switch to it."""
    settle(folder, name)
    with lock_service(folder, name, "restart") as lock:
        view = find_service(folder, name)
        require_alone(view, "be restarted")
        return Begun(_again(folder, lock, "restart", _require_served(view)))


def stop(folder: WorkspaceFolder, name: str) -> Begun:
    """End a service's processes; its record, keys and address stay."""
    settle(folder, name)
    with lock_service(folder, name, "stop") as lock:
        view = find_service(folder, name)
        _require_served(view)
        return Begun(
            begin(folder, lock, "stop", name, {"settings": dict(view.settings), "options": dict(view.options)})
        )


def delete(folder: WorkspaceFolder, name: str) -> Begun:
    """Take a service away with its history; an operation under way on it is cancelled first."""
    find_service(folder, name)
    _cancel_under_way(folder, name)
    with lock_service(folder, name, "delete") as lock:
        view = find_service(folder, name)
        return Begun(
            begin(folder, lock, "delete", name, {"settings": dict(view.settings), "options": dict(view.options)})
        )


def _cancel_under_way(folder: WorkspaceFolder, name: str) -> None:
    under_way = newest(folder, name)
    if under_way and under_way.state == "Running":
        under_way.cancel()
        with contextlib.suppress(OperationFailed):  # as asked; too late, and it is deleted all the same
            under_way.wait()


def _release(
    folder: WorkspaceFolder,
    lock: LockedFile,
    kind: str,
    request: DeployRequest,
    record: ServiceRecord,
    service_changes: Mapping[str, Any] | None = None,
    sharing: Mapping[str, Any] | None = None,
) -> OperationHandle:
    """Record a new version and begin the operation that makes it serve, beside others where ``sharing`` says so."""
    operation = new_operation_id()
    draft = VersionRecord(
        service=record.name, number=0, bundle=operation, digest=request.digest,
        models=tuple(model.id for model in request.models), request=request.to_json(),
        created_time=datetime.now(timezone.utc), operation=operation, note=kind,
    )  # fmt: skip
    version = folder.services.add_version(draft)
    known = {"deploy": version.request, "version": version.number, "bundle": version.bundle}
    changes = {"service_changes": dict(service_changes or {}), **(sharing or {})}
    return begin(folder, lock, kind, record.name, {**known, **changes}, operation)


def _again(
    folder: WorkspaceFolder,
    lock: LockedFile,
    kind: str,
    version: VersionRecord,
    operation: str | None = None,
    **more: Any,
) -> OperationHandle:
    """Begin an operation that serves a bundle which is there already."""
    known = {"deploy": version.request, "version": version.number, "bundle": version.bundle}
    changes = {"service_changes": {"options": version.request["options"]}}
    return begin(folder, lock, kind, version.service, {**known, **changes, **more}, operation)


def _start_if_stopped(folder: WorkspaceFolder, lock: LockedFile, view: ServiceView) -> OperationHandle | None:
    if view.status.state != "Stopped" and not view.status.needs_start:
        return None
    version, traffic = _require_served(view), view.status.traffic
    sharing = facts(folder, view, traffic, known=version.number) if traffic else {}
    return _again(folder, lock, "start", version, **sharing)


def _use_certificate(folder: WorkspaceFolder, view: ServiceView, certificate: Certificate | None) -> None:
    """Have a running service take a certificate that was given; returns when it does."""
    if certificate is not None:
        target, place = where(folder, view)
        target.reload_keys(place)


def _require_served(view: ServiceView) -> VersionRecord:
    if view.current is None:
        raise UserError(
            f"'{view.record.name}' has never served: {view.status.error or view.status.state}",
            remedy="mend the cause, then deploy it again",
        )
    return view.current


def _new_record(folder: WorkspaceFolder, name: str, options: Options, former: ServiceRecord | None) -> ServiceRecord:
    now = datetime.now(timezone.utc)
    return ServiceRecord(
        name=name, target=options.compute_type, created_time=former.created_time if former else now, updated_time=now,
        created_by=user_name(), description=options.description or "", tags=check_texts("tags", options.tags),
        properties=check_texts("properties", options.properties), options=without_secrets(options),
        home=folder.id, host=socket.gethostname(),
    )  # fmt: skip


def _described_anew(
    record: ServiceRecord,
    tags: Mapping[str, str] | None,
    properties: Mapping[str, str] | None,
    description: str | None,
) -> ServiceRecord:
    added = check_texts("properties", properties)
    taken = sorted(key for key, value in added.items() if record.properties.get(key, value) != value)
    if taken:
        raise UserError(
            f"properties cannot be changed once they are set: {', '.join(taken)}", remedy="use tags for what changes"
        )
    return replace(
        record,
        tags=record.tags if tags is None else check_texts("tags", tags),
        properties={**record.properties, **added},
        description=record.description if description is None else description,
        updated_time=datetime.now(timezone.utc),
    )
