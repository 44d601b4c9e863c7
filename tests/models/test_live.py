from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from jupyter_deploy import Model, Workspace
from jupyter_deploy.errors import UserError
from jupyter_deploy.models.frameworks import framework_of
from tests.models.live_objects import EXAMPLES, NOTEBOOK, ROWS, Example, of_notebook

FRESH = """
import json, sys
import numpy as np
path, rows = sys.argv[1], np.array(json.loads(sys.stdin.read()))
{load}
print(json.dumps(np.asarray(answer).tolist()))
"""


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "live")


@pytest.mark.parametrize("example", [pytest.param(value, id=name) for name, value in EXAMPLES.items()])
def test_a_live_object_answers_the_same_in_a_fresh_process(ws: Workspace, tmp_path: Path, example: Example) -> None:
    value = example.make()
    model = Model.register(ws, model=value, model_name="live", sample_input=ROWS)
    assert (model.record.root, model.model_framework) == (example.file, example.framework)
    assert framework_of(value) == example.framework
    code = FRESH.format(load=example.load)
    command = [sys.executable, "-c", code, model.download(tmp_path / "elsewhere")]
    done = subprocess.run(command, input=json.dumps(ROWS.tolist()), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answer, expected = json.loads(done.stdout), example.predict(value)
    if isinstance(expected[0], str):
        assert answer == expected
    else:
        np.testing.assert_allclose(answer, expected, rtol=1e-6)


def test_an_object_is_marked_as_the_users_own_and_keeps_what_loading_needs(ws: Workspace) -> None:
    import sklearn

    model = Model.register(ws, model=EXAMPLES["scikit-learn"].make(), model_name="ridge")
    assert model.model_framework_version == sklearn.__version__
    document = model.serialize()
    assert (document["source"]["object"], document["source"]["method"]) == (
        "sklearn.linear_model._ridge.Ridge",
        "predict",
    )
    assert {"scikit-learn", "skops"} <= document["packages"].keys()
    plain = Model.register(ws, model=of_notebook(), model_name="plain")
    assert "cloudpickle.cloudpickle._make_skeleton_class" in plain.serialize()["trusted"]  # named, and not asked for
    assert {"cloudpickle", "numpy", "packaging"} <= set(plain.record.imports)
    assert plain.model_framework is None


def test_nothing_of_a_saved_object_is_left_outside_of_the_workspace(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tempfile

    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    Model.register(ws, model=EXAMPLES["scikit-learn"].make(), model_name="ridge")
    with pytest.raises(UserError):
        Model.register(ws, model=threading.Lock(), model_name="lock")
    assert list(place.iterdir()) == []
    assert [model.id for model in Model.list(ws)] == ["ridge:1"]


def test_without_skops_an_estimator_is_pickled(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "skops.io", None)
    model = Model.register(ws, model=EXAMPLES["scikit-learn"].make(), model_name="ridge")
    assert (model.record.root, model.serialize()["trusted"]) == ("model.joblib", [])


def _with_connection() -> Any:
    holder = of_notebook()
    holder.stores = [{"name": "here", "connection": sqlite3.connect(":memory:")}]
    return holder


def _function_with_connection() -> Any:
    lookup = "import sqlite3\nstore = sqlite3.connect(':memory:')\ndef lookup(rows): return store.execute('x')"
    return of_notebook("lookup", lookup)


MADE = """
import socket, threading
opened = []
def opening(thing):
    opened.append(thing)
    return thing
class Inner:
    def __init__(self): self.deep = {"k": [1, threading.Lock()]}
class Holder:
    def __init__(self, **parts): self.__dict__.update(parts)
    def predict(self, rows): return rows
class Slots:
    __slots__ = ("source",)
    def predict(self, rows): return rows
class Knot(Holder):
    def __init__(self): self.knot = [self, threading.RLock()]
class Proud(Holder):
    def __reduce__(self): raise RuntimeError("not me")
def reading():
    slots = Slots()
    slots.source = opening(open(__import__("os").devnull))
    return slots
def closing_over(part): return lambda rows: (part, rows)
"""


@pytest.mark.parametrize(
    ("made", "named"),
    [
        ("(row for row in [1])", "<genexpr> is a generator"),
        ("threading.Lock()", "lock is a _thread.lock"),
        ("opening(socket.socket())", "socket is a socket.socket"),
        ("closing_over(threading.Lock())", "<lambda>, by its name part, is a _thread.lock"),
        ("closing_over(opening(socket.socket()))", "<lambda>, by its name part, is a socket.socket"),
        ("Holder(a=1, inner=Inner())", "Holder.inner.deep['k'][1] is a _thread.lock"),
        ("Holder(ask=closing_over((n for n in [1])))", "Holder.ask, by its name part, is a generator"),
        ("reading()", "Slots.source is a _io.TextIOWrapper"),
        ("Knot()", "Knot.knot[1] is a _thread.RLock"),
        ("Proud()", "RuntimeError: not me"),
    ],
)  # fmt: skip
def test_the_part_that_cannot_be_saved_is_named_by_its_path(ws: Workspace, made: str, named: str) -> None:
    opened, value = of_notebook(f"opened, {made}", MADE)
    with ExitStack() as kept:
        for part in opened:
            kept.enter_context(part)
        with pytest.raises(UserError) as refused:
            Model.register(ws, model=value, model_name="live")
    assert str(refused.value).splitlines()[0].endswith(f" cannot be saved: {named}")
    assert "init() of the entry script" in refused.value.remedy
    assert list(Model.list(ws)) == []


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (_with_connection, "Doubler cannot be saved: Doubler.stores[0]['connection'] is a sqlite3.Connection"),
        (_function_with_connection, "lookup cannot be saved: lookup, by its name store, is a sqlite3.Connection"),
        (lambda: (row for row in ROWS), "cannot be saved: <genexpr> is a generator"),
        (lambda: EXAMPLES["XGBoost estimator"].make().__class__(), "a XGBClassifier cannot be saved: need to call fit"),
    ],
)  # fmt: skip
def test_what_cannot_be_saved_is_named_with_the_remedy(ws: Workspace, make: Any, named: str) -> None:
    with pytest.raises(UserError) as refused:
        Model.register(ws, model=make(), model_name="live")
    assert named in str(refused.value).splitlines()[0]
    assert refused.value.remedy
    assert list(Model.list(ws)) == []


