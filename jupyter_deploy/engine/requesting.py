"""From what users ask for to a request: everything is checked and read, and nothing is recorded."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from jupyter_deploy.config.certificates import Certificate
from jupyter_deploy.config.inference import InferenceConfig
from jupyter_deploy.config.names import check_service_name
from jupyter_deploy.config.options import Options, unknown_key
from jupyter_deploy.engine.certificates import given_certificate, warnings_of
from jupyter_deploy.engine.fetched import needed_to_fetch
from jupyter_deploy.engine.models import find_model
from jupyter_deploy.engine.requests import DeployRequest
from jupyter_deploy.engine.sealing import Keep, seal, with_models, without_secrets
from jupyter_deploy.engine.services import ServiceView
from jupyter_deploy.errors import ConfigError, UserError
from jupyter_deploy.script import Finding
from jupyter_deploy.targets import find_target
from jupyter_deploy.targets.base import Target
from jupyter_deploy.workspace.folder import WorkspaceFolder
from jupyter_deploy.workspace.records import ModelRecord


@dataclass(frozen=True)
class Content:
    """What is to be served, as users give it.

    Parameters
    ----------
    models, inference : None stays as it is. notebook_names : names of the notebook, one of which a script may need.
    say : called with each line of progress, where packages are built.
    """

    models: Sequence[ModelRecord] | None
    inference: InferenceConfig | None
    notebook_names: Collection[str]
    say: Callable[[str], None]


@dataclass(frozen=True)
class Asked:
    """A request, with what must not stand in it.

    Parameters
    ----------
    request : sealed. options : with its secrets. certificate : that was given. findings : warnings and notes.
    """

    request: DeployRequest
    options: Options
    certificate: Certificate | None
    findings: tuple[Finding, ...]


def require(service: str, models: Sequence[ModelRecord], options: Options) -> None:
    """Refuse what can be told of a deployment at once.

    Raises
    ------
    UserError : the name, an option or the list of models is refused.
    """
    check_service_name(service)
    options.require()
    refuse_twins(models)


def first_request(
    folder: WorkspaceFolder, service: str, content: Content, options: Options, keep: Keep | None = None
) -> Asked:
    """The request of a deployment.

    Parameters
    ----------
    content : with models and an InferenceConfig. options : that were found to fit (:func:`require`).
    keep : as of :func:`~jupyter_deploy.engine.sealing.seal`.

    Raises
    ------
    UserError : the script or a setting is refused.
    """
    assert content.models is not None
    assert content.inference is not None
    options, certificate = given_certificate(service, options)
    target = find_target(options.compute_type)
    request, findings = seal(
        folder, service, content.models, content.inference, target, options, content.notebook_names, content.say, keep
    )
    return Asked(request, options, certificate, (*findings, *warnings_of(certificate)))


def changed_request(
    folder: WorkspaceFolder, view: ServiceView, content: Content, changes: Mapping[str, Any], keep: Keep | None = None
) -> Asked:
    """The request of an update: that of the version that serves, with what was asked for changed in it.

    Parameters
    ----------
    view : of a service that has served. changes : options by their Python names. keep : as of :func:`first_request`.

    Raises
    ------
    UserError : the script is refused, or an option, or one that cannot change on a living service.
    """
    name, request, target = view.record.name, view.request, find_target(view.record.target)
    former = target.options.from_json(request.options, "recorded options")
    options = _changed_options(former, changes)
    findings: tuple[Finding, ...] = ()
    needed = needed_to_fetch(folder, name, options, content.models if content.models is not None else request.models)
    if content.inference is not None:
        models = content.models if content.models is not None else _recorded_models(folder, view)
        request, findings = seal(
            folder, name, models, content.inference, target, options, content.notebook_names, content.say, keep
        )
    elif content.models is not None or not needed.keys() <= request.environment.imports.keys():
        models = content.models if content.models is not None else _recorded_models(folder, view)
        request = with_models(request, models, needed)
    settings = {**view.request.settings, **_asked(target, former, options)}
    options, certificate = given_certificate(name, options)
    request = replace(request, options=without_secrets(options), settings=settings)
    return Asked(request, options, certificate, (*findings, *warnings_of(certificate)))


def _asked(target: Target, former: Options, options: Options) -> dict[str, Any]:
    """The server's settings that options change; what nobody asked to change stays as it was filled in."""
    before, after = target.server_settings(former), target.server_settings(options)
    return {key: value for key, value in after.items() if value != before[key]}


def _changed_options(options: Options, changes: Mapping[str, Any]) -> Options:
    rows = {row.name: row for row in options.rows()}
    problems = []
    for name in changes:
        if name not in rows:
            problems.append(unknown_key(name, rows, f"the target '{options.compute_type}'"))
        elif not rows[name].updatable:
            problems.append(f"{name} cannot change on a living service; delete it and deploy it anew")
    if problems:
        raise ConfigError(problems)
    changed = options.replaced(changes)
    changed.require()
    return changed


def _recorded_models(folder: WorkspaceFolder, view: ServiceView) -> list[ModelRecord]:
    assert view.current is not None
    return [find_model(folder, model_id) for model_id in view.current.models]


def refuse_moved(former: DeployRequest, request: DeployRequest) -> None:
    """An overwrite keeps the target and the URL, so it cannot ask for other ones.

    Raises
    ------
    ConfigError : it does.
    """
    name = request.service
    if former.target != request.target:
        raise ConfigError(
            [f"'{name}' runs on the target '{former.target}'; delete it before deploying it to '{request.target}'"]
        )
    read = find_target(request.target).options.from_json
    held, given = read(former.options, "recorded options"), read(request.options, "options").given()
    fixed = (row.name for row in held.rows() if not row.updatable and not row.secret)
    moved = [option for option in fixed if option in given and given[option] != getattr(held, option)]
    if moved:
        raise ConfigError(
            [f"{option} cannot change on a living service; delete it and deploy it anew" for option in moved]
        )


def refuse_twins(models: Sequence[ModelRecord]) -> None:
    """Refuse models of which one is given twice."""
    ids = [model.id for model in models]
    if twins := sorted({item for item in ids if ids.count(item) > 1}):
        raise UserError(f"the same model is given twice: {', '.join(twins)}", remedy="give each model once")
