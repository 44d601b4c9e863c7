"""Schemas of custom resources (tests/data/crds), to hold objects against.

They are not installed on the lab's cluster: its API server, Kubernetes 1.20 built with Go 1.19, ends with a fault in ``reflect2`` at the
first custom resource that it is given.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from jupyter_deploy.targets.kubernetes.kinds import Object

_SCHEMAS = Path(__file__).parents[2] / "data" / "crds"


def problems(thing: Object) -> list[str]:
    """What a cluster with the resource would object to, and keys that it would drop."""
    return [f"{error.json_path}: {error.message}" for error in _validator(thing["kind"]).iter_errors(thing)]


@cache
def _validator(kind: str) -> Draft202012Validator:
    schema = json.loads((_SCHEMAS / f"{kind.lower()}.json").read_text(encoding="utf-8"))
    return Draft202012Validator(_strict(schema))


def _strict(node: Any) -> Any:
    """The schema with nothing allowed that it does not name, as a cluster would drop that."""
    if not isinstance(node, dict):
        return node
    if node.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]}
    made = {key: _strict(value) for key, value in node.items()}
    if isinstance(node.get("properties"), dict):
        made["properties"] = {name: _strict(value) for name, value in node["properties"].items()}
        made.setdefault("additionalProperties", False)
    return made
