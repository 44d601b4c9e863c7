from __future__ import annotations

import pytest

from jupyter_deploy.script import describe

HEAD = """\
import numpy as np
import pandas as pd
from inference_schema.schema_decorators import input_schema, output_schema
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
from inference_schema.parameter_types.pandas_parameter_type import PandasParameterType
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
def init(): pass
"""


def found(lines: str) -> list[tuple[str, int, str]]:
    findings = describe(f"{HEAD}{lines}\ndef run(data, request_headers): return 1\n").findings
    return [(finding.code, finding.line - 7, finding.level) for finding in findings]


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        ("@input_schema('data', NumpyParameterType(np.array([[1, 2]])))", 1),
        ("sample = np.array([[1, 2]])\n\n@input_schema('data', NumpyParameterType(sample))", 1),
        ("sample = NumpyParameterType(\n    np.asarray([1]))\n@input_schema(param_name='data', param_type=sample)", 2),
        ("rows = [[1, 2]]\n@input_schema('data', NumpyParameterType(sample_input=np.array(rows)))", 2),
        ("@input_schema('data', StandardPythonParameterType({'a': NumpyParameterType(np.array([1]))}))", 1),
        ("from numpy import array\n@input_schema('data', NumpyParameterType(array((1, -2))))", 2),
    ],
)
def test_a_sample_of_integers_alone_is_noted_where_it_is_written(lines: str, line: int) -> None:
    assert found(lines) == [("integer-sample", line, "note")]


@pytest.mark.parametrize(
    "lines",
    [
        "@input_schema('data', NumpyParameterType(np.array([[1, 2.0]])))",
        "@input_schema('data', NumpyParameterType(np.array([[1, 2]], dtype=float)))",
        "@input_schema('data', NumpyParameterType(np.array([[1, 2]], dtype=np.float32)))",
        "@input_schema('data', NumpyParameterType(np.array([[1, 2]], 'int64')))",
        "@input_schema('data', NumpyParameterType(np.array([[1, 2]]).astype(float)))",
        "@input_schema('data', NumpyParameterType(np.array([[True]])))",
        "@input_schema('data', NumpyParameterType(np.array([])))",
        "@input_schema('data', NumpyParameterType(np.array(['a'])))",
        "@input_schema('data', NumpyParameterType(np.array(list(range(3)))))",
        "@input_schema('data', NumpyParameterType(np.array([[1]]), enforce_column_type=False))",
        "@input_schema('data', NumpyParameterType(np.array([[1]])), convert_to_provided_type=False)",
        "@output_schema(NumpyParameterType(np.array([0])))",
        "@input_schema('data', PandasParameterType(pd.DataFrame({'a': [1]})))",
        "@input_schema('data', StandardPythonParameterType([1, 2]))",
        "sample = np.array([1])\nsample = sample / 2\n@input_schema('data', NumpyParameterType(sample))",
        "sample = np.array([[1, 2]])",
    ],
)
def test_other_samples_are_no_false_alarm(lines: str) -> None:
    assert found(lines) == []
