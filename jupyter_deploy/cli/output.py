"""What commands print on standard output: a JSON document, or on request text for people. Nothing else goes there."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from jupyter_deploy.sdk.descriptions import summary
from jupyter_deploy.sdk.display import text_table
from jupyter_deploy.sdk.model import Model
from jupyter_deploy.sdk.previewing import Preview
from jupyter_deploy.sdk.webservice import Webservice

MODEL_KEYS = (
    "name", "id", "version", "framework", "frameworkVersion", "createdTime", "tags", "properties", "description", "experimentName",
    "runId", "cpu", "memoryInGB", "gpu",
)  # fmt: skip
MODEL_LIST_KEYS = MODEL_KEYS[:6]


def model_document(model: Model, keys: Sequence[str], verbose: bool) -> dict[str, Any]:
    """A model as printed: some keys, or all of them (azureml-v1 8.2)."""
    whole = model.serialize()
    if verbose:
        return whole
    resources = model.resource_configuration or {}
    facts = {**whole, **{key: resources.get(key) for key in ("cpu", "memoryInGB", "gpu")}}
    return {key: facts[key] for key in keys}


def service_document(service: Webservice, verbose: bool) -> dict[str, Any]:
    """A service as printed: some keys, or all of them."""
    return service.serialize() if verbose else summary(service.view)


class Document(str):
    """A document in a form of its own, such as YAML, which is printed as it is."""

    __slots__ = ()


def preview_document(preview: Preview) -> Document:
    """What would be made, as printed; what is to be read about it goes to standard error."""
    complain(*preview.findings, preview.difference)
    return Document(preview.manifests)


def show(result: Any, form: str) -> None:
    """Print a command's result.

    Parameters
    ----------
    result : a document, or an iterator of lines, which are printed as they come (as JSON: one text on each line).
    form : "json" or "table".
    """
    if isinstance(result, Iterator):
        for line in result:
            print(json.dumps(line, ensure_ascii=False) if form == "json" else line, flush=True)  # noqa: T201  (the result)
        return
    is_json = form == "json" and not isinstance(result, Document)
    text = json.dumps(result, indent=2, ensure_ascii=False) if is_json else _for_people(result).removesuffix("\n")
    print(text, end="\n" if text else "", flush=True)  # noqa: T201  (the result)


def complain(*lines: object) -> None:
    """Print lines on standard error."""
    print(*lines, sep="\n", file=sys.stderr, flush=True)  # noqa: T201  (what the person has to read)


def _for_people(result: Any) -> str:
    if isinstance(result, str):
        return result
    if isinstance(result, Mapping) and result:
        return text_table([{"key": key, "value": _moment(key, value)} for key, value in result.items()])
    if isinstance(result, list) and _have_the_same_keys(result):
        return text_table([{key: _moment(key, value) for key, value in item.items()} for item in result])
    if isinstance(result, list) and all(isinstance(item, str) for item in result):
        return "\n".join(result)
    return json.dumps(result, ensure_ascii=False)


def _have_the_same_keys(items: Sequence[Any]) -> bool:
    """Whether a list fits into a table; the answer of a service may hold anything."""
    if not all(isinstance(item, Mapping) for item in items):
        return False
    keys = {tuple(item) for item in items}
    return len(keys) == 1 and keys != {()}


def _moment(key: str, value: Any) -> Any:
    """Times without fractions, in the user's own zone."""
    if not (key.endswith("Time") and isinstance(value, str)):
        return value
    try:
        return datetime.fromisoformat(value).astimezone().strftime("%Y-%m-%dT%H:%M:%S")
    except ValueError:
        return value  # a service's own answer, in a form of its own
