"""Reads configuration files as JSON, then as YAML: the original's own sample is YAML only, by a trailing comma (azureml-v1 10 #1)."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

from jupyter_deploy.errors import ConfigError


class ConfigFileWarning(UserWarning):
    """A configuration file was read, but not in the form it claims."""


def read_document(path: str | Path, what: str) -> dict[str, Any]:
    """Read one configuration file.

    Parameters
    ----------
    path : the file.
    what : what it is, for errors: "inference configuration".

    Returns
    -------
    dict : the document, with null values as None.

    Raises
    ------
    ConfigError : missing, unreadable, neither JSON nor YAML, or no mapping of keys.
    """
    place = Path(path).expanduser().absolute()
    try:
        text = place.read_text(encoding="utf-8-sig")
    except OSError as error:
        remedy = f"the path was taken relative to {Path.cwd()}" if not Path(path).is_absolute() else ""
        raise ConfigError([f"cannot read the {what} {place}: {error.strerror}"], remedy=remedy) from None
    except UnicodeDecodeError as error:
        raise ConfigError([f"the {what} {place} is no UTF-8 text: {error.reason} at byte {error.start}"]) from None
    document = _parse(text, place, what)
    if not isinstance(document, dict):
        held = "is empty" if document is None else f"holds a {type(document).__name__}"
        raise ConfigError([f"the {what} {place} {held}; it must be an object with keys"])
    return document


def _parse(text: str, place: Path, what: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as json_error:
        import yaml

        try:
            document = yaml.safe_load(text)
        except yaml.YAMLError as yaml_error:
            as_json = f"JSON ({json_error.msg}, line {json_error.lineno})"
            as_yaml = f"YAML ({_yaml_reason(yaml_error)})"
            raise ConfigError([f"the {what} {place} is neither {as_json} nor {as_yaml}"]) from None
        if text.lstrip().startswith("{"):
            line, reason = _json_flaw(text, json_error)
            warnings.warn(
                f"{place.name}, line {line}: not valid JSON ({reason}); read as YAML", ConfigFileWarning, stacklevel=4
            )
        return document


def _yaml_reason(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    reason = str(getattr(error, "problem", None) or error).splitlines()[0]
    return f"{reason}, line {mark.line + 1}" if mark else reason


def _json_flaw(text: str, error: json.JSONDecodeError) -> tuple[int, str]:
    """The line to look at and what is wrong there: for a comma too many the comma's own, wherever the parser noticed."""
    before = text[: error.pos + 1].rstrip("}] \t\r\n")
    if not before.endswith(","):
        return error.lineno, error.msg
    return before.count("\n") + 1, "a comma before the closing bracket"
