"""Requests of the Open Inference Protocol V2: named tensors, in JSON or behind it as binary data, to parameters of ``run``.

https://github.com/kserve/open-inference-protocol; binary data as Triton's extension of it has it.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from ..parameters import ArrayParameter
from ..request import BadInput, Request
from ..script import RunFunction

LENGTH_HEADER = "inference-header-content-length"
TYPES = {
    "BOOL": "bool", "UINT8": "u1", "UINT16": "<u2", "UINT32": "<u4", "UINT64": "<u8", "INT8": "i1", "INT16": "<i2",
    "INT32": "<i4", "INT64": "<i8", "FP16": "<f2", "FP32": "<f4", "FP64": "<f8",
}  # fmt: skip
TEXT = "BYTES"


def is_inference(path: str) -> bool:
    """Whether a path is one of the protocol's."""
    return path.startswith("/v2/")


@dataclass(frozen=True)
class Asked:
    """How a client wants its answer.

    Attributes
    ----------
    id : its own, given back. binary : whether outputs are binary data, those not in ``outputs``.
    outputs : those that it wants and whether each is binary data; empty for all.
    """

    id: str | None
    binary: bool
    outputs: Mapping[str, bool]


def read(run: RunFunction, request: Request) -> dict[str, Any]:
    """Return the arguments in a request: tensors by the names of parameters, or of a table's columns.

    Raises
    ------
    BadInput : the request is not the protocol's, or does not fit ``run``.
    """
    if run.kind != "schema":
        raise BadInput(400, "run() takes no tensors; describe its parameters by samples with @input_schema")
    document, data = split(request)
    asked(document)
    found: dict[str, Any] = {}
    for item in _list(document, "inputs"):
        name = item.get("name")
        if not isinstance(name, str) or name in found:
            raise BadInput(400, f"every input needs a name of its own, but one has {name!r}")
        found[name], data = _tensor(name, item, data)
    if data:
        raise BadInput(400, f"{len(data)} bytes follow the inputs' binary data")
    return _arguments(run, found)


def split(request: Request) -> tuple[dict[str, Any], memoryview]:
    """Return a body's JSON and the binary data behind it; BadInput where it has none."""
    body, length = request.body, request.header(LENGTH_HEADER)
    if length and not (length.isascii() and length.isdigit() and len(length) < 20 and int(length) <= len(body)):
        raise BadInput(400, f"Inference-Header-Content-Length is {length!r}, but must be a number within the body")
    size = int(length) if length else len(body)
    try:
        document = orjson.loads(memoryview(body)[:size])
    except orjson.JSONDecodeError as error:
        raise BadInput(400, f"the request is not valid JSON: {error}") from error
    if not isinstance(document, dict):
        raise BadInput(400, "the request must be a JSON object with inputs")
    return document, memoryview(body)[size:]


def asked(document: Mapping[str, Any]) -> Asked:
    """Return how the answer to a request is wanted; BadInput where that cannot be read."""
    number, parameters = document.get("id"), _parameters(document)
    if number is not None and not isinstance(number, str):
        raise BadInput(400, "id must be a text")
    binary = bool(parameters.get("binary_data_output", False))
    wanted = {
        item.get("name"): bool(_parameters(item).get("binary_data", binary)) for item in _list(document, "outputs")
    }
    if not all(isinstance(name, str) for name in wanted):
        raise BadInput(400, "every output that is asked for needs a name")
    return Asked(number, binary, {str(name): value for name, value in wanted.items()})


