"""Tables as Arrow streams, in and out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from tests.scoring.fronts import Front, Reply, make_bundle

from .conftest import ARRAYS

STREAM = "application/vnd.apache.arrow.stream"


def stream(table: pa.Table, **options: Any) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue().to_pybytes())


def ask(front: Front, body: bytes, accept: str = "") -> Reply:
    return front.post(body, {"Content-Type": STREAM, **({"Accept": accept} if accept else {})})


NUMBERS = pa.table({"a": [0.0, 3.0], "b": [1, 4], "c": pa.array([2, 5], pa.float32())})
FRAME = pd.DataFrame({"name": ["x", "y"], "size": [1.0, 2.0]})


def test_columns_of_numbers_are_an_array(arrays: Front) -> None:
    assert ask(arrays, stream(NUMBERS)).json == [3.0, 12.0]
    reply = ask(arrays, stream(NUMBERS), STREAM)
    assert reply.headers["content-type"] == STREAM
    assert pa.ipc.open_stream(reply.body).read_all().to_pydict() == {"output": [3.0, 12.0]}


def test_a_table_is_a_table_in_the_samples_order_and_types(tables: Front) -> None:
    for table in (
        pa.Table.from_pandas(FRAME),
        pa.table({"name": pa.array(["x", "y"]).dictionary_encode(), "size": [1, 2]}),
    ):
        reply = ask(tables, stream(table), f"{STREAM}, application/json;q=0.5")
        answer = pa.ipc.open_stream(reply.body).read_all()
        assert answer.to_pydict() == {"twice": [2.0, 4.0], "name": ["X", "Y"]}
    assert list(ask(tables, stream(pa.table({"name": pa.array([], "str"), "size": pa.array([], "i1")}))).json) == [
        "size",
        "name",
    ]


@pytest.mark.parametrize(
    ("what", "columns"), [("same", ["output_0", "output_1", "output_2"]), ("columns", ["first", "names"])]
)
def test_results_become_tables(arrays: Front, what: str, columns: list[str]) -> None:
    reply = arrays.post({"data": [[1, 2, 3]], "what": what}, {"Accept": STREAM})
    assert pa.ipc.open_stream(reply.body).read_all().column_names == columns


def test_what_is_no_table_is_refused(arrays: Front) -> None:
    assert arrays.post({"data": [[1, 2, 3]], "what": "ragged"}, {"Accept": STREAM}).status == 406


def damaged() -> Iterator[bytes]:
    whole = stream(NUMBERS)
    yield from (whole[:size] for size in range(1, len(whole) - 8, 37))
    for place in range(0, len(whole), 23):
        yield whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]


def test_damaged_streams_never_hurt(arrays: Front) -> None:
    worker = arrays.worker
    statuses = {ask(arrays, body).status for body in damaged()}
    assert statuses <= {200, 400, 415}, statuses
    assert 400 in statuses
    assert ask(arrays, stream(NUMBERS)).status == 200
    assert (arrays.worker, "ended" in arrays.log) == (worker, False)


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"", 400, "not an Arrow stream"), (b"[[1, 2, 3]]", 400, "not an Arrow stream"),
        (stream(NUMBERS, compression="zstd"), 415, "Content-Encoding: gzip"), (stream(NUMBERS, compression="lz4"), 415, "compressed"),
        (stream(pa.table({"a": pa.nulls(10**9)})), 400, "more than its bytes can hold"),
        (stream(pa.table({"a": ["x"]})), 400, "the column 'a' is not of numbers"),
        (stream(NUMBERS.select(["a"])), 400, "its shape is (2, 1), but must be (n, 3)"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_the_reason(arrays: Front, body: bytes, status: int, reason: str) -> None:
    reply = ask(arrays, body)
    assert (reply.status, reason in reply.json["message"]) == (status, True), reply.json


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (FRAME[["name"]], "without column 'size'"), (FRAME.assign(extra=1), "with the unknown column 'extra'"),
        (FRAME.assign(size="x"), "could not convert string to float"),
    ],
)  # fmt: skip
def test_tables_with_other_columns_are_refused(tables: Front, frame: pd.DataFrame, reason: str) -> None:
    reply = ask(tables, stream(pa.Table.from_pandas(frame)))
    assert (reply.status, reason in reply.json["message"]) == (400, True), reply.json


def test_a_service_without_pyarrow_says_so(tmp_path: Path) -> None:
    script = "import sys\nsys.modules['pyarrow'] = None\n" + ARRAYS
    with Front(make_bundle(tmp_path, script)).serve() as front:
        reply = ask(front, stream(NUMBERS))
        assert (reply.status, "name pyarrow in it" in reply.json["message"]) == (415, True)
        assert front.post({"data": [[1, 2, 3]]}, {"Accept": STREAM}).status == 406
