from __future__ import annotations

from typing import Any

import pytest

from jupyter_deploy.widgets.input_schema import input_schema, sample_of, table_parameter

POINT = {"type": "object", "properties": {"x": {"type": "number"}, "next": {"$ref": "#/definitions/Point"}}}


def document(schema: Any, **more: Any) -> dict[str, Any]:
    return {"paths": {"/score": {"post": {"parameters": [{"in": "body", "schema": schema}]}}}, **more}


def test_references_are_resolved_and_those_that_never_end_are_left_open() -> None:
    given = document(
        {"$ref": "#/definitions/Input"}, definitions={"Point": POINT, "Input": {"$ref": "#/definitions/Point"}}
    )
    schema = input_schema(given)
    assert schema["properties"]["x"] == {"type": "number"}
    depth = 0
    while schema:
        schema = schema["properties"]["next"] if "properties" in schema else {}
        depth += 1
    assert 5 < depth < 20


def test_version_3_and_a_prefix() -> None:
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/a~1b"}}}}
    given = {"paths": {"/prefix/score": {"post": {"requestBody": body}}}, "components": {"schemas": {"a/b": POINT}}}
    assert input_schema(given)["properties"]["x"] == {"type": "number"}


@pytest.mark.parametrize(
    "odd",
    [{}, {"paths": []}, {"paths": {"/score": 3}}, document(3), document({"$ref": "#/nowhere"}), document({"$ref": 1})],
)
def test_a_document_that_says_nothing_of_it_is_an_open_schema(odd: dict[str, Any]) -> None:
    assert not input_schema(odd).get("properties")


def test_the_sample_is_json_text_and_an_empty_one_is_none() -> None:
    assert sample_of({"example": {"a": [1.0, "é"]}}) == '{"a": [1.0, "é"]}'
    assert sample_of({"examples": [[1]]}) == "[1]"
    assert sample_of({"example": {}}) == sample_of({}) == ""


def test_a_table_is_for_the_first_list() -> None:
    properties = {"how": {"type": "string"}, "rows": {"type": "array"}, "more": {"type": "array"}}
    assert table_parameter({"properties": properties}) == "rows"
    assert table_parameter({}) == "data"
