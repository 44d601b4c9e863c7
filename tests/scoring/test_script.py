from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_deploy.scoring import script
from jupyter_deploy.scoring.inputs import Request, arguments
from jupyter_deploy.scoring.script import ScriptFailed


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.py"
    path.write_text(text)
    return path


def test_the_run_of_a_driver_module_is_used(tmp_path: Path) -> None:
    text = """
import types

def inner(data, request_headers):
    return data

driver_module = types.SimpleNamespace(run=inner)

def init():
    pass

def run(outer):
    return None
"""
    loaded = script.load(write(tmp_path, "driver_script_under_test", text))
    assert (loaded.run.kind, loaded.run.input_name, loaded.run.wants_headers) == ("plain", "data", True)


def test_the_name_of_a_module_in_use_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScriptFailed, match="rename the entry script"):
        script.load(write(tmp_path, "logging", "def init():\n    pass\n"))


def test_a_missing_script_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScriptFailed, match="is not a Python file in the bundle"):
        script.load(tmp_path / "nowhere_script.py")


def test_rawhttp_and_input_schema_exclude_each_other(tmp_path: Path) -> None:
    text = """
from inference_schema.schema_decorators import input_schema
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
from jupyter_deploy.scoring.compat.aml_request import rawhttp

def init():
    pass

@rawhttp
@input_schema("data", StandardPythonParameterType(1))
def run(data):
    return data
"""
    with pytest.raises(ScriptFailed, match="both @rawhttp and @input_schema") as caught:
        script.load(write(tmp_path, "both_script_under_test", text))
    assert caught.value.stage == "signature"


def test_headers_are_given_as_the_original_gives_them() -> None:
    def run(data: str, request_headers: dict[str, str]) -> None:
        """Take both."""

    request = Request("id", "POST", "/score", "", (("x-ms-request-id", "1"), ("host", "localhost")), b"x")
    assert arguments(script.describe(run), request) == {
        "data": "x",
        "request_headers": {"X-Ms-Request-Id": "1", "Host": "localhost"},
    }
