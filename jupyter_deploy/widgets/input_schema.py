"""What a service says of its input: the schema and the sample in its OpenAPI description, whichever version of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_DEEPEST = 12


def input_schema(document: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of a scoring request's body, with every reference in it resolved; empty where the document has none.

    Parameters
    ----------
    document : OpenAPI 2.0, 3.0 or 3.1.
    """
    paths = _mapping(document.get("paths"))
    operations = [_mapping(_mapping(item).get("post")) for path, item in paths.items() if path.endswith("/score")]
    for operation in operations:
        media = _mapping(_mapping(operation.get("requestBody")).get("content"))
        bodies = [parameter for parameter in operation.get("parameters", ()) if parameter.get("in") == "body"]
        for holder in [_mapping(media.get("application/json")), *bodies]:
            if isinstance(holder.get("schema"), dict):
                return _mapping(_resolved(holder["schema"], document, 0))
    return {}


def sample_of(schema: Mapping[str, Any]) -> str:
    """The sample in a schema, as JSON text; empty where it has none."""
    examples = schema.get("examples")
    sample = schema.get("example", examples[0] if isinstance(examples, list) and examples else None)
    return "" if sample in (None, {}) else json.dumps(sample, ensure_ascii=False)


def table_parameter(schema: Mapping[str, Any]) -> str:
    """The parameter that a table or an array is for: the first list among them, else ``data``."""
    properties = _mapping(schema.get("properties"))
    return next((name for name, item in properties.items() if _mapping(item).get("type") == "array"), "data")


def _resolved(schema: Any, document: Mapping[str, Any], depth: int) -> Any:
    if isinstance(schema, list):
        return [_resolved(item, document, depth) for item in schema]
    if not isinstance(schema, dict):
        return schema
    reference = schema.get("$ref")
    if isinstance(reference, str):
        return _resolved(_referred(reference, document), document, depth + 1) if depth < _DEEPEST else {}
    return {
        key: value if key in ("example", "examples") else _resolved(value, document, depth)
        for key, value in schema.items()
    }


def _referred(reference: str, document: Mapping[str, Any]) -> Any:
    found: Any = document
    for step in reference.removeprefix("#/").split("/"):
        found = _mapping(found).get(step.replace("~1", "/").replace("~0", "~"))
    return found or {}


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
