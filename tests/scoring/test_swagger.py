"""The swagger documents and the page made of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV2SpecValidator, OpenAPIV30SpecValidator, OpenAPIV31SpecValidator

from .fronts import Front, make_bundle

DECORATED = """
import numpy as np
from inference_schema.schema_decorators import input_schema, output_schema
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType

def init():
    pass

@input_schema("data", NumpyParameterType(np.array([[10, 9, 8, 7, 6, 5, 4, 3, 2, 1]])))
@output_schema(NumpyParameterType(np.array([3726.995])))
def run(data):
    return data
"""
MIXED = """
from inference_schema.schema_decorators import input_schema
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType

def init():
    pass

@input_schema("data", StandardPythonParameterType([1, "</pre><script>alert(1)</script>"]))
def run(data):
    return data
"""


@pytest.fixture(scope="module")
def decorated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    settings = make_bundle(tmp_path_factory.mktemp("swagger"), DECORATED, version="7", authEnabled=False)
    with Front(settings, environment={"SERVICE_PATH_PREFIX": "api/v1/service"}).serve() as front:
        yield front


@pytest.mark.parametrize(
    ("asked", "mark", "schemas", "validator"),
    [
        ("", ("swagger", "2.0"), ("definitions",), OpenAPIV2SpecValidator),
        ("?version=2.0", ("swagger", "2.0"), ("definitions",), OpenAPIV2SpecValidator),
        ("?version=3", ("openapi", "3.0.3"), ("components", "schemas"), OpenAPIV30SpecValidator),
        ("?version=3.1", ("openapi", "3.1.0"), ("components", "schemas"), OpenAPIV31SpecValidator),
    ],
)
def test_documents(
    decorated: Front, asked: str, mark: tuple[str, str], schemas: tuple[str, ...], validator: Any
) -> None:
    document = decorated.ask("GET", "/swagger.json" + asked).json
    validator(document).validate()
    assert document[mark[0]] == mark[1]
    assert (document["info"]["title"], document["info"]["version"]) == ("test-service", "7")
    assert set(document["paths"]) == {f"/api/v1/service/{path}" for path in ("", "score", "swagger.json")}
    parts = document
    for key in schemas:
        parts = parts[key]
    assert parts["ServiceInput"] == {
        "type": "object",
        "properties": {
            "data": {
                "type": "array",
                "items": {"type": "array", "items": {"type": "integer", "format": "int64"}},
                "format": "numpy.ndarray",
            }
        },
        "example": {"data": [[10, 9, 8, 7, 6, 5, 4, 3, 2, 1]]},
    }
    assert parts["ServiceOutput"]["example"] == [3726.995]


def test_a_version_that_does_not_exist(decorated: Front) -> None:
    reply = decorated.ask("GET", "/swagger.json?version=4")
    assert reply.status == 404
    assert "there is 2.0, 3.0, 3.1" in reply.json["message"]
    assert reply.headers["x-ms-run-function-failed"] == "False"


def test_an_undecorated_script_has_documents_too(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path)).serve() as front:
        document = front.ask("GET", "/swagger.json").json
        OpenAPIV2SpecValidator(document).validate()
        assert document["definitions"]["ServiceInput"] == {"type": "object", "example": {}}
        assert document["definitions"]["ServiceOutput"] == {"type": "object", "example": {}}


def test_a_sample_that_swagger_2_cannot_describe_and_a_page_that_escapes_it(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path, MIXED)).serve() as front:
        refused = front.ask("GET", "/swagger.json?version=2")
        assert (refused.status, "there is 3.0, 3.1" in refused.json["message"]) == (404, True)
        page = front.ask("GET", "/docs")
        assert page.headers["content-type"].startswith("text/html")
        assert b"POST /score" in page.body
        assert b"&lt;script&gt;" in page.body
        assert b"<script" not in page.body


def test_files_of_the_user_come_first(tmp_path: Path) -> None:
    files = {"swagger.json": json.dumps({"mine": 2}), "swagger3.json": json.dumps({"mine": 3})}
    with Front(make_bundle(tmp_path, files=files)).serve() as front:
        assert front.ask("GET", "/swagger.json").json == {"mine": 2}
        assert front.ask("GET", "/swagger.json?version=3").json == {"mine": 3}
        assert front.ask("GET", "/swagger.json?version=3.1").json["openapi"] == "3.1.0"
        assert front.ask("GET", "/docs").status == 200


@pytest.mark.parametrize(("content", "problem"), [("{", "is not valid JSON"), ("[]", "is not a JSON object")])
def test_a_file_of_the_user_that_is_no_document(tmp_path: Path, content: str, problem: str) -> None:
    with Front(make_bundle(tmp_path, files={"swagger.json": content})) as front:
        assert f"swagger.json {problem}" in front.expect("failed")["message"]
