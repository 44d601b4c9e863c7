"""Five scripts, and requests to them that are generated from the service's own OpenAPI document."""

from __future__ import annotations

import contextlib
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from .fronts import Front

_IMPORTS = """
import numpy as np
import pandas as pd
from inference_schema.schema_decorators import input_schema, output_schema
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
from inference_schema.parameter_types.pandas_parameter_type import PandasParameterType
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType

def init():
    pass
"""
SCRIPTS = {
    "text": """
import json

def init():
    pass

def run(text):
    try:
        return {"read": json.loads(text)}
    except (ValueError, RecursionError):
        return {"length": len(text)}
""",
    "array": _IMPORTS
    + """
@input_schema("data", NumpyParameterType(np.array([[1.0, 2.0, 3.0]])))
@output_schema(NumpyParameterType(np.array([6.0])))
def run(data):
    return data.sum(axis=1)
""",
    "table": _IMPORTS
    + """
@input_schema("table", PandasParameterType(pd.DataFrame([{"age": 1, "weight": 2.5, "name": "a", "born": pd.Timestamp(0)}])))
def run(table):
    return table
""",
    "values": _IMPORTS
    + """
@input_schema("options", StandardPythonParameterType({"depth": 3, "names": ["a"], "exact": True}))
@input_schema("factor", StandardPythonParameterType(1.5))
def run(options, factor=1.5):
    return {"options": options, "factor": factor}
""",
    "stream": """
def init():
    pass

def run(text):
    for word in text.split():
        yield {"word": word}
""",
}


def ask_all(front: Front, examples: int, mode: GenerationMode = GenerationMode.POSITIVE) -> list[int]:
    """Send so many generated requests to each operation of a service, and raise when an answer is a 5xx of the server's own.

    Returns the statuses.
    What ``run()`` itself raises is a 500 too; the server says so in a header, and that is the script's.
    """
    document: dict[str, Any] = front.ask("GET", "/swagger.json?version=3").json
    found: list[int] = []
    with requests.Session() as session:
        for result in schemathesis.openapi.from_dict(document).get_all_operations():
            operation = result.ok()

            @settings(
                max_examples=examples,
                deadline=None,
                database=None,
                derandomize=True,
                suppress_health_check=list(HealthCheck),
            )
            @given(operation.as_strategy(generation_mode=mode))
            def ask(case: Any) -> None:
                response = case.call(base_url=f"http://127.0.0.1:{front.port}", session=session)
                found.append(response.status_code)
                ours = response.headers.get("x-ms-run-function-failed") != "True"
                assert response.status_code < 500 or not ours, (case.as_curl_command(), response.text)

            with contextlib.suppress(Unsatisfiable):  # nothing can be wrong with an operation that takes nothing
                ask()
    return found
