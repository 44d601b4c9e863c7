"""Requests and bytes that nobody would think of: every one gets an answer, and none a failure of the server's own."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
from inference_schema.parameter_types.pandas_parameter_type import PandasParameterType
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
from inference_schema.schema_decorators import input_schema
from schemathesis import GenerationMode

from jupyter_deploy.scoring import inputs, parameters, script
from jupyter_deploy.scoring.inputs import BadInput
from jupyter_deploy.scoring.request import Request
from jupyter_deploy.scoring.room import Room

from .fronts import Front, make_bundle
from .generated import SCRIPTS, ask_all
from .test_bounds import Served, connect, is_empty
from .test_connection import post

quick = settings(max_examples=150, deadline=None, database=None, derandomize=True)


@pytest.mark.parametrize("name", SCRIPTS)
def test_what_a_service_says_of_itself_is_what_it_takes(tmp_path: Path, name: str) -> None:
    settings = make_bundle(tmp_path, SCRIPTS[name], maxConcurrentRequestsPerContainer=2)
    with Front(settings).serve() as front:
        assert 200 in ask_all(front, 10)
        ask_all(front, 10, GenerationMode.NEGATIVE)
        assert "Traceback" not in front.log


def _plain(data: Any) -> Any:
    return data


RUNS: dict[str, Callable[..., Any]] = {
    "plain": _plain,
    "array": input_schema("data", NumpyParameterType(np.zeros((1, 3))))(lambda data: data),
    "integers": input_schema("data", NumpyParameterType(np.zeros((1, 2, 2), dtype="int8")))(lambda data: data),
    "table": input_schema("data", PandasParameterType(pd.DataFrame([{"a": 1, "b": "x"}])))(lambda data: data),
    "values": input_schema("data", StandardPythonParameterType({"a": [1]}))(lambda data: data),
}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=4),
    max_leaves=12,
)
DEEP = st.integers(1, 3000).map(lambda depth: '{"data":' + "[" * depth + "1" + "]" * depth + "}")
HUGE = st.sampled_from(["9" * 400, "9" * 5000, "1e400", "-1e-400", "0." + "3" * 5000]).map(
    lambda n: f'{{"data":[[{n}]]}}'
)
JSON = VALUES.map(lambda value: json.dumps({"data": value}))
BODIES = st.binary(max_size=60) | (JSON | DEEP | HUGE | VALUES.map(json.dumps)).map(str.encode)


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    body = bytearray(draw(BODIES))
    for place in draw(st.lists(st.integers(0, max(len(body) - 1, 0)), max_size=3)) if body else []:
        body[place] = draw(st.integers(0, 255))
    return bytes(body)


@quick
@given(kind=st.sampled_from(list(RUNS)), body=spoilt(), media_type=st.sampled_from(["application/json", "text/x", ""]))
def test_whatever_the_body_is_it_is_read_or_refused(kind: str, body: bytes, media_type: str) -> None:
    request = Request("", "POST", "/score", "", (("content-type", media_type),), body)
    try:
        inputs.arguments(script.describe(RUNS[kind]), request)
    except BadInput as error:
        assert error.status in (400, 415)


@quick
@given(kind=st.sampled_from(list(RUNS)), query=st.text(st.characters(codec="latin-1"), max_size=40))
def test_whatever_the_query_is_it_is_read_or_refused(kind: str, query: str) -> None:
    try:
        inputs.arguments(script.describe(RUNS[kind]), Request("", "GET", "/score", query, ()))
    except BadInput as error:
        assert error.status == 400


NUMBERS = st.sampled_from(
    [
        *("0", "-0", "1", "-1.5", "1e5", "1E-7", "0.1", "123456789012345678901", "1e400", "5e-324", "null", "true"),
        *("NaN", "01", "1.", ".5", "-", "[1]", "{}", '"1"', "1,2", "1 2", "'", ""),
    ]
)


@quick
@given(
    odd=st.lists(NUMBERS, max_size=3), seed=st.integers(0, 1000), gap=st.sampled_from(["", " ", "\n", "\t ", "\x0b"])
)
def test_large_tables_are_read_as_the_slow_way_reads_them(odd: list[str], seed: int, gap: str) -> None:
    chance = random.Random(seed)
    cells = [[repr(chance.uniform(-1e3, 1e3)) for _ in range(3)] for _ in range(100)]
    for text in odd:
        cells[chance.randrange(100)][chance.randrange(3)] = text
    rows = f",{gap}".join("[" + f"{gap},".join(row) + "]" for row in cells)
    body = f'{{"data":{gap}[{rows}]}}'.encode()
    parameter = parameters.find(RUNS["array"])["data"]
    fast = parameters.read_rows(body, "data", parameter)
    if fast is not None and "null" not in odd:  # which both take for NaN, as numpy does
        slow = parameter.from_list(json.loads(body)["data"])
        assert fast.tobytes() == np.asarray(slow).tobytes()
        assert fast.shape == (100, 3)


PIECES = st.sampled_from(
    [
        *(post(b"abc"), post(b""), post(b"x" * 500), post(b"z", b"Connection: close"), post(b"old", version=b"1.0")),
        *(b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n", b"POST ", b"/score", b" HTTP/1.1", b"\r\n", b"\n", b"\r"),
        *(
            b"Host: localhost\r\n",
            b"Content-Length: 3\r\n",
            b"Transfer-Encoding: chunked\r\n",
            b"Expect: 100-continue\r\n",
        ),
        *(
            b"\r\n\r\n",
            b"3\r\nabc\r\n",
            b"0\r\n\r\n",
            b"ffffffff\r\n",
            b"X: \x00\r\n",
            b"Upgrade: h2c\r\n",
            b":",
            b"\xff",
        ),
        *(b"Connection: upgrade\r\n", b"CONNECT a:1 HTTP/1.1\r\n\r\n", b"X-Request-Id: " + b"a" * 200 + b"\r\n"),
    ]
)


def _served(pieces: list[bytes]) -> tuple[list[tuple[str, str, bytes]], int]:
    routes, room = Served(), Room()
    client, sent = connect(routes, room)
    for piece in pieces:
        if not sent.end:
            client.data_received(piece)
    client.connection_lost(None)
    assert is_empty(room)
    asked = [(exchange.request.method, exchange.request.path, exchange.request.body) for exchange in routes.served]
    return asked, sent.sent.count(b"HTTP/1.1 4")


@quick
@given(pieces=st.lists(PIECES, max_size=12), size=st.integers(1, 50))
def test_whatever_bytes_arrive_it_does_not_matter_in_which_pieces(pieces: list[bytes], size: int) -> None:
    data = b"".join(pieces)
    cut = [data[start : start + size] for start in range(0, len(data), size)]
    assert _served([data] if data else []) == _served(cut)
