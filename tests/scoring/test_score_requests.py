"""What a client of ``/score`` gets, for every kind of run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from .fronts import Front, make_bundle, wait_for

PLAIN = """
import asyncio, datetime, json, math, sys
from azureml.contrib.services.aml_response import AMLResponse

class Unreadable(AMLResponse):
    def __init__(self):
        super().__init__("x", 200)
    def get_data(self):
        raise OSError("no disk")

def init():
    pass

def run(text, request_headers):
    if text == "headers":
        return request_headers["X-Own"]
    if text == "raise":
        raise ValueError("secret text")
    if text == "exit":
        sys.exit(3)
    if text == "cancel":
        raise asyncio.CancelledError
    if text == "unreadable":
        return Unreadable()
    if text == "none":
        return None
    if text == "nan":
        return {"a": math.nan, "b": [math.inf, 1.5]}
    if text == "odd":
        return {"when": datetime.datetime(2026, 1, 2), "bytes": b"ab", "set": {1}, "big": 2 ** 80, 3: "three"}
    if text == "unwritable":
        return object()
    if text == "teapot":
        return AMLResponse({"short": "stout"}, 418, {"X-Tag": "a, b"})
    if text == "unavailable":
        return AMLResponse("down", 503)
    if text == "forged":
        return AMLResponse("x", 200, {"X-Bad": "a\\r\\nX-Evil: 1"})
    return text
"""

DECORATED = """
import numpy as np, pandas as pd
from inference_schema.schema_decorators import input_schema, output_schema
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
from inference_schema.parameter_types.pandas_parameter_type import PandasParameterType
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType

def init():
    pass

@input_schema("data", NumpyParameterType(np.array([[1.0, 2.0]])))
@input_schema("table", PandasParameterType(pd.DataFrame({"a": [1], "b": ["x"]})))
@input_schema("factor", StandardPythonParameterType(2.0))
def run(data, table=pd.DataFrame({"a": [1], "b": ["y"]}), factor=2.0):
    if factor == 13:
        raise ValueError("unlucky")
    return {"sums": data.sum(axis=1) * factor, "table": table, "first": data[0][0], "when": np.array(["2026-01-02"], "M8[ns]")}
"""

RAW = """
from azureml.contrib.services.aml_request import AMLRequest, rawhttp
from azureml.contrib.services.aml_response import AMLResponse

def init():
    pass

@rawhttp
def run(request):
    if request.files:
        return [request.form["kind"], request.files["image"].filename, len(request.files["image"].read())]
    headers = {"Content-Type": "image/png", "X-Arg": request.args.get("a", "")}
    return AMLResponse(request.method.encode() + b" " + request.get_data(), 200, headers)
