from __future__ import annotations

from pathlib import Path

from .fronts import Front, make_bundle

DECORATED = """
import numpy as np
from inference_schema.schema_decorators import input_schema, output_schema
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType

def init():
    print("model loaded")

@input_schema("data", NumpyParameterType(np.array([[1.0, 2.0]])))
@output_schema(NumpyParameterType(np.array([1.0])))
def run(data):
    print("rows", len(data))
    return data.sum(axis=1)
"""


def test_serves_an_undecorated_script(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path)).serve() as front:
        reply = front.post({"data": 1})
        assert (reply.status, reply.json) == (200, '{"data": 1}')
        front.order("drain", grace=0, limit=5)
        front.expect("drained")
        assert front.process.wait(5) == 0


def test_serves_a_decorated_script(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path, DECORATED)).serve() as front:
        reply = front.post({"data": [[1, 2], [3, 4]]})
        assert (reply.status, reply.json) == (200, [3.0, 7.0])
        assert "azmlinfsrv.print - rows 2 (request " in front.log


def test_a_failing_init_ends_the_front_with_code_3(tmp_path: Path) -> None:
    with Front(
        make_bundle(tmp_path, "def init():\n    raise ValueError('no model')\ndef run(data):\n    return 1\n")
    ) as front:
        failed = front.expect("failed")
        assert failed["stage"] == "init"
        assert failed["message"] == "init() raised ValueError: no model"
        assert 'score.py", line 2, in init' in failed["traceback"]
        assert "jupyter_deploy_scoring" not in failed["traceback"]
        assert front.process.wait(5) == 3
