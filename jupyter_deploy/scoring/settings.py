"""``service.json``: what one service is, read once and checked, with the original's environment variables on top.

The file is the contract between the engine and this server; ``service.schema.json`` beside this module states it for
other tools. Unknown keys and newer formats are refused: a setting that is not honoured must not look as if it were.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import variables
from .variables import SettingsError as SettingsError

FORMAT = 1

REQUIRED: dict[str, type] = {"format": int, "name": str, "entryScript": str}
DEFAULTS: dict[str, Any] = {
    "version": "1.0",
    "workspace": "",
    "models": [],
    "sourceDirectory": None,
    "modelDir": "azureml-models",
    "environmentVariables": {},
    "host": "127.0.0.1",
    "port": 5001,
    "allowedHosts": [],
    "authEnabled": False,
    "tokenAuthEnabled": False,
    "sslEnabled": False,
    "maxConcurrentRequestsPerContainer": 1,
    "maxQueueWaitMs": 500,
    "scoringTimeoutMs": 60_000,
    "workerCount": 1,
    "workerPreload": False,
    "maxBatchRows": 0,
    "maxBodyMb": 100,
    "nanAs": "null",
    "logFormat": "text",
    "appInsightsEnabled": False,
    "collectModelData": False,
    "collectUrl": "",
    "collectFormat": "csv",
}
_CHOICES = {"nanAs": ("null", "error"), "logFormat": ("text", "json"), "collectFormat": ("csv", "parquet")}
_MOST = {"port": 65535}
_LEAST = {
    "port": 0,
    "maxConcurrentRequestsPerContainer": 1,
    "maxQueueWaitMs": 0,
    "scoringTimeoutMs": 1,
    "workerCount": 1,
    "maxBatchRows": 0,
    "maxBodyMb": 1,
}
_NAMED = {"sourceDirectory": "str or null"} | {key: " or ".join(choices) for key, choices in _CHOICES.items()}


@dataclass(frozen=True)
class Settings:
    """One service's settings, with absolute paths.

    Attributes
    ----------
    name, version, workspace : of the service, for the swagger document.
    path_prefix : what the swagger document puts before every path.
    app_root : folder of the script, its source folder and ``azureml-models``.
    entry_script, source_directory, model_dir : absolute; there may be no source directory.
    environment : variables set in the worker, over those it inherits.
    models : names and versions of the models, ``name:version``.
    host, port : where a server without an inherited socket listens.
    allowed_hosts : names a request may give in Host besides those of this machine.
    cors_origins : origins whose pages may call the service.
    auth_enabled : whether a key is needed. token_auth_enabled : whether a signed token is. audience : what it has to be made for.
    ssl_enabled : whether the service answers over TLS.
    slots_per_worker : how many ``run()`` may be in progress at once in each worker.
    queue_wait_ms : how long a request may wait for a slot, in milliseconds.
    scoring_timeout_ms : how long a ``run()`` may take, in milliseconds.
    worker_count : how many worker processes there are.
    worker_preload : whether they are forked from one process that has loaded the script and called ``init()``.
    max_batch_rows : rows of waiting requests that one ``run()`` may take together; 0 for none.
    max_body_mb : largest request body, in MiB.
    nan_as : what becomes of NaN and Infinity in a result: "null" or "error".
    log_config : the user's ``logging.json``; None where there is none.
    log_level : name of the lowest level logged. log_format : "text", or "json" for one object a line.
    app_insights_enabled : whether requests and logs are sent to Azure Monitor.
    collect_model_data : whether inputs and outputs are kept. collect_url : where, empty for the folder that the front is given.
    collect_format : "csv" or "parquet".
    variables : of the environment, with the service's own on top.
    send_server_version : whether answers name the server.
    notes : what the log is to say of these settings at the start.
    """

    name: str
    version: str
    workspace: str
    path_prefix: str
    app_root: Path
    entry_script: Path
    source_directory: Path | None
    model_dir: Path
    environment: Mapping[str, str]
    models: tuple[str, ...]
    host: str
    port: int
    allowed_hosts: tuple[str, ...]
    cors_origins: tuple[str, ...]
    auth_enabled: bool
    token_auth_enabled: bool
    audience: str
    ssl_enabled: bool
    slots_per_worker: int
    queue_wait_ms: int
    scoring_timeout_ms: int
    worker_count: int
    worker_preload: bool
    max_batch_rows: int
    max_body_mb: int
    nan_as: str
    log_level: str
    log_config: Mapping[str, Any] | None
    log_format: str
    app_insights_enabled: bool
    collect_model_data: bool
    collect_url: str
    collect_format: str
    variables: Mapping[str, str] = field(repr=False)  # there may be secrets among them
    send_server_version: bool
    notes: tuple[str, ...]

    @property
    def is_guarded(self) -> bool:
        """Whether requests need a key or a token."""
        return self.auth_enabled or self.token_auth_enabled


def load(path: Path) -> Settings:
    """Read and check a ``service.json``.

    Parameters
    ----------
    path : the file; its folder is the bundle.

    Raises
    ------
    SettingsError : the file cannot be read, is of a newer format, or holds a key or value that does not fit.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path}: cannot be read as JSON ({error}); deploy the service again") from error
    _check(path, document)
    values = {**DEFAULTS, **document}
    environment: dict[str, str] = {**os.environ, **values["environmentVariables"]}
    root = Path(environment.get("AML_APP_ROOT") or path.resolve().parent / "app").absolute()
    script = root / (environment.get("AZUREML_ENTRY_SCRIPT") or values["entryScript"])
    environment, notes = variables.with_file(environment, (root, script.parent))
    notes += variables.without_effect(environment)
    values.update(variables.overrides(environment, values["scoringTimeoutMs"]))
    return _settings(root, values, environment, notes)


