"""The original server's environment variables, and its ``config.json`` with the same names below them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class SettingsError(Exception):
    """``service.json``, or what overrides it, cannot be used; the text names the file, the key and the remedy."""


DOES_NOTHING = {
    "AZUREML_DEBUG_PORT": "a service does not wait for a debugger; try the script with %%score_script --try",
    "HEALTH_PORT": "/, /live and /ready answer on the service's own port, to any Host and without a key",
    "SEPERATE_HEALTH_ENDPOINT": "/, /live and /ready answer on the service's own port, to any Host and without a key",
}
_HEEDED = (
    "AML_APP_INSIGHTS_ENABLED",
    "AML_APP_INSIGHTS_KEY",
    "AML_APP_ROOT",
    "AML_CORS_ORIGINS",
    "AML_MODEL_DC_STORAGE_ENABLED",
    "APP_INSIGHTS_LOG_RESPONSE_ENABLED",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "AZUREML_ENTRY_SCRIPT",
    "AZUREML_LOG_FORMAT",
    "AZUREML_LOG_LEVEL",
    "AZUREML_MODEL_DIR",
    "AZUREML_SOURCE_DIRECTORY",
    "SCORING_TIMEOUT_MS",
    "SERVER_VERSION_LOG_RESPONSE_ENABLED",
    "SERVICE_NAME",
    "SERVICE_PATH_PREFIX",
    "SERVICE_VERSION",
    "WORKER_COUNT",
    "WORKER_PRELOAD",
    "WORKER_TIMEOUT",
    "WORKSPACE_NAME",
)


def with_file(environment: Mapping[str, str], places: tuple[Path, ...]) -> tuple[dict[str, str], list[str]]:
    """Put what a ``config.json`` says below the environment, which wins.

    Parameters
    ----------
    environment : of the service; its ``AZUREML_CONFIG_FILE`` names the file.
    places : folders that are looked through for one when it does not.

    Returns
    -------
    the variables, and what is to be said of the file in the log.

    Raises
    ------
    SettingsError : the file is not a JSON object.
    """
    path, notes = _file(environment, places)
    if path is None:
        return dict(environment), notes
    document = read_object(path)
    unknown = sorted(set(document) - {*_HEEDED, *DOES_NOTHING, "HOSTNAME"})
    if unknown:
        notes.append(f"{path.name} has keys that mean nothing to a service: {', '.join(unknown[:10])}")
    named = {key: _text(value) for key, value in document.items() if key not in unknown and value is not None}
    return {**named, **environment}, notes


def read_object(path: Path) -> dict[str, Any]:
    """Read a file of the user's that holds a JSON object; SettingsError where it does not."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} is not valid JSON: {error}; mend or remove it") from error
    if not isinstance(document, dict):
        raise SettingsError(f"{path} is not a JSON object; mend or remove it")
    return document


def _file(environment: Mapping[str, str], places: tuple[Path, ...]) -> tuple[Path | None, list[str]]:
    named = environment.get("AZUREML_CONFIG_FILE")
    candidates = [*([Path(named)] if named else []), *(folder / "config.json" for folder in places)]
    found = next((path for path in candidates if path.is_file() and path.stat().st_size), None)
    if named and found != Path(named):
        return found, [f"AZUREML_CONFIG_FILE is {named}, which is no file or empty; {found or 'no file'} is used"]
    return found, []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def without_effect(environment: Mapping[str, str]) -> list[str]:
    """Say which of the original's variables are set and do nothing here."""
    return [f"{name} has no effect here: {why}" for name, why in DOES_NOTHING.items() if environment.get(name)]


def overrides(environment: Mapping[str, str], scoring_timeout_ms: int) -> dict[str, int]:
    """Return the numbers with which the environment overrides ``service.json``, by its keys.

    Parameters
    ----------
    environment : of the service. scoring_timeout_ms : what service.json says, in milliseconds.

    Raises
    ------
    SettingsError : a variable is not a number that fits.
    """
    found = {}
    if environment.get("WORKER_COUNT"):
        found["workerCount"] = _number(environment, "WORKER_COUNT", 1)
    if environment.get("SCORING_TIMEOUT_MS"):
        scoring_timeout_ms = found["scoringTimeoutMs"] = _number(environment, "SCORING_TIMEOUT_MS", 1)
    if environment.get("WORKER_TIMEOUT"):
        # A worker that did not come back for so long was killed by gunicorn, as one past its scoring timeout is here; 0 was no limit.
        seconds = _number(environment, "WORKER_TIMEOUT", 0)
        if seconds:
            found["scoringTimeoutMs"] = min(scoring_timeout_ms, seconds * 1000)
    return found


def _number(environment: Mapping[str, str], name: str, least: int) -> int:
    try:
        number = int(environment[name])
    except ValueError:
        number = least - 1
    if number < least:
        raise SettingsError(f"{name} is {environment[name]!r}, but must be a whole number of at least {least}")
    return number
