"""What a deployment or an update would make, where services are objects: looked at before, with nothing recorded and nothing built."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jupyter_deploy.bundle.writer import BundleContents, service_settings
from jupyter_deploy.config.options import Options
from jupyter_deploy.engine.changes import refuse_taken
from jupyter_deploy.engine.places import place_of
from jupyter_deploy.engine.requesting import (
    Asked,
    Content,
    changed_request,
    first_request,
    refuse_moved,
    refuse_twins,
    require,
)
from jupyter_deploy.engine.requests import DeployRequest
from jupyter_deploy.engine.service_secrets import wanted_secrets
from jupyter_deploy.engine.services import ServiceView, find_service, where
from jupyter_deploy.errors import UserError
from jupyter_deploy.script import Finding
from jupyter_deploy.targets import find_target
from jupyter_deploy.targets.base import Draft, MakesObjects, Place, Preview
from jupyter_deploy.workspace.folder import WorkspaceFolder
from jupyter_deploy.workspace.store import file_digest

_KEYS, _CERTIFICATE = ("primaryKey", "secondaryKey"), ("certificate", "key")
"""The names in the files of a service's keys and of its certificate."""


@dataclass(frozen=True)
class Previewed:
    """What a call would make, with warnings and notes about the entry script."""

    preview: Preview
    findings: tuple[Finding, ...]


def preview_deployment(
    folder: WorkspaceFolder, name: str, content: Content, options: Options, *, overwrite: bool = False
) -> Previewed:
    """Look at what :func:`~jupyter_deploy.engine.changes.deploy` would make.

    Raises
    ------
    UserError : it would refuse this, or the target makes no objects. TargetError : the target would, or cannot be asked.
    """
    require(name, content.models or (), options)
    _maker(options.compute_type)
    with folder.files.adding():
        asked = first_request(folder, name, content, options, _measured)
    record = folder.services.get(name)
    if record is None or not record.served:
        return _previewed(folder, asked, None, 1)
    view = find_service(folder, name)
    is_same = view.request.digest == asked.request.digest
    if not is_same and not overwrite:
        refuse_taken(folder, name)
    refuse_moved(view.request, asked.request)
    assert record.current is not None  # as it has served
    return _previewed(folder, asked, view, record.current if is_same else view.versions[-1].number + 1)


def preview_update(folder: WorkspaceFolder, name: str, content: Content, changes: Mapping[str, Any]) -> Previewed:
    """Look at what :func:`~jupyter_deploy.engine.changes.update` would make; errors as of :func:`preview_deployment`."""
    refuse_twins(content.models or ())
    view = find_service(folder, name)
    view.require_here()
    _maker(view.record.target)
    if view.current is None:
        raise UserError(f"'{name}' has never served", remedy="deploy it")
    with folder.files.adding():
        asked = changed_request(folder, view, content, changes, _measured)
    return _previewed(folder, asked, view, view.versions[-1].number + 1)


def manifests_of(folder: WorkspaceFolder, view: ServiceView) -> str:
    """The objects of a service, as YAML without secrets.

    Raises
    ------
    UserError : it has none. Elsewhere : it belongs to another workspace folder.
    """
    _, place = where(folder, view)
    found = _maker(view.record.target).manifests(place)
    if not found:
        raise UserError(f"'{view.record.name}' has no objects: it has never served", remedy="deploy it")
    return found


def _maker(target: str) -> MakesObjects:
    found = find_target(target)
    if not isinstance(found, MakesObjects):
        raise UserError(
            f"the target '{found.name}' makes no objects that could be shown before",
            "Services on a cluster are made of them.",
            "leave out --dry-run, or name a cluster as the target",
        )
    return found


def _measured(path: Path) -> tuple[str, int]:
    """What would be kept of a file."""
    return file_digest(path), path.stat().st_size


def _previewed(folder: WorkspaceFolder, asked: Asked, view: ServiceView | None, version: int) -> Previewed:
    request = asked.request
    runs_the_same = view is not None and view.request.content_digest == request.content_digest
    draft = Draft(version, asked.options, _settings(folder, request, version), _files(request), runs_the_same)
    place = place_of(folder, request.service, request.settings, request.options)
    secrets = wanted_secrets(folder, request.service, request.settings, asked.options)
    with tempfile.TemporaryDirectory(prefix="jupyter-deploy-") as stand_ins:
        place = _with_secrets(place, list(secrets), Path(stand_ins))
        return Previewed(_maker(request.target).preview(place, draft), asked.findings)


def _with_secrets(place: Place, names: Sequence[str], folder: Path) -> Place:
    """The place with files for secrets that are not kept yet, which have their names alone: none is written for a look."""
    secrets = place.secrets or (folder / "secrets" if names else None)
    return replace(
        place,
        keys=_stand_in(place.keys, folder / "keys", _KEYS),
        certificate=_stand_in(place.certificate, folder / "certificate", _CERTIFICATE),
        secrets=_stand_in(secrets, folder / "secrets", names),
    )


def _stand_in(wanted: Path | None, instead: Path, names: Sequence[str]) -> Path | None:
    if wanted is None or wanted.exists():
        return wanted
    instead.write_text(json.dumps(dict.fromkeys(names, "")), encoding="utf-8")
    return instead


def _files(request: DeployRequest) -> list[dict[str, Any]]:
    """The files of the models, as they would lie in a bundle."""
    return [
        {"path": f"{model.name}/{model.version}/{file.path}", "sha256": file.sha256, "size": file.size}
        for model in request.models
        for file in model.files
    ]


def _settings(folder: WorkspaceFolder, request: DeployRequest, version: int) -> dict[str, Any]:
    """What ``service.json`` would hold."""
    contents = BundleContents(
        request.service, version, folder.id, request.models, request.script, "", request.settings,
        request.environment.variables,
    )  # fmt: skip
    return service_settings(contents)
