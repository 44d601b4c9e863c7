"""The Open Inference Protocol V2, as Triton's client speaks it, and as nobody should."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from tests.scoring.fronts import Front, Reply, make_bundle

MODEL = "test-service"
ROWS = np.arange(6.0).reshape(2, 3)


@pytest.fixture(scope="module")
def client(arrays: Front) -> Iterator[Any]:
    made = triton.InferenceServerClient(f"127.0.0.1:{arrays.port}")
    yield made
    made.close()


def tensor(name: str, value: Any, kind: str, binary: bool = True) -> Any:
    made = triton.InferInput(name, list(value.shape), kind)
    made.set_data_from_numpy(value, binary_data=binary)
    return made


def test_what_the_service_is(client: Any) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready(MODEL)
    assert client.is_model_ready(MODEL, "1.0")
    assert not client.is_model_ready("other")
    assert client.get_server_metadata()["extensions"] == ["binary_tensor_data"]
    assert client.get_model_metadata(MODEL) == {
        "name": MODEL,
        "versions": ["1.0"],
        "platform": "python",
        "inputs": [
            {"name": "data", "datatype": "FP64", "shape": [-1, 3]},
            {"name": "what", "datatype": "BYTES", "shape": [1]},
        ],
        "outputs": [{"name": "output", "datatype": "FP64", "shape": [-1]}],
    }


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize(("rows", "kind"), [(ROWS, "FP64"), (ROWS.astype("f4"), "FP32"), (ROWS.astype("i8"), "INT64")])
def test_tensors_in_and_out(client: Any, rows: Any, kind: str, binary: bool) -> None:
    wanted = None if binary else [triton.InferRequestedOutput("output", binary_data=False)]
    answer = client.infer(MODEL, [tensor("data", rows, kind, binary)], outputs=wanted, request_id="7")
    assert answer.as_numpy("output").tolist() == [3.0, 12.0]
    response = answer.get_response()
    assert (response["id"], response["model_name"], "model_version" in response) == ("7", MODEL, False)
    assert ("data" in response["outputs"][0]) is not binary


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_compressed_request_of_a_version(client: Any, coding: str) -> None:
    answer = client.infer(MODEL, [tensor("data", ROWS, "FP64")], "1.0", request_compression_algorithm=coding)
    assert answer.as_numpy("output").tolist() == [3.0, 12.0]
    assert answer.get_response()["model_version"] == "1.0"


@pytest.mark.parametrize("binary", [True, False])
def test_texts_and_several_outputs(client: Any, binary: bool) -> None:
    inputs = [tensor("data", ROWS, "FP64"), tensor("what", np.array(["columns"], dtype=object), "BYTES", binary)]
    answer = client.infer(
        MODEL, inputs, outputs=[triton.InferRequestedOutput(name, binary) for name in ("names", "first")]
    )
    assert [item["name"] for item in answer.get_response()["outputs"]] == ["names", "first"]
    assert answer.as_numpy("first").tolist() == [0.0, 3.0]
    assert [str(text, "utf-8") if binary else text for text in answer.as_numpy("names")] == ["a", "a"]
    with pytest.raises(InferenceServerException, match="there is no output 'other'"):
        client.infer(MODEL, inputs, outputs=[triton.InferRequestedOutput("other")])


def test_what_is_no_tensor_is_its_json(client: Any) -> None:
    inputs = [tensor("data", ROWS, "FP64"), tensor("what", np.array(["ragged"], dtype=object), "BYTES")]
    assert [json.loads(text) for text in client.infer(MODEL, inputs).as_numpy("output")] == [[[1], [2, 3]]]


def test_errors_are_the_protocols(client: Any) -> None:
    with pytest.raises(InferenceServerException, match=r"its shape is \(2, 2\), but must be \(n, 3\)") as error:
        client.infer(MODEL, [tensor("data", ROWS[:, :2].copy(), "FP64")])
    assert error.value.status() == "400"
    with pytest.raises(InferenceServerException, match="the model is called test-service"):
        client.infer("other", [tensor("data", ROWS, "FP64")])
    with pytest.raises(InferenceServerException, match="run\\(\\) raised KeyError") as error:
        client.infer(MODEL, [tensor("data", ROWS, "FP64"), tensor("what", np.array(["?"], dtype=object), "BYTES")])
    assert error.value.status() == "500"


def infer(front: Front, document: Any, binary: bytes = b"", **headers: str) -> Reply:
    head = document if isinstance(document, bytes) else json.dumps(document).encode()
    length = {"Inference-Header-Content-Length": str(len(head))} if binary else {}
    return front.ask("POST", f"/v2/models/{MODEL}/infer", head + binary, {**length, **headers})


def data(**facts: Any) -> dict[str, Any]:
    return {"inputs": [{"name": "data", "shape": [1, 3], "datatype": "FP64", "data": [1, 2, 3], **facts}]}


SIZED = {"parameters": {"binary_data_size": 24}}


@pytest.mark.parametrize(
    ("document", "binary", "reason"),
    [
        (b"", b"", "not valid JSON"), (b"[" * 3000, b"", "not valid JSON"), (b'{"inputs": NaN}', b"", "not valid JSON"),
        ([1], b"", "must be a JSON object"), ({}, b"", "inputs must be a list"), ({"inputs": [1]}, b"", "inputs must be a list"),
        ({"inputs": [{}]}, b"", "needs a name"), ({"inputs": data()["inputs"] * 2}, b"", "a name of its own"),
        ({"inputs": []}, b"", "the input has no 'data'"), (data(name="other"), b"", "there is no input 'other'"),
        (data(shape=[3, -1]), b"", "list of whole numbers"), (data(shape=[True]), b"", "list of whole numbers"),
        (data(shape=[10**18]), b"", "3 elements, but its shape"), (data(shape=[1, 4]), b"", "3 elements, but its shape"),
        (data(datatype="FP128"), b"", "must be one of BOOL"), (data(datatype=[]), b"", "must be one of BOOL"),
        (data(data=None), b"", "no list of FP64"), (data(data=[1, 2, "x"]), b"", "no list of FP64"),
        (data(datatype="INT8", data=[1, 2, 300]), b"", "no list of INT8"), (data(data=[[1, 2], [3]]), b"", "no list of FP64"),
        (data(data=[1, 2, 10**400]), b"", "not valid JSON"), (data(parameters=3), b"", "parameters must be an object"),
        (data(parameters={"binary_data_size": -1}), b"x", "but 1 bytes are there"), (data(**SIZED), b"x" * 23, "but 23 bytes are there"),
        (data(**SIZED), b"x" * 25, "1 bytes follow"), (data(**SIZED, shape=[1, 4]), b"x" * 24, "needs 32 bytes"),
        (data(**SIZED, datatype="BYTES"), b"\xff" * 24, "its lengths do not fit"),
        ({**data(), "id": 7}, b"", "id must be a text"), ({**data(), "outputs": [{"name": 3}]}, b"", "needs a name"),
    ],
)  # fmt: skip
def test_what_is_not_the_protocol_is_refused(arrays: Front, document: Any, binary: bytes, reason: str) -> None:
    reply = infer(arrays, document, binary)
    assert (reply.status, reason in reply.json["error"]) == (400, True), reply.json


@pytest.mark.parametrize("length", ["-1", "9999", "x", "1" * 5000, "²"])
def test_lengths_that_are_none(arrays: Front, length: str) -> None:
    headers = {"Inference-Header-Content-Length": length}
    reply = arrays.ask("POST", f"/v2/models/{MODEL}/infer", b"{}", headers)
    assert (reply.status, "must be a number within" in reply.json["error"]) == (400, True)


def test_a_table_goes_in_by_its_columns(tables: Front) -> None:
    described = tables.ask("GET", f"/v2/models/{MODEL}").json["inputs"]
    assert described == [
        {"name": "size", "datatype": "FP64", "shape": [-1]},
        {"name": "name", "datatype": "BYTES", "shape": [-1]},
    ]
    size = {"name": "size", "shape": [2, 1], "datatype": "INT32", "data": [[1], [2]]}
    name = {"name": "name", "shape": [2], "datatype": "BYTES", "data": ["x", "y"]}
    answer = infer(tables, {"inputs": [name, size]}).json["outputs"]
    assert answer == [
        {"name": "twice", "datatype": "FP64", "shape": [2], "data": [2.0, 4.0]},
        {"name": "name", "datatype": "BYTES", "shape": [2], "data": ["X", "Y"]},
    ]
    assert "without column 'size'" in infer(tables, {"inputs": [name]}).json["error"]
    assert "not of one length" in infer(tables, {"inputs": [{**name, "shape": [1], "data": ["x"]}, size]}).json["error"]
    wide = {"name": "size", "shape": [1, 2], "datatype": "FP64", "data": [1, 2]}
    assert "must have one value for each row" in infer(tables, {"inputs": [name, wide]}).json["error"]
    whole = {"name": "data", "shape": [1, 2], "datatype": "FP64", "data": [1, 2]}
    assert infer(tables, {"inputs": [whole]}).json["outputs"][1]["data"] == ["2.0"]


def test_batched_requests_get_their_own_answers(integers: Front) -> None:
    found: dict[int, Any] = {}

    def ask(number: int) -> None:
        item = {"name": "data", "shape": [1], "datatype": "INT8", "data": [number]}
        body = gzip.compress(json.dumps({"id": str(number), "inputs": [item]}).encode())
        found[number] = infer(integers, body, **{"Content-Encoding": "gzip"}).json

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {number: (reply["id"], reply["outputs"][0]["data"]) for number, reply in found.items()} == {
        number: (str(number), [number]) for number in range(16)
    }


def test_keys_methods_and_runs_without_samples(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"primaryKey": "one", "secondaryKey": "two"}))
    with Front(make_bundle(tmp_path, authEnabled=True), options=("--keys", str(keys))).serve() as front:
        assert [front.ask("GET", f"/v2/health/{what}").status for what in ("live", "ready")] == [200, 200]
        refused = front.ask("GET", "/v2")
        assert (refused.status, list(refused.json)) == (401, ["error"])
        bearer = {"Authorization": "Bearer one"}
        assert front.ask("GET", "/v2/", headers=bearer).status == 200
        assert front.ask("GET", f"/v2/models/{MODEL}/versions/1.0", headers=bearer).json["inputs"] == []
        assert front.ask("GET", f"/v2/models/{MODEL}/versions/2", headers=bearer).status == 404
        reply = front.ask("GET", f"/v2/models/{MODEL}/infer", headers=bearer)
        assert (reply.status, reply.headers["allow"], list(reply.json)) == (405, "POST", ["error"])
        assert "@input_schema" in infer(front, data(), **bearer).json["error"]
        front.kill_worker()
        assert front.ask("GET", "/v2/health/live").status == 200


def test_a_run_with_type_hints_and_a_sample(hinted: Front) -> None:
    described = hinted.ask("GET", f"/v2/models/{MODEL}").json["inputs"]
    assert [item["name"] for item in described] == ["size", "name", "times"]
    size = {"name": "size", "shape": [2], "datatype": "FP64", "data": [1, 2]}
    name = {"name": "name", "shape": [2], "datatype": "BYTES", "data": ["x", "y"]}
    times = {"name": "times", "shape": [1], "datatype": "INT64", "data": [3]}
    assert infer(hinted, {"inputs": [size, name]}).json["outputs"][0]["data"] == [2.0, 4.0]
    assert infer(hinted, {"inputs": [size, name, times]}).json["outputs"][0]["data"] == [3.0, 6.0]
    assert infer(hinted, {"inputs": [size, name, {**times, "datatype": "BYTES", "data": ["x"]}]}).status == 400


WITHOUT_NUMPY = """
import sys
sys.modules["numpy"] = sys.modules["pandas"] = None  # as where they are not installed

from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
from inference_schema.schema_decorators import input_schema

def init():
    pass

@input_schema("data", StandardPythonParameterType({"a": 1}))
def run(data):
    return data["a"]
"""


def test_a_script_with_samples_serves_where_there_is_no_numpy(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path, WITHOUT_NUMPY)).serve() as front:
        assert front.ask("POST", "/score", {"data": {"a": 3}}).json == 3
        assert front.ask("GET", f"/v2/models/{MODEL}").json["inputs"] == []
        assert "error" in infer(front, data()).json