def test_a_lambda_and_a_class_of_the_notebook_inside_an_estimator_are_kept_by_value(ws: Workspace) -> None:
    from sklearn.pipeline import make_pipeline

    step = of_notebook("Shift()", NOTEBOOK + "\nfrom sklearn.base import BaseEstimator, TransformerMixin\n"
        "class Shift(TransformerMixin, BaseEstimator):\n    def fit(self, X, y=None): return self\n"
        "    def transform(self, X): return shifted(X)\n")  # fmt: skip
    pipeline = make_pipeline(step, EXAMPLES["scikit-learn"].make()).fit(ROWS, ROWS[:, 0])
    model = Model.register(ws, model=pipeline, model_name="own")
    assert (model.record.root, model.model_framework) == ("model.pkl", "ScikitLearn")
    assert "packaging" in model.record.imports


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "give either model_path or model"),
        ({"model_path": "m.pkl", "model": object()}, "give either model_path or model, not both"),
        ({"model": "m.pkl"}, "model is 'm.pkl', which is no trained object"),
        ({"model": object(), "model_name": "no name"}, "'no name' is not a valid model name"),
        ({"model": object(), "sample_input": []}, "the sample is empty"),
    ],
)
def test_a_model_is_a_path_or_an_object(ws: Workspace, given: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as refused:
        Model.register(ws, **{"model_name": "live", **given})
    assert message in str(refused.value).splitlines()[0]


def test_a_registered_model_is_no_trained_object(ws: Workspace) -> None:
    model = Model.register(ws, model=of_notebook(), model_name="own")
    with pytest.raises(UserError, match="own:1 is registered already"):
        Model.register(ws, model=model, model_name="again")


# ------------------------------------------------------------------ frameworks too big for these tests, by stand-ins


def stand_in(module: str, **attributes: Any) -> Any:
    """An object of a class that such a framework might define."""
    return type("Net", (), {"__module__": module, **attributes})()


def test_a_keras_model_is_saved_as_its_archive(ws: Workspace) -> None:
    import zipfile

    def save(_self: Any, path: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("metadata.json", '{"keras_version": "3.9.0"}')

    model = Model.register(ws, model=stand_in("keras.src.models.sequential", save=save), model_name="net")
    assert (model.record.root, model.model_framework) == ("model.keras", "TfKeras")


class Rows:
    """What a tensor tells of itself."""

    def __init__(self, values: Any, dtype: str = "torch.float32") -> None:
        self.values, self.dtype = np.asarray(values), dtype

    def __len__(self) -> int:
        return len(self.values)

    def to(self, dtype: str | None) -> Rows:
        return Rows(self.values, dtype or self.dtype)

    def is_floating_point(self) -> bool:
        return "float" in self.dtype


def torch_stand_in(calls: list[Any], *, exports: bool = True) -> Any:
    def export(module: Any, rows: tuple[Rows], dynamic_shapes: Any) -> Any:
        if not exports:
            raise RuntimeError("the number of rows is fixed")
        calls.append(("export", len(rows[0]), rows[0].dtype, module.training, dynamic_shapes))

    def trace(module: Any, rows: Rows) -> Any:
        calls.append(("trace", len(rows), rows.dtype, module.training))
        return SimpleNamespace(save=lambda path: Path(path).write_bytes(b"traced"))

    def script(module: Any) -> Any:
        raise RuntimeError("no source")

    return SimpleNamespace(
        as_tensor=lambda values: Rows(values, f"torch.{values.dtype}"),
        cat=lambda parts: Rows(np.concatenate([part.values for part in parts]), parts[0].dtype),
        export=SimpleNamespace(
            export=export, Dim=SimpleNamespace(DYNAMIC="any"), save=lambda _, path: path.write_bytes(b"exported")
        ),
        jit=SimpleNamespace(trace=trace, script=script),
    )  # fmt: skip


def net_stand_in(answer: Any = None, takes: str = "float32") -> Any:
    def call(_self: Any, rows: Rows) -> Any:
        if takes not in rows.dtype:
            raise TypeError(f"wants {takes}")
        return answer

    parts = {
        "state_dict": lambda _: {}, "training": True, "__call__": call,
        "eval": lambda self: setattr(self, "training", False), "train": lambda self, on: setattr(self, "training", on),
        "parameters": lambda _: iter([SimpleNamespace(dtype="torch.float32")]),
    }  # fmt: skip
    return stand_in("torch.nn.modules.container", **parts)


def test_a_torch_module_is_exported_with_the_sample_in_evaluation_mode(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []
    monkeypatch.setitem(sys.modules, "torch", torch_stand_in(calls))
    net = net_stand_in()
    model = Model.register(ws, model=net, model_name="net", sample_input=ROWS[:1])
    assert (model.record.root, model.model_framework) == ("model.pt2", "PyTorch")
    assert calls == [
        ("export", 2, "torch.float32", False, ({0: "any"},))
    ]  # one row would be taken for all that can come
    assert net.training
    script = model.entry_script()
    assert "model = torch.export.load(path).module()" in script
    assert "return model(torch.as_tensor(data, dtype=torch.float32)).detach().numpy()" in script


@pytest.mark.parametrize(
    ("answer", "takes", "expected"),
    [
        ((1, 2), "float", "return [part.detach().numpy() for part in model(torch.as_tensor(data, dtype=torch.float32))]"),
        ({"a": 1}, "int", "for name, part in model(torch.as_tensor(data, dtype=torch.int64)).items()}"),
    ],
)  # fmt: skip
def test_the_script_for_a_torch_module_gives_what_it_takes_and_takes_what_it_gives(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch, answer: Any, takes: str, expected: str
) -> None:
    monkeypatch.setitem(sys.modules, "torch", torch_stand_in([]))
    net = net_stand_in(answer, takes)
    model = Model.register(ws, model=net, model_name="net", sample_input=np.array([[1, 2], [3, 4]]))
    assert expected in model.entry_script()


def test_a_torch_module_that_cannot_be_exported_is_traced(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []
    monkeypatch.setitem(sys.modules, "torch", torch_stand_in(calls, exports=False))
    model = Model.register(ws, model=net_stand_in(), model_name="net", sample_input=ROWS)
    assert (model.record.root, calls) == ("model.pt", [("trace", 60, "torch.float32", False)])
    assert "model = torch.jit.load(path).eval()" in model.entry_script()


def test_a_torch_module_that_cannot_be_saved_says_what_to_give(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", torch_stand_in([]))
    with pytest.raises(UserError, match="a Net cannot be compiled without a sample: no source") as refused:
        Model.register(ws, model=net_stand_in(), model_name="net")
    assert "give an input it takes as sample_input" in refused.value.remedy
    with pytest.raises(UserError, match="a Net cannot be called with the sample: wants complex"):
        Model.register(ws, model=net_stand_in(takes="complex"), model_name="net", sample_input=ROWS)


def test_a_pipeline_of_transformers_is_saved_as_a_folder_with_its_tokenizer(ws: Workspace) -> None:
    def save(_self: Any, path: str) -> None:
        Path(path).mkdir()
        (Path(path) / "config.json").write_text(
            '{"architectures": ["BertForMaskedLM"], "transformers_version": "5.1.0"}'
        )

    value = stand_in("transformers.pipelines.fill_mask", task="fill-mask", save_pretrained=save)
    model = Model.register(ws, model=value, model_name="net", sample_input=["so it [MASK]"])
    assert (model.record.root, model.record.is_folder) == ("model", True)
    assert {"torch", "transformers"} <= set(model.record.imports)
    assert 'model = pipeline("fill-mask", model=path)' in model.entry_script()


def test_a_module_of_tensorflow_is_saved_as_a_folder(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    signed = Path(__file__).parents[1] / "data" / "models" / "signed"
    saved_model = SimpleNamespace(save=lambda _, path: shutil.copytree(signed, path))
    monkeypatch.setitem(sys.modules, "tensorflow", SimpleNamespace(saved_model=saved_model))
    value = stand_in("tensorflow.python.module.module", trainable_variables=())
    model = Model.register(ws, model=value, model_name="net")
    assert (model.model_framework, model.record.imports) == ("TensorFlow", ("tensorflow",))
    assert 'signature = model.signatures["serving_default"]' in model.entry_script()


@pytest.mark.parametrize(
    ("value", "message", "remedy"),
    [
        (stand_in("transformers.models.bert"), "is registered together with its tokenizer", "save_pretrained"),
        (stand_in("onnxruntime.capi"), "cannot be saved: it does not give its model back", "register the .onnx file"),
    ],
)  # fmt: skip
def test_what_is_registered_by_its_files_says_so(ws: Workspace, value: Any, message: str, remedy: str) -> None:
    with pytest.raises(UserError) as refused:
        Model.register(ws, model=value, model_name="net")
    assert message in str(refused.value).splitlines()[0]
    assert remedy in refused.value.remedy
