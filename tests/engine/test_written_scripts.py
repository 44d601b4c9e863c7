"""Entry scripts that are written for a model: they lint clean and answer, in a fresh process, what the object answered."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jupyter_deploy import Model, Workspace
from jupyter_deploy.engine.sealing import seal
from jupyter_deploy.engine.trial import try_script
from jupyter_deploy.environments import Lock
from jupyter_deploy.errors import UserError
from jupyter_deploy.script import describe
from jupyter_deploy.sdk.deploying import written_script
from jupyter_deploy.targets import find_target
from jupyter_deploy.targets.process.options import ProcessOptions
from tests.models.live_objects import EXAMPLES, NOTEBOOK, ROWS, Example, of_notebook

DATA = Path(__file__).parents[1] / "data" / "models"


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


def test_texts_come_whole(workspace: Workspace) -> None:
    """An array of texts would cut off what is longer than its sample."""
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    fitted = make_pipeline(CountVectorizer(), LogisticRegression()).fit(
        ["good", "very bad", "good", "bad"], [1, 0, 1, 0]
    )
    model = Model.register(workspace, model=fitted, model_name="texts", sample_input=["bad"])
    assert "StandardPythonParameterType(SAMPLE)" in model.entry_script()
    assert answer(workspace, model, ["not a word of it is good", "bad"]) == [1, 0]


def test_a_folder_with_one_model_needs_no_script(workspace: Workspace, tmp_path: Path) -> None:
    import joblib

    folder = tmp_path / "trained"
    (folder / "out").mkdir(parents=True)
    joblib.dump(EXAMPLES["scikit-learn"].make(), folder / "out" / "ridge.joblib")
    (folder / "README.md").write_text("how it was trained")
    model = Model.register(workspace, folder, "ridge")
    assert "path = Path(Model.get_model_path(\"ridge\"), 'out/ridge.joblib')" in model.entry_script()
    assert len(answer(workspace, model, ROWS[:2].tolist())) == 2
    joblib.dump(EXAMPLES["scikit-learn"].make(), folder / "other.pkl")
    with pytest.raises(UserError, match="the folder holds 2 files of ScikitLearn") as refused:
        Model.register(workspace, folder, "ridge").entry_script()
    assert "Register that file alone" in refused.value.remedy


def saved_model(folder: Path) -> Path:
    return Path(shutil.copytree(DATA / "signed", folder / "saved"))


def folder_of_transformers(folder: Path, **config: Any) -> Path:
    (folder / "bert").mkdir()
    document = {"architectures": ["BertForSequenceClassification"], "transformers_version": "5.1.0", **config}
    (folder / "bert" / "config.json").write_text(json.dumps(document))
    return folder / "bert"


def keras_file(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "net.keras", "w") as archive:
        archive.writestr("metadata.json", '{"keras_version": "3.9.0"}')
    return folder / "net.keras"


@pytest.mark.parametrize(
    ("make", "framework", "imports", "sample"),
    [
        (lambda _: DATA / "exported.pt2", "PyTorch", {"torch"}, ROWS),
        (lambda _: DATA / "scripted.pt", "PyTorch", {"torch"}, pd.DataFrame({"a": [1.0]})),
        (saved_model, "TensorFlow", {"tensorflow"}, ROWS),
        (folder_of_transformers, "Transformers", {"torch", "transformers"}, ["a text"]),
        (keras_file, "TfKeras", {"keras", "jax"}, ROWS),
    ],
)
def test_files_of_the_big_frameworks_bring_them_into_the_service_and_have_a_clean_script(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    make: Any, framework: str, imports: set[str], sample: Any,
) -> None:  # fmt: skip
    """What these scripts answer is asked in tests/soak/test_big_frameworks.py."""
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    path = make(tmp_path)
    texts = []
    for given in (sample, None):
        model = Model.register(workspace, path, "net", sample_input=given)
        assert (model.model_framework, set(model.record.imports)) == (framework, imports)
        with written_script([model.record]) as inference:
            request, findings = seal(
                workspace.folder, "net", [model.record], inference, find_target("process"), ProcessOptions()
            )
            assert findings == ()
            assert imports <= set(Lock.parse(request.environment.text).missing)  # none of them is here
        texts.append(model.entry_script())
    assert_clean(tmp_path, texts)


def assert_clean(folder: Path, texts: list[str]) -> None:
    """Nothing to say for ruff as it comes."""
    place = folder / "scripts"
    place.mkdir()
    for number, text in enumerate(texts):
        (place / f"score{number}.py").write_text(text)
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--output-format", "concise"]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_scripts_lint_clean(workspace: Workspace, tmp_path: Path) -> None:
    samples = [None, ROWS, pd.DataFrame({"a": [1.0], "b": [2.0], "c": [3.0]}), [["a", "b", "c"]]]
    texts = []
    for name in ("scikit-learn", "XGBoost booster", "LightGBM booster", "ONNX", "plain Python"):
        value = EXAMPLES[name].make()
        texts += [
            Model.register(workspace, model=value, model_name="live", sample_input=sample).entry_script()
            for sample in samples
        ]
    assert_clean(tmp_path, texts)


def test_the_script_for_a_saved_model_takes_its_inputs_by_name_or_the_only_one(
    workspace: Workspace, tmp_path: Path
) -> None:
    model = Model.register(workspace, saved_model(tmp_path), "net")
    assert (
        model.entry_script().partition("\n\n\n")[2]
        == """\
