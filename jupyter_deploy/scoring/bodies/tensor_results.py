"""Answers of the Open Inference Protocol V2: what ``run`` returned as named tensors, and which tensors a ``run`` takes and gives."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from .. import outputs
from ..outputs import Answer
from ..parameters import ArrayParameter
from ..request import Request
from ..script import RunFunction, input_schema, output_schema
from .tensors import LENGTH_HEADER, TEXT, TYPES, Asked, asked, split

_NAMES = {("b", 1): "BOOL", **{(kind[-2], int(kind[-1])): name for name, kind in TYPES.items() if name != "BOOL"}}


def describe(run: RunFunction) -> dict[str, Any] | None:
    """Return the tensors that a ``run`` takes and gives, as far as its samples tell; None where it takes none, or has no numpy."""
    if run.kind != "schema" or find_spec("numpy") is None:
        return None
    given = (run.hints.output_schema() if run.hints else output_schema(run.call)).get("example")
    results = {} if given is None else named(given)
    return {
        "inputs": [_facts(name, array) for name, array in _inputs(run).items()],
        "outputs": [_facts(name, array) for name, array in results.items()],
    }


def _inputs(run: RunFunction) -> dict[str, Any]:
    """An array for each input, by name; of a table, where it is the only one, for each column."""
    import numpy as np

    examples = (run.hints.input_schema() if run.hints else input_schema(run.call)).get("example", {})
    found: dict[str, Any] = {}
    for name in run.defaults:
        parameter = run.sampled.get(name)
        if parameter is None:
            found[name] = next(iter(named(examples.get(name)).values()))
        elif isinstance(parameter, ArrayParameter):
            found[name] = np.empty((0, *parameter.shape[1:]), parameter.dtype)
        elif name == run.rows:
            found |= named(parameter.sample)
        else:
            found[name] = parameter.sample.to_numpy()
    return found


def _facts(name: str, array: Any) -> dict[str, Any]:
    """Rows may be any number."""
    shape = [-1, *array.shape[1:]] if array.ndim else [1]
    return {"name": name, "datatype": datatype(array) or TEXT, "shape": shape}


def of_result(result: Any, request: Request, run_ms: float) -> Answer:
    """Turn what ``run()`` returned into named tensors; what is no tensor is given as its JSON, in one text."""
    if outputs.is_response(result):
        return outputs.of_result(result, run_ms)
    try:
        document, _ = split(request)
        wants = asked(document)
        found = named(result)
        unknown = [name for name in wants.outputs if name not in found]
        if unknown:
            there = ", ".join(map(repr, found))
            return outputs.message(400, f"there is no output {unknown[0]!r}; run() returned {there}")
        return _answer({name: found[name] for name in wants.outputs or found}, wants, request.path, run_ms)
    except Exception as error:  # as in outputs.of_result
        return outputs.message(500, f"what run() returned cannot be written as tensors: {error}")


def named(result: Any) -> dict[str, Any]:
    """Return the tensors in a result: a dictionary's values, a table's columns, or the one called ``output``."""
    import numpy as np

    if hasattr(result, "columns") and hasattr(result, "iloc"):
        result = {str(column): result[column].to_numpy() for column in result.columns}
    items = result if isinstance(result, dict) and result else {"output": result}
    arrays = {str(name): _array(value) for name, value in items.items()}
    if any(array is None for array in arrays.values()):
        return {"output": np.array([outputs.encode(result).decode()], dtype=object)}
    return arrays


def _array(value: Any) -> Any:
    import numpy as np

    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        return None
    if datatype(array) is not None:
        return array
    texts = array.dtype.kind == "U" or all(isinstance(item, str) for item in array.reshape(-1))
    return array.astype(object) if texts and array.dtype.kind in "UO" else None


def datatype(array: Any) -> str | None:
    """Return the protocol's name for an array's type; None where it has none."""
    return _NAMES.get((array.dtype.kind, array.dtype.itemsize))


def _answer(found: Mapping[str, Any], wants: Asked, path: str, run_ms: float) -> Answer:
    described, pieces = [], []
    for name, array in found.items():
        kind = datatype(array) or TEXT
        facts: dict[str, Any] = {"name": name, "datatype": kind, "shape": list(array.shape)}
        if wants.outputs.get(name, wants.binary):
            piece = _packed(array) if kind == TEXT else array.astype(TYPES[kind]).tobytes()
            pieces.append(piece)
            facts["parameters"] = {"binary_data_size": len(piece)}
        else:
            facts["data"] = array.reshape(-1).tolist()
        described.append(facts)
    parts = path.split("/")  # /v2/models/<name>[/versions/<version>]/infer
    document = {"model_name": parts[3], "outputs": described}
    document |= {"model_version": parts[5]} if len(parts) > 5 else {}
    document |= {"id": wants.id} if wants.id is not None else {}
    head = outputs.encode(document)
    if not pieces:
        return Answer(200, head, run_ms=run_ms)
    headers = (("content-type", "application/octet-stream"), (LENGTH_HEADER, str(len(head))))
    return Answer(200, b"".join((head, *pieces)), headers, run_ms=run_ms)


def _packed(array: Any) -> bytes:
    texts = [text.encode() for text in array.reshape(-1)]
    return b"".join(struct.pack("<I", len(text)) + text for text in texts)
