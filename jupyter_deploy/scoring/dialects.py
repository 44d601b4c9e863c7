"""One schema for three versions: what OpenAPI 3.1 says (JSON Schema), as OpenAPI 3.0 and Swagger 2.0 can say it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_ALIKE = (
    "title", "description", "default", "enum", "format", "multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    "minLength", "maxLength", "pattern", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "required", "type",
    "items", "properties", "additionalProperties", "allOf", "example", "readOnly",
)  # fmt: skip
_KNOWN = {
    "3.0": {*_ALIKE, "anyOf", "oneOf", "not", "nullable", "writeOnly", "deprecated"},
    "2.0": {*_ALIKE, "x-nullable"},
}


def lowered(schema: Mapping[str, Any], version: str) -> dict[str, Any]:
    """Return a schema as a version can say it; what it has no word for is left open.

    Parameters
    ----------
    schema : of OpenAPI 3.1. version : "2.0", "3.0" or "3.1".

    >>> lowered({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "3.0")
    {'type': 'integer', 'nullable': True}
    """
    if version == "3.1":
        return dict(schema)
    nullable = "nullable" if version == "3.0" else "x-nullable"
    said = _without_null({**schema}, nullable)
    if version == "2.0" and said.get("default", "") is None:
        del said["default"]
    if "const" in said:
        said["enum"] = [said["const"]]
    if said.get("examples"):
        said.setdefault("example", said["examples"][0])
    for bound, inclusive in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if bound in said and not isinstance(said[bound], bool):
            said[inclusive], said[bound] = said[bound], True
    if said.get("type") == "array" and not isinstance(said.get("items"), dict):
        said["items"] = {}
    return {key: _inside(key, value, version) for key, value in said.items() if key in _KNOWN[version]}


def _without_null(schema: dict[str, Any], nullable: str) -> dict[str, Any]:
    if schema.get("type") == "null":
        return {**{key: item for key, item in schema.items() if key != "type"}, "enum": [None], nullable: True}
    for word in ("anyOf", "oneOf"):
        options = schema.get(word, [])
        real = [option for option in options if option.get("type") != "null"]
        if len(real) == len(options):
            continue
        rest = {key: item for key, item in schema.items() if key != word}
        return {**(real[0] if len(real) == 1 else {word: real}), **rest, nullable: True}
    return schema


def _inside(key: str, value: Any, version: str) -> Any:
    if key == "properties":
        return {name: lowered(item, version) for name, item in value.items()}
    if key in ("allOf", "anyOf", "oneOf"):
        return [lowered(item, version) for item in value]
    if key in ("items", "additionalProperties", "not") and isinstance(value, dict):
        return lowered(value, version)
    return value