def _check(path: Path, document: Any) -> None:
    if not isinstance(document, dict) or type(document.get("format")) is not int:
        raise SettingsError(f'{path}: has no "format" number, so it is not a service.json; deploy the service again')
    if document["format"] > FORMAT:
        raise SettingsError(
            f"{path}: is of format {document['format']}, this server reads up to {FORMAT}; deploy with the version of "
            "jupyter_deploy that wrote it, or deploy the service again"
        )
    missing = [key for key in REQUIRED if key not in document]
    unknown = [key for key in document if key not in REQUIRED and key not in DEFAULTS]
    if missing or unknown:
        problems = [f'"{key}" is missing' for key in missing] + [f'"{key}" is unknown' for key in unknown]
        raise SettingsError(f"{path}: {', '.join(problems)}; the keys are those of service.schema.json")
    for key, value in document.items():
        _check_value(path, key, value)
    if document.get("authEnabled") and document.get("tokenAuthEnabled"):
        raise SettingsError(f"{path}: authEnabled and tokenAuthEnabled are both true; choose keys or tokens")


def _check_value(path: Path, key: str, value: Any) -> None:
    if key in _CHOICES and value not in _CHOICES[key]:
        raise SettingsError(f'{path}: "{key}" is {value!r}, but must be one of {", ".join(_CHOICES[key])}')
    wanted: Any = REQUIRED.get(key) or type(DEFAULTS[key])
    if key == "sourceDirectory":
        fits = value is None or isinstance(value, str)
    elif key == "environmentVariables":
        fits = isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
    elif key == "allowedHosts":
        fits = isinstance(value, list) and all(isinstance(item, str) for item in value)
    elif key in _CHOICES:
        fits = value in _CHOICES[key]
    else:
        fits = type(value) is wanted and _LEAST.get(key, value) <= value <= _MOST.get(key, value)
    if not fits:
        named = _NAMED.get(key) or wanted.__name__
        least = f" of at least {_LEAST[key]}" if key in _LEAST else ""
        most = f" and at most {_MOST[key]}" if key in _MOST else ""
        raise SettingsError(f'{path}: "{key}" is {value!r}, but must be {named}{least}{most}')


def _settings(root: Path, values: Mapping[str, Any], environment: Mapping[str, str], notes: list[str]) -> Settings:
    script = root / (environment.get("AZUREML_ENTRY_SCRIPT") or values["entryScript"])
    source = environment.get("AZUREML_SOURCE_DIRECTORY") or values["sourceDirectory"]
    workers = int(values["workerCount"])
    origins = environment.get("AML_CORS_ORIGINS", "").split(",")
    return Settings(
        name=environment.get("SERVICE_NAME") or values["name"],
        version=environment.get("SERVICE_VERSION") or values["version"],
        workspace=environment.get("WORKSPACE_NAME") or values["workspace"],
        path_prefix=environment.get("SERVICE_PATH_PREFIX", "").strip("/"),
        app_root=root,
        entry_script=script,
        source_directory=root / source if source else None,
        model_dir=root / (environment.get("AZUREML_MODEL_DIR") or values["modelDir"]),
        environment=values["environmentVariables"],
        models=tuple(f"{model['name']}:{model['version']}" for model in values["models"]),
        host=values["host"],
        port=values["port"],
        allowed_hosts=tuple(values["allowedHosts"]),
        cors_origins=tuple(origin.strip() for origin in origins if origin.strip()),
        auth_enabled=values["authEnabled"],
        token_auth_enabled=values["tokenAuthEnabled"],
        audience=f"{values['workspace']}/{values['name']}",  # as they are: no variable of the script's changes who is meant
        ssl_enabled=values["sslEnabled"],
        slots_per_worker=max(1, -(-values["maxConcurrentRequestsPerContainer"] // workers)),
        queue_wait_ms=values["maxQueueWaitMs"],
        scoring_timeout_ms=values["scoringTimeoutMs"],
        worker_count=workers,
        worker_preload=_flag(environment.get("WORKER_PRELOAD"), values["workerPreload"]),
        max_batch_rows=values["maxBatchRows"],
        max_body_mb=values["maxBodyMb"],
        nan_as=values["nanAs"],
        log_level=environment.get("AZUREML_LOG_LEVEL", "INFO").upper(),
        log_config=_log_config((root, script.parent)),
        log_format=environment.get("AZUREML_LOG_FORMAT", "").lower() or values["logFormat"],
        app_insights_enabled=values["appInsightsEnabled"] or _flag(environment.get("AML_APP_INSIGHTS_ENABLED"), False),
        collect_model_data=values["collectModelData"],
        collect_url=values["collectUrl"],
        collect_format=values["collectFormat"],
        variables=environment,
        send_server_version=_flag(environment.get("SERVER_VERSION_LOG_RESPONSE_ENABLED"), True),
        notes=tuple(notes),
    )


def _flag(text: str | None, otherwise: bool) -> bool:
    return otherwise if not text else text.lower() == "true"


def _log_config(places: tuple[Path, ...]) -> dict[str, Any] | None:
    path = next((folder / "logging.json" for folder in places if (folder / "logging.json").is_file()), None)
    return None if path is None else variables.read_object(path)
