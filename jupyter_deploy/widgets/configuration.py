"""How a service is configured, read back from what was recorded when it was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jupyter_deploy.config.inference import JSON_KEYS
from jupyter_deploy.config.inference_options import OTHER_SETTINGS
from jupyter_deploy.config.options import Options, set_path
from jupyter_deploy.engine.requests import DeployRequest
from jupyter_deploy.engine.services import ServiceView
from jupyter_deploy.sdk.deploying import was_written
from jupyter_deploy.targets import find_target
from jupyter_deploy.widgets.draft import COMPUTE, Texts


@dataclass(frozen=True)
class Settings:
    """The settings of an InferenceConfig, as they were recorded."""

    recorded: Mapping[str, Any]

    def given(self) -> dict[str, Any]:
        """By Python name."""
        return dict(self.recorded)


@dataclass(frozen=True)
class Configuration:
    """What was asked for, as the form of the same deployment would have it.

    Parameters
    ----------
    texts : of the form's fields. options : of the target; the secret ones are not recorded. inference : None where the script was written.
    document : of its file.
    """

    texts: Texts
    options: Options
    inference: Settings | None
    document: Mapping[str, Any]

    @property
    def secrets(self) -> dict[str, str]:
        """None of them: whose variables they came from is not recorded."""
        return {}


def configuration_of(view: ServiceView) -> Configuration:
    """Read what serves, or is to serve first, back into what was asked for.

    Parameters
    ----------
    view : the service at one moment, with at least one version.
    """
    request = view.request
    options = find_target(request.target).options.from_json(view.record.options or request.options, request.service)
    recorded = _own(request)
    settings = {row.name: _text(recorded[row.name]) for row in OTHER_SETTINGS if row.name in recorded}
    texts = Texts(
        name=request.service,
        models=tuple(model.id for model in request.models),
        script=str(recorded.get("entry_script", "")),
        env=str(recorded.get("conda_file") or recorded.get("pip_requirements_file") or ""),
        trust=tuple(recorded.get("trust", ())),
        target=request.target,
        compute=getattr(options, COMPUTE, None) or "",
        options={name: _text(value) for name, value in options.given().items()},
        settings=settings,
    )
    return Configuration(texts, options, Settings(recorded) if recorded else None, _document(recorded))


def _own(request: DeployRequest) -> dict[str, Any]:
    """The settings that the user gave; none where the script was written for the model."""
    return {} if was_written(request.inference["entry_script"]) else dict(request.inference)


def _document(recorded: Mapping[str, Any]) -> dict[str, Any]:
    keys = {name: key for key, name in reversed(tuple(JSON_KEYS.items()))}  # the first of two spellings
    document: dict[str, Any] = {}
    for name, value in recorded.items():
        if name in keys:
            set_path(document, keys[name], value)
    return document


def _text(value: Any) -> str:
    """A value as it is typed into a field."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return ",".join(f"{name}={count}" for name, count in value.items())
    return ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