def init():
    global model, signature
    path = Model.get_model_path("net")
    model = tf.saved_model.load(path)  # kept, as its variables end with it
    signature = model.signatures["serving_default"]


def run(data):
    data = json.loads(data)["data"]
    inputs = signature.structured_input_signature[1]
    given = data if isinstance(data, dict) else {name: data for name in inputs}
    tensors = {name: tf.constant(given[name], dtype=spec.dtype) for name, spec in inputs.items()}
    return {name: tensor.numpy() for name, tensor in signature(**tensors).items()}
"""
    )


def test_the_script_for_a_folder_of_transformers_takes_texts(workspace: Workspace, tmp_path: Path) -> None:
    model = Model.register(workspace, folder_of_transformers(tmp_path), "net", sample_input=["It is good."])
    assert (
        model.entry_script()
        == '''\
"""Answers with net:1."""

from inference_schema.parameter_types.standard_py_parameter_type import (
    StandardPythonParameterType,
)
from inference_schema.schema_decorators import input_schema
from jupyter_deploy import Model
from transformers import pipeline

SAMPLE = ['It is good.']


def init():
    global model
    path = Model.get_model_path("net")
    model = pipeline("text-classification", model=path)


@input_schema("data", StandardPythonParameterType(SAMPLE))
def run(data):
    return model(data)
'''
    )


@pytest.mark.parametrize(
    ("config", "sample", "reason"),
    [
        ({"architectures": ["ViTForImageClassification"]}, None, "its architecture is ViTForImageClassification"),
        ({"architectures": None}, None, "its architecture is not said in its config.json"),
        ({"auto_map": {"AutoModel": "own.Own"}}, None, "no entry script can be written for net:1"),
        ({}, [[1.0]], "the sample of net:1 is no list of texts"),
    ],
)
def test_a_folder_of_transformers_that_takes_no_texts_is_refused(
    workspace: Workspace, tmp_path: Path, config: dict[str, Any], sample: Any, reason: str
) -> None:
    model = Model.register(workspace, folder_of_transformers(tmp_path, **config), "net", sample_input=sample)
    with pytest.raises(UserError) as refused:
        model.entry_script()
    assert reason in str(refused.value).splitlines()[0]
    assert refused.value.remedy


@pytest.mark.parametrize(
    ("file", "trust", "message", "why"),
    [
        ("weights.pt", (), "net:1 holds weights alone (a state_dict)", "is not in the file"),
        ("module.pt", ("__main__.Net", "torch.nn.modules.linear.Linear"), "net:1 is a module that torch.save pickled",
         "the code of its classes (__main__.Net)"),
    ],
)  # fmt: skip
def test_what_torch_save_wrote_is_refused_with_what_it_lacks(
    workspace: Workspace, file: str, trust: tuple[str, ...], message: str, why: str
) -> None:
    model = Model.register(workspace, DATA / file, "net", trust=trust)
    with pytest.raises(UserError) as refused:
        model.entry_script()
    assert str(refused.value).splitlines()[0] == message
    assert why in str(refused.value)
    assert "model=net with sample_input" in refused.value.remedy


@pytest.mark.parametrize(
    ("framework", "reason"),
    [
        ("TensorFlow", "net:1 is no SavedModel with the signature 'serving_default'"),
        ("Transformers", "its architecture is not said in its config.json"),
        ("Multi", "it is several models in one (Multi)"),
        (None, "its framework is not known"),
        ("PyTorch", "net:1 is no file of PyTorch's that is known here"),
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