def _list(document: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    items = document.get(name, [] if name == "outputs" else None)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise BadInput(400, f"{name} must be a list of objects")
    return items


def _parameters(document: Mapping[str, Any]) -> dict[str, Any]:
    found = document.get("parameters", {})
    if not isinstance(found, dict):
        raise BadInput(400, "parameters must be an object")
    return found


def _tensor(name: str, item: Mapping[str, Any], data: memoryview) -> tuple[Any, memoryview]:
    """One input as an array, and the binary data that follows its own."""
    import numpy as np

    shape, kind = item.get("shape"), item.get("datatype")
    if not isinstance(shape, list) or not all(type(size) is int and size >= 0 for size in shape):
        raise BadInput(400, f"the shape of {name!r} must be a list of whole numbers")
    if kind != TEXT and (not isinstance(kind, str) or kind not in TYPES):
        raise BadInput(400, f"the datatype of {name!r} is {kind!r}, but must be one of {', '.join((*TYPES, TEXT))}")
    count, size = math.prod(shape), _parameters(item).get("binary_data_size")
    if size is None:
        array = _from_json(name, item.get("data"), kind)
    else:
        if type(size) is not int or not 0 <= size <= len(data):
            raise BadInput(400, f"the binary_data_size of {name!r} is {size!r}, but {len(data)} bytes are there")
        own, data = data[:size], data[size:]
        array = _texts(name, own, count) if kind == TEXT else _numbers(name, own, count, np.dtype(TYPES[kind]))
    if array.size != count:
        raise BadInput(400, f"{name!r} has {array.size} elements, but its shape {shape} has {count}")
    return array.reshape(shape), data


def _from_json(name: str, data: Any, kind: str) -> Any:
    import numpy as np

    try:
        if not isinstance(data, list):
            raise TypeError("it is no list")
        return np.array(data, dtype=object if kind == TEXT else TYPES[kind]).reshape(-1)
    except (ValueError, TypeError, OverflowError) as error:
        raise BadInput(400, f"the data of {name!r} are no list of {kind}: {error}") from error


def _numbers(name: str, data: memoryview, count: int, dtype: Any) -> Any:
    import numpy as np

    if len(data) != count * dtype.itemsize:
        raise BadInput(400, f"{name!r} needs {count * dtype.itemsize} bytes for its shape, but has {len(data)}")
    return np.frombuffer(data, dtype)


def _texts(name: str, data: memoryview, count: int) -> Any:
    """Texts, each behind its length in four bytes."""
    import numpy as np

    found: list[str] = []
    start = 0
    try:
        while start < len(data):
            (size,) = struct.unpack_from("<I", data, start)
            start += 4 + size
            if start > len(data) or len(found) == count:
                raise ValueError("its lengths do not fit its size")
            found.append(bytes(data[start - size : start]).decode("utf-8"))
    except (struct.error, ValueError) as error:
        raise BadInput(400, f"{name!r} is no list of texts: {error}") from error
    return np.array(found, dtype=object)


def _arguments(run: RunFunction, tensors: dict[str, Any]) -> dict[str, Any]:
    table = run.sampled.get(run.rows or "")
    if run.rows is not None and table is not None and not isinstance(table, ArrayParameter) and run.rows not in tensors:
        columns = {name: _column(name, tensors.pop(name)) for name in list(tensors) if name not in run.defaults}
        tensors[run.rows] = _frame(columns)
    unknown = [name for name in tensors if name not in run.defaults]
    if unknown:
        raise BadInput(400, f"there is no input {unknown[0]!r}; run() takes {', '.join(map(repr, run.defaults))}")
    return {name: _argument(run, name, value) for name, value in tensors.items()}


def _argument(run: RunFunction, name: str, value: Any) -> Any:
    parameter = run.sampled.get(name)
    if isinstance(parameter, ArrayParameter):
        return parameter.fitted(name, value)
    if parameter is None:
        return value.tolist()[0] if value.shape == (1,) else value.tolist()
    if not hasattr(value, "columns"):
        columns = parameter.sample.columns
        if value.ndim != 2 or value.shape[1] != len(columns):
            raise BadInput(
                400, f"{name!r} does not fit the sample: its shape is {value.shape}, but must be (n, {len(columns)})"
            )
        value = _frame({str(column): value[:, index] for index, column in enumerate(columns)})
    return parameter.fitted(name, value)


def _column(name: str, value: Any) -> Any:
    if value.ndim == 1 or (value.ndim == 2 and value.shape[1] == 1):
        return value.reshape(-1)
    raise BadInput(400, f"the column {name!r} has the shape {value.shape}, but must have one value for each row")


def _frame(columns: dict[str, Any]) -> Any:
    import pandas as pd

    if len({len(column) for column in columns.values()}) > 1:
        raise BadInput(400, "the columns are not of one length")
    return pd.DataFrame(columns)
