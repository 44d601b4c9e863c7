"""Functions that are decorated again."""

from __future__ import annotations

import pytest
from inference_schema.schema_util import get_input_schema

from jupyter_deploy.script import schemas

CODE = """
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
from inference_schema.schema_decorators import input_schema, output_schema

@input_schema("NAME", StandardPythonParameterType(1))
@output_schema(StandardPythonParameterType(1))
async def run(NAME):
    return NAME
"""


def define(name: str) -> dict[str, object]:
    names: dict[str, object] = {"__name__": "of_this_test"}
    exec(CODE.replace("NAME", name), names)  # noqa: S102
    return names


def test_what_is_defined_again_is_forgotten_and_nothing_else() -> None:
    define("first")
    schemas.forget("of_this_test", "def other(): ...\nrunning = 1\n#def run")
    with pytest.raises(Exception, match="already defined"):
        define("second")
    schemas.forget("another_module", CODE)
    with pytest.raises(Exception, match="already defined"):
        define("second")
    schemas.forget("of_this_test", "%magic\n" + CODE)
    assert list(get_input_schema(define("second")["run"])["properties"]) == ["second"]
