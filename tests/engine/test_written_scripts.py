"""Entry scripts that are written for a model: they lint clean and answer, in a fresh process, what the object answered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jupyter_deploy import Model, Workspace
from jupyter_deploy.engine.trial import try_script
from jupyter_deploy.errors import UserError
from jupyter_deploy.script import describe
from jupyter_deploy.sdk.deploying import written_script
from tests.models.live_objects import EXAMPLES, NOTEBOOK, ROWS, Example, of_notebook


def answer(workspace: Workspace, model: Model, data: Any) -> Any:
    """What the written script answers in a fresh process."""
    said: list[str] = []
    with written_script([model.record]) as inference:
        body = json.dumps({"data": data}).encode()
        result = try_script(workspace.folder, [model.record], inference, body, said.append)
    assert (result.status, said) == (200, []), result.answer
    return json.loads(result.answer or "")


@pytest.mark.parametrize("example", [pytest.param(value, id=name) for name, value in EXAMPLES.items()])
def test_the_script_answers_as_the_object_did(workspace: Workspace, example: Example) -> None:
    value = example.make()
    model = Model.register(workspace, model=value, model_name="live", sample_input=ROWS)
    description = describe(model.entry_script())
    assert (description.findings, description.kind, description.input_name) == ((), "schema", "data")
    expected = example.predict(value)
    if isinstance(expected[0], str):
        assert answer(workspace, model, ROWS.tolist()) == expected
    else:
        np.testing.assert_allclose(answer(workspace, model, ROWS.tolist()), expected, rtol=1e-6)
    unsampled = describe(Model.register(workspace, model=value, model_name="live").entry_script())
    assert (unsampled.findings, unsampled.kind) == ((), "text")


def test_the_script_is_plain_code(workspace: Workspace) -> None:
    model = Model.register(
        workspace, model=EXAMPLES["scikit-learn"].make(), model_name="ridge", sample_input=[[0.5, 1.5, 2.0]]
    )
    assert (
        model.entry_script()
        == '''\
"""Answers with ridge:1."""

import numpy as np
import skops.io
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
from inference_schema.schema_decorators import input_schema
from jupyter_deploy import Model

SAMPLE = np.array(
    [[0.5, 1.5, 2.0]],
    dtype='float64',
)


def init():
    global model
    path = Model.get_model_path("ridge")
    model = skops.io.load(path, trusted=[])


@input_schema("data", NumpyParameterType(SAMPLE))
def run(data):
    return model.predict(data)
'''
    )


def test_without_a_sample_the_input_is_read_as_an_array(workspace: Workspace) -> None:
    ridge = EXAMPLES["scikit-learn"].make()
    model = Model.register(workspace, model=ridge, model_name="ridge")
    assert 'data = np.array(json.loads(data)["data"])' in model.entry_script()
    np.testing.assert_allclose(answer(workspace, model, ROWS[:2].tolist()), ridge.predict(ROWS[:2]))


def test_a_table_comes_as_a_table_with_the_types_of_the_sample(workspace: Workspace) -> None:
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    table = pd.DataFrame({"age": [31.0, 40.5, 50.0, 20.0], "town": ["a", "b", "a", "b"]})
    columns = make_column_transformer((OneHotEncoder(), ["town"]), ("passthrough", ["age"]))
    fitted = make_pipeline(columns, LogisticRegression()).fit(table, [0, 1, 0, 1])
    model = Model.register(workspace, model=fitted, model_name="towns", sample_input=table)
    assert describe(model.entry_script()).findings == ()
    assert "'age': pd.Series([31.0], dtype='float64')" in model.entry_script()
    assert answer(workspace, model, table.to_dict(orient="records")) == fitted.predict(table).tolist()


def test_a_file_of_a_framework_needs_no_script_either(workspace: Workspace, tmp_path: Path) -> None:
    import joblib

    ridge = EXAMPLES["scikit-learn"].make()
    joblib.dump(ridge, tmp_path / "ridge.pkl")
    model = Model.register(workspace, tmp_path / "ridge.pkl", "ridge")
    np.testing.assert_allclose(answer(workspace, model, ROWS[:2].tolist()), ridge.predict(ROWS[:2]))


def test_a_function_is_called(workspace: Workspace) -> None:
    model = Model.register(workspace, model=of_notebook("shifted", NOTEBOOK), model_name="shift")
    assert answer(workspace, model, [1, 2]) == [2.5, 3.5]


@pytest.mark.parametrize(
    ("framework", "reason"),
    [
        ("TensorFlow", "its framework is TensorFlow"),
        ("Multi", "its framework is Multi"),
        (None, "its framework is not known"),
        ("PyTorch", "was registered as a file, which may hold weights"),
    ],
)
def test_what_no_script_can_be_written_for_is_refused(
    workspace: Workspace, tmp_path: Path, framework: str | None, reason: str
) -> None:
    (tmp_path / "m.bin").write_text("one")
    model = Model.register(workspace, tmp_path / "m.bin", "net", model_framework=framework)
    with pytest.raises(UserError) as refused:
        Model.deploy(workspace, "net-service", [model])
    assert reason in str(refused.value).splitlines()[0]
    assert "entry script" in refused.value.remedy
