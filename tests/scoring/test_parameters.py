"""JSON to arrays: as the decorator does it, or left to the decorator."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
from inference_schema.parameter_types.pandas_parameter_type import PandasParameterType
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
from inference_schema.schema_decorators import input_schema, output_schema

from jupyter_deploy.scoring import parameters
from jupyter_deploy.scoring.parameters import ArrayParameter, TableParameter

TABLE = ArrayParameter(np.dtype("float64"), (2, 3))
ROWS = [[1.5, -2, 3e5]] * 300


def test_parameters_that_a_sample_describes_are_found_behind_every_decorator() -> None:
    @input_schema("table", PandasParameterType(pd.DataFrame({"a": [1]})))
    @input_schema("data", NumpyParameterType(np.zeros((2, 3))))
    @input_schema("loose", NumpyParameterType(np.zeros(3), enforce_shape=False))
    @input_schema("as_it_is", NumpyParameterType(np.zeros(3)), convert_to_provided_type=False)
    @input_schema("texts", NumpyParameterType(np.array(["a"])))
    @input_schema("factor", StandardPythonParameterType(1.0))
    @output_schema(NumpyParameterType(np.zeros(2)))
    def run_found(table: Any, data: Any, loose: Any, as_it_is: Any, texts: Any, factor: Any) -> Any:
        return data

    found = parameters.find(run_found)
    assert set(found) == {"table", "data"}
    assert found["data"] == TABLE
    assert isinstance(found["table"], TableParameter)


@pytest.mark.parametrize(
    "value",
    [
        [[1, 2, 3]],
        [[1.5, None, 3]],
        [["1", 2, 3]],
        [[1, 2], [3, 4]],
        [[1, 2, 3], [4, 5]],
        [[1, 2, "x"]],
        [1, 2, 3],
        [],
        "text",
        {"a": 1},
        [[[1, 2, 3]]],
        [[True, False, True]],
        [[2**70, 1, 1]],
    ],
)
@pytest.mark.parametrize("dtype", ["float64", "float32", "int64"])
def test_arrays_are_what_the_decorator_makes_of_them(value: Any, dtype: str) -> None:
    sample = np.zeros((2, 3), dtype)
    found = ArrayParameter(sample.dtype, sample.shape).from_list(value)
    try:
        expected = NumpyParameterType(sample).deserialize_input(json.loads(json.dumps(value)))
    except Exception:
        assert found is value  # so that the decorator says what is wrong
    else:
        np.testing.assert_array_equal(found, expected)
        assert found.dtype == expected.dtype


def test_a_large_table_is_read_into_an_array() -> None:
    body = json.dumps({"data": ROWS}).encode()
    found = parameters.read_rows(body, "data", TABLE)
    np.testing.assert_array_equal(found, np.array(ROWS))
    assert found.dtype == np.float64
    assert found.flags.owndata
    assert found.flags.writeable


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"other": ROWS}),
        json.dumps({"data": ROWS, "more": 1}),
        json.dumps({"data": [*ROWS, [1, 2]]}),
        json.dumps({"data": [*ROWS, [1, 2, 3, 4], [1, 2]]}),
        json.dumps({"data": [[[1, 2, 3]], *ROWS]}),
        json.dumps({"data": [["1", 2, 3], *ROWS]}),
        json.dumps({"data": [[True, 2, 3], *ROWS]}),
        json.dumps({"data": [[10**400, 2, 3], *ROWS]}),
        json.dumps({"data": [[float("nan"), 2, 3], *ROWS]}),
        json.dumps({"data": ROWS})[:-2],
        json.dumps({"data": ROWS}) + "x",
        json.dumps({"data": ROWS}).replace("[1.5, -2, ", "[1.5, , ", 1),
        json.dumps({"data": ROWS}).replace("-2", "--2", 1),
        json.dumps([ROWS]),
        json.dumps({"data": [[1, 2, 3]]}),
    ],
)
def test_anything_else_takes_the_way_of_the_decorator(text: str) -> None:
    assert parameters.read_rows(text.encode(), "data", TABLE) is None


def test_nulls_in_a_large_table_are_what_they_are_in_a_small_one() -> None:
    body = json.dumps({"data": [[None, 2, 3], *ROWS]}).encode()
    found = parameters.read_rows(body, "data", TABLE)
    assert found is None or np.isnan(found[0, 0])


def test_without_simdjson_nothing_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "simdjson", None)
    assert parameters.read_rows(json.dumps({"data": ROWS}).encode(), "data", TABLE) is None


def test_tables_are_converted_by_the_decorators_own_code() -> None:
    kind = PandasParameterType(pd.DataFrame({"a": [1], "b": ["x"]}))
    parameter = TableParameter(kind)
    pd.testing.assert_frame_equal(
        parameter.from_list([{"a": 2, "b": "y"}]), kind.deserialize_input([{"a": 2, "b": "y"}])
    )
    assert parameter.from_list("text") == "text"