"""


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with Front(make_bundle(tmp_path_factory.mktemp("plain"), PLAIN, maxBodyMb=1)).serve() as front:
        yield front


@pytest.fixture(scope="module")
def decorated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with Front(make_bundle(tmp_path_factory.mktemp("decorated"), DECORATED)).serve() as front:
        yield front


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with Front(make_bundle(tmp_path_factory.mktemp("raw"), RAW)).serve() as front:
        yield front


def test_plain_run_gets_text_whatever_the_content_type(plain: Front) -> None:
    assert plain.post("grüße".encode(), {"Content-Type": "image/png"}).json == "grüße"
    assert plain.post(b"").json == ""
    refused = plain.post(b"\xff\xfe")
    assert refused.status == 400
    assert "not UTF-8" in refused.json["message"]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("", "{}"),
        ("?a=1&b=x&a=2", '{"a": [1, 2], "b": "x"}'),
        ("?list=[1,2]&empty=", '{"list": [1, 2], "empty": ""}'),
    ],
)
def test_plain_run_gets_query_arguments_as_json(plain: Front, query: str, text: str) -> None:
    assert plain.ask("GET", "/score" + query).json == text


def test_request_headers(plain: Front) -> None:
    assert plain.post("headers", {"x-own": "mine"}).json == "mine"


def test_run_that_raises(plain: Front) -> None:
    reply = plain.post("raise", {"x-request-id": "abc-1"})
    assert reply.status == 500
    assert reply.headers["x-ms-run-function-failed"] == "True"
    assert reply.json == {"message": "run() raised ValueError; see the service's log, request id abc-1"}
    assert "x-ms-run-fn-exec-ms" not in reply.headers
    entry = plain.log[plain.log.index("run() raised ValueError (request abc-1)") :]
    assert 'score.py", line 18, in run' in entry
    assert "secret text" in entry
    assert "jupyter_deploy_scoring" not in entry


@pytest.mark.parametrize(("text", "raised"), [("exit", "SystemExit"), ("cancel", "CancelledError")])
def test_run_that_ends_more_than_itself_counts_as_raised_and_the_worker_goes_on(
    plain: Front, text: str, raised: str
) -> None:
    reply = plain.post(text)
    assert (reply.status, reply.headers["x-ms-run-function-failed"]) == (500, "True")
    assert f"run() raised {raised}" in reply.json["message"]
    assert plain.post("still here").status == 200
    assert [event for event in plain.events if event["event"] == "worker_exited"] == []


def test_answers_are_always_valid_json(plain: Front) -> None:
    assert plain.post("none").json == {}
    assert plain.post("nan").json == {"a": None, "b": [None, 1.5]}
    expected = {"when": "2026-01-02T00:00:00", "bytes": "YWI=", "set": [1], "big": 2**80, "3": "three"}
    assert plain.post("odd").json == expected


def test_result_that_cannot_be_written(plain: Front) -> None:
    reply = plain.post("unwritable")
    assert (reply.status, reply.headers["x-ms-run-function-failed"]) == (500, "False")
    assert "run() returned object" in reply.json["message"]


def test_result_that_raises_when_it_is_read(plain: Front) -> None:
    reply = plain.post("unreadable")
    assert (reply.status, reply.headers["x-ms-run-function-failed"]) == (500, "False")
    assert "run() returned score.Unreadable" in reply.json["message"]
    assert plain.post("still here").status == 200


def test_response_of_the_script(plain: Front) -> None:
    connection = plain.connect()
    connection.request("POST", "/score", "teapot")
    response = connection.getresponse()
    assert (response.status, json.loads(response.read())) == (418, {"short": "stout"})
    assert response.headers.get_all("x-tag") == ["a", "b"]
    assert response.headers["x-ms-run-function-failed"] == "False"
    connection.close()
    down = plain.post("unavailable")
    assert (down.status, down.body, down.headers["x-ms-run-function-failed"]) == (503, b"down", "True")


def test_response_with_a_header_that_http_forbids(plain: Front) -> None:
    reply = plain.post("forged")
    assert reply.status == 500
    assert "x-evil" not in reply.headers


def test_headers_of_an_answer(plain: Front) -> None:
    reply = plain.post("x", {"x-ms-client-request-id": "client-1", "TraceId": "t1"})
    assert len(reply.headers["x-request-id"]) == 36
    assert reply.headers["x-ms-client-request-id"] == "client-1"
    assert reply.headers["x-ms-request-id"] == "client-1"
    assert reply.headers["traceid"] == "t1"
    assert reply.headers["x-ms-run-function-failed"] == "False"
    assert float(reply.headers["x-ms-run-fn-exec-ms"]) >= 0
    assert reply.headers["x-ms-run-fn-exec-ms"].partition(".")[2].isdigit()
    assert "date" in reply.headers


def test_the_deprecated_id_becomes_the_client_id(plain: Front) -> None:
    reply = plain.post("x", {"x-ms-request-id": "old-1"})
    assert reply.headers["x-ms-client-request-id"] == "old-1"
    assert "x-ms-request-id is deprecated" in plain.log


@pytest.mark.parametrize("header", ["x-request-id", "x-ms-client-request-id"])
def test_an_id_that_is_too_long(plain: Front, header: str) -> None:
    reply = plain.post("x", {header: "a" * 101})
    assert reply.status == 431
    assert header in reply.json["message"]


def test_an_id_cannot_forge_a_log_line(plain: Front) -> None:
    plain.post("raise", {"x-request-id": "id\t\x9b31m evil"})
    assert "(request id??31m evil)" in plain.log


def test_other_methods_and_paths(plain: Front) -> None:
    refused = plain.ask("PUT", "/score")
    assert (refused.status, refused.headers["allow"]) == (405, "GET, POST, OPTIONS")
    assert plain.ask("OPTIONS", "/score").status == 200
    lost = plain.ask("GET", "/nowhere")
    assert lost.status == 404
    assert "x-request-id" not in lost.headers


def test_body_over_the_limit(plain: Front) -> None:
    reply = plain.post(b"x" * (1024 * 1024 + 1))
    assert reply.status == 413
    assert "max_body_mb" in reply.json["message"]
    assert plain.post(b"x" * 1024 * 1024).status == 200


def test_chunked_bodies(plain: Front) -> None:
    connection = plain.connect()
    connection.request(
        "POST", "/score", iter([b"ab", b"cd"]), encode_chunked=True, headers={"Transfer-Encoding": "chunked"}
    )
    assert json.loads(connection.getresponse().read()) == "abcd"
    pieces = (b"x" * 65536 for _ in range(17))
    connection.request("POST", "/score", pieces, encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
    response = connection.getresponse()
    assert (response.status, b"max_body_mb" in response.read()) == (413, True)
    connection.request("POST", "/score", b"next")
    assert json.loads(connection.getresponse().read()) == "next"
    connection.close()


def test_huge_headers(plain: Front) -> None:
    assert plain.post("x", {"X-Large": "a" * 70_000}).status == 431
    assert plain.post("x", {"X-Large": "a" * 30_000}).status == 200


def test_access_log(plain: Front) -> None:
    plain.ask("GET", "/score?a=%0a2026")
    plain.ask("GET", "/")
    wait_for(lambda: " azmlinfsrv - GET /score?a=%0a2026 200 " in plain.log)
    assert "GET / " not in plain.log


def test_decorated_run(decorated: Front) -> None:
    reply = decorated.post({"data": [[1, 2], [3, 4]], "table": [{"a": 1, "b": "x"}], "factor": 1, "extra": None})
    expected = {
        "sums": [3.0, 7.0],
        "table": [{"a": 1, "b": "x"}],
        "first": 1.0,
        "when": ["2026-01-02T00:00:00"],
    }
    assert (reply.status, reply.json) == (200, expected)


def test_decorated_run_gets_defaults_and_query_arguments(decorated: Front) -> None:
    assert decorated.post({"data": [[1, 2]]}).json["sums"] == [6.0]
    assert decorated.ask("GET", "/score?data=[[1,2]]&factor=3").json["sums"] == [9.0]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "the body is empty"),
        (b"{", "not valid JSON: Expecting property name"),
        (b"[1]", "must be a JSON object with run()'s parameters, but is an array"),
        ({"Data": [[1, 2]]}, "the input has no 'data'"),
        ({"data": [[1, 2], [1, 2, 3]]}, "'data' does not fit the sample at item 1"),
        ({"data": [[1, 2], [1, "x"]]}, "'data' does not fit the sample at item 1, column 1: could not convert"),
        ({"data": [1, 2]}, "2 dimensions is expected"),
        ({"data": 1}, "expected an array"),
        ({"data": [[1, 2]], "table": [{"a": 1}]}, "'table' does not fit the sample at item 0 (without column 'b')"),
        ({"data": [[1, 2]], "table": [{"a": "x", "b": "x"}]}, "column 'a'"),
        ({"data": [[1, 2]], "factor": "x"}, "'factor' does not fit the sample: Invalid input data type"),
        ({"data": [[1, 2]], "table": [{"a": "\ud800", "b": "x"}]}, "column 'a'"),
    ],
)
def test_input_that_does_not_fit_is_the_clients_fault(decorated: Front, body: Any, words: str) -> None:
    reply = decorated.post(body, {"Content-Type": "application/json"})
    assert (reply.status, reply.headers["x-ms-run-function-failed"]) == (400, "False")
    assert words in reply.json["message"]


def test_an_error_in_a_decorated_run_is_the_scripts_fault(decorated: Front) -> None:
    reply = decorated.post({"data": [[1, 2]], "factor": 13})
    assert (reply.status, reply.headers["x-ms-run-function-failed"]) == (500, "True")


def test_decorated_run_wants_json(decorated: Front) -> None:
    body = '{"data": [[NaN, 2]]}'
    assert decorated.post(body, {"Content-Type": "application/json; charset=utf-8"}).json["sums"] == [None]
    assert decorated.post(body, {"Content-Type": "application/vnd.own+json"}).status == 200
    assert decorated.post(body, {"Content-Type": "text/plain"}).status == 415
    assert decorated.post(body).status == 415


def test_raw_run_gets_the_request(raw: Front) -> None:
    reply = raw.ask("POST", "/score?a=1", b"\xff")
    assert (reply.body, reply.headers["content-type"], reply.headers["x-arg"]) == (b"POST \xff", "image/png", "1")
    assert raw.ask("OPTIONS", "/score").body == b"OPTIONS "


def test_raw_run_gets_uploaded_files(raw: Front) -> None:
    body = (
        b'--cut\r\nContent-Disposition: form-data; name="kind"\r\n\r\ncat\r\n'
        b'--cut\r\nContent-Disposition: form-data; name="image"; filename="c.png"\r\n'
        b"Content-Type: image/png\r\n\r\n\x89PNG\r\n\xff\x00\r\n--cut--\r\n"
    )
    reply = raw.post(body, {"Content-Type": "multipart/form-data; boundary=cut"})
    assert reply.json == ["cat", "c.png", 8]
