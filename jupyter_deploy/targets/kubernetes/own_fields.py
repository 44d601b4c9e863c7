"""Which fields of an object are ours: those that we have applied, as the cluster keeps account of it (``managedFields``)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from jupyter_deploy.targets.kubernetes.cluster import MANAGER
from jupyter_deploy.targets.kubernetes.kinds import Object

Fields = Mapping[str, Any]
"""Fields as a cluster names them: ``f:name`` of an object; ``k:{…}``, ``v:…`` and ``i:0`` of a list's items; none below a whole value."""

_NOTHING: Fields = {".": {}}


def own_part(thing: Object) -> Object:
    """An object with what we have set of it, without defaults, the cluster's own notes and what others have set."""
    entries = thing["metadata"].get("managedFields", ())
    ours: Fields = next((each["fieldsV1"] for each in entries if _is_applied(each)), _NOTHING)
    part = _part(thing, ours)
    about = {"name": thing["metadata"]["name"], **part.pop("metadata", {})}
    return {"apiVersion": thing["apiVersion"], "kind": thing["kind"], "metadata": about, **part}


def _is_applied(entry: Mapping[str, Any]) -> bool:
    return bool(entry.get("manager") == MANAGER and entry.get("operation") == "Apply")


def _part(value: Any, fields: Fields) -> Any:
    if not fields:
        return value
    if isinstance(value, Mapping):
        return {name: _part(each, fields[f"f:{name}"]) for name, each in value.items() if f"f:{name}" in fields}
    items = [(item, _of_item(item, place, fields)) for place, item in enumerate(value)]
    return [_part(item, below) for item, below in items if below is not None]


def _of_item(item: Any, place: int, fields: Fields) -> Fields | None:
    """The fields that are ours of a list's item; None where it is not ours."""
    for key, below in fields.items():
        kind, _, text = key.partition(":")
        if kind == "i" and int(text) == place:
            return below  # type: ignore[no-any-return]
        if kind == "v" and json.loads(text) == item:
            return {}
        if kind == "k" and isinstance(item, Mapping) and json.loads(text).items() <= item.items():
            return below  # type: ignore[no-any-return]
    return None
