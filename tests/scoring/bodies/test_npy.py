"""Arrays as files of numpy, in and out."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jupyter_deploy.scoring.bodies import npy
from tests.scoring.fronts import Front, Reply, make_bundle

NPY = "application/x-npy"


def saved(value: Any, **how: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, value, **how)
    return file.getvalue()


def ask(front: Front, body: bytes, accept: str = "") -> Reply:
    return front.post(body, {"Content-Type": NPY, **({"Accept": accept} if accept else {})})


ROWS = np.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize(
    "array",
    [ROWS, ROWS.astype("f4"), ROWS.astype(">f8"), ROWS.astype("u2"), np.asfortranarray(ROWS), ROWS[::-1][::-1]],
)
def test_an_array_goes_in_whatever_its_layout(arrays: Front, array: Any) -> None:
    reply = ask(arrays, saved(array))
    assert (reply.status, reply.json) == (200, [3.0, 12.0])


def test_a_header_of_version_2(arrays: Front) -> None:
    file = io.BytesIO()
    np.lib.format.write_array(file, ROWS, version=(2, 0))
    assert ask(arrays, file.getvalue()).json == [3.0, 12.0]


@pytest.mark.parametrize(
    ("accept", "given"),
    [
        (NPY, NPY), (f"{NPY};q=0.5, text/html", NPY), (f"application/json;q=0.1, {NPY}", NPY), (f"{NPY}, */*", NPY),
        ("*/*", "application/json"), (f"{NPY};q=0.5, application/json", "application/json"), (f"{NPY};q=0", "application/json"),
        (f"{NPY};q=x", "application/json"), ("text/html", "application/json"),
    ],
)  # fmt: skip
def test_an_array_comes_back_where_the_client_takes_it_best(arrays: Front, accept: str, given: str) -> None:
    reply = ask(arrays, saved(ROWS), accept)
    assert (reply.status, reply.headers["content-type"]) == (200, given)
    answer = np.load(io.BytesIO(reply.body), allow_pickle=False) if given == NPY else np.array(reply.json)
    assert answer.tolist() == [3.0, 12.0]


@pytest.mark.parametrize(
    "array",
    [
        ROWS, ROWS.T, ROWS[:, ::2], np.asfortranarray(ROWS), ROWS.astype(">f4"), np.float32(2), np.zeros((0, 3)), np.array([True]),
        np.arange(24).reshape(2, 3, 4).transpose(1, 0, 2),
    ],
)  # fmt: skip
def test_an_array_is_written_as_numpy_would(array: Any) -> None:
    for _ in range(2):  # the second time with the head of the first
        assert npy.write(array) == saved(array)


def test_what_is_no_array_comes_back_as_json_or_not_at_all(arrays: Front) -> None:
    body = {"data": [[1, 2, 3]], "what": "type"}
    text = {"type": "ndarray float64 True"}
    assert arrays.post(body, {"Accept": f"{NPY}, application/json;q=0.1"}).json == text
    refused = arrays.post(body, {"Accept": NPY})
    assert (refused.status, "accept application/json too" in refused.json["message"]) == (406, True)
    assert arrays.post({"data": [[1, 2, 3]], "what": "ragged"}, {"Accept": NPY}).status == 406


def header(text: str, version: bytes = b"\x01\x00") -> bytes:
    length = struct.pack("<H" if version == b"\x01\x00" else "<I", len(text))
    return b"\x93NUMPY" + version + length + text.encode()


HUGE = header("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000, 3), }")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not a file of numpy.save"), (b"\x93NUMPY", "not a file of numpy.save"), (b"[[1, 2, 3]]", "not a file of numpy.save"),
        (HUGE, "24000000000000 bytes, but holds 0"), (saved(ROWS)[:-1], "but holds 47"), (saved(ROWS) + b"x", "but holds 49"),
        (header("{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 3), }") + bytes(24), "declares an array of shape"),
        (header("[" * 9000), "not a file of numpy.save"), (header("(" * 20_000), "too long"),
        (header("{'descr': '|O', 'fortran_order': False, 'shape': (1, 3), }"), "type object"),
        (header("__import__('os').abort()"), "not a file of numpy.save"), (saved(ROWS.astype("c16")), "type complex128"),
        (saved(np.array([["a", "b", "c"]])), "but must be one of numbers"), (saved(ROWS.astype([("a", "f8")])), "one of numbers"),
        (header("{}", b"\x03\x00"), "version 3"), (header("{}", b"\x09\x00"), "numpy.save"),
        (saved(ROWS[:, :2]), "its shape is (2, 2), but must be (n, 3)"), (saved(ROWS[0]), "but must be (n, 3)"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_the_reason(arrays: Front, body: bytes, reason: str) -> None:
    reply = ask(arrays, body)
    assert (reply.status, reason in reply.json["message"]) == (400, True), reply.json


def test_an_object_array_is_never_unpickled(arrays: Front) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return (print, ("TRAPPED",))

    reply = ask(arrays, saved(np.array([[Trap(), 1, 2]], dtype=object), allow_pickle=True))
    assert reply.status == 400
    assert "TRAPPED" not in arrays.log


def test_numbers_that_would_change_are_refused(integers: Front) -> None:
    assert ask(integers, saved(np.array([100, -128]))).json == -28
    assert "out of the range of int8" in ask(integers, saved(np.array([1, 128]))).json["message"]
    assert "it is of type float64, but must be of int8" in ask(integers, saved(np.array([1.0]))).json["message"]


def test_a_run_without_an_array_says_what_it_takes(tables: Front) -> None:
    reply = ask(tables, saved(ROWS))
    assert (reply.status, "needs a run() with one array" in reply.json["message"]) == (415, True)


def test_a_large_array_is_the_scripts_own_to_write_to(tmp_path: Path) -> None:
    script = """
import numpy as np
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
from inference_schema.schema_decorators import input_schema


def init():
    pass


@input_schema("data", NumpyParameterType(np.zeros((2, 3))))
def run(data):
    data += 1
    return data.sum(axis=1)
"""
    large = np.arange(90_000.0).reshape(30_000, 3)
    with Front(make_bundle(tmp_path, script)).serve() as front:
        for array in (large, large.astype("f4"), np.asfortranarray(large), large):
            reply = ask(front, saved(array), NPY)
            assert reply.status == 200
            assert np.load(io.BytesIO(reply.body)).tolist() == (large + 1).sum(axis=1).tolist()


def test_a_script_for_raw_requests_gets_a_large_body_as_bytes(tmp_path: Path) -> None:
    script = """
from azureml.contrib.services.aml_request import rawhttp


def init():
    pass


@rawhttp
def run(request):
    data = request.get_data()
    return f"{type(data).__name__} {len(data)}"
"""
    body = saved(np.zeros(100_000))
    with Front(make_bundle(tmp_path, script)).serve() as front:
        assert ask(front, body).json == f"bytes {len(body)}"
