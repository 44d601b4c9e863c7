"""Archives of skops by path: harmful ones are made here by hand; none of them is ever loaded."""

from __future__ import annotations

import json
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from jupyter_deploy import Model, Workspace
from jupyter_deploy.errors import Untrusted
from jupyter_deploy.models.pickles import inspect
from jupyter_deploy.models.skops_archive import make_repeatable
from tests.models.live_objects import CLASSES, ROWS, TARGET


def node(loader: str, name: str, **more: Any) -> dict[str, Any]:
    module, _, kind = name.rpartition(".")
    return {"__loader__": loader, "__module__": module, "__class__": kind, **more}


def archive(path: Path, schema: Any, before: bytes = b"") -> Path:
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("schema.json", schema if isinstance(schema, bytes) else json.dumps(schema))
    path.write_bytes(before + path.read_bytes())
    return path


def names(path: Path) -> set[str]:
    return {str(name) for name in inspect(path).names}


ARGUMENTS = node("TupleNode", "builtins.tuple", content=[node("JsonNode", "builtins.str", content='"touch harmed"')])
SYSTEM = node("ConstructorFromReduceNode", "posix.system", content=ARGUMENTS)
INNER = {"__loader__": "DictNode", "__module__": "builtins", "__class__": "dict", "content": {"steps": [[SYSTEM]]}}
STATE = {"content": {"bit_generator": {"content": '"seed"'}}}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (SYSTEM, {"posix.system", "builtins.tuple"}),
        (INNER, {"posix.system", "builtins.tuple", "builtins.dict"}),
        (node("TypeNode", "my.module.Model"), {"my.module.Model"}),
        (node("FunctionNode", "builtins.function", content={"module_path": "os", "function": "system"}),
         {"builtins.function", "os.system"}),
        (node("MethodNode", "numpy.random.mtrand.RandomState", content={"func": "seed", "obj": SYSTEM}),
         {"numpy.random.mtrand.RandomState", "numpy.random.mtrand.RandomState.seed", "posix.system", "builtins.tuple"}),
        (node("OperatorFuncNode", "operator.methodcaller", attrs=ARGUMENTS), {"operator.methodcaller", "builtins.tuple"}),
        (node("RandomGeneratorNode", "numpy.random.Generator", content={"bit_generator": STATE}),
         {"numpy.random.Generator", "numpy.random.seed"}),
        (node("RandomGeneratorNode", "numpy.random.Generator", content={"bit_generator": "PCG64"}),
         {"numpy.random.Generator", "unreadable"}),
        ({"__loader__": "ObjectNode", "__module__": ["os"], "__class__": "system"}, {"unreadable"}),
        (b'{"__loader__": ' + b"[" * 100_000, {"unreadable"}),
        ({"title": "no archive of skops"}, set()),
        (b"no JSON", set()),
    ],
)  # fmt: skip
def test_every_name_that_would_be_imported_is_found(tmp_path: Path, schema: Any, expected: set[str]) -> None:
    assert names(archive(tmp_path / "m.skops", schema)) == expected


def test_an_archive_behind_something_else_is_found_as_loaders_find_it(tmp_path: Path) -> None:
    assert "posix.system" in names(archive(tmp_path / "m.skops", SYSTEM, before=b"#!/bin/sh\n"))


def test_a_harmful_archive_is_refused_with_its_names_and_not_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ws = Workspace(tmp_path / "mine")
    path = archive(tmp_path / "m.skops", {**INNER, "protocol": 2, "_skops_version": "0.16.0"})
    with pytest.raises(Untrusted) as refused:
        Model.register(ws, path, "net")
    assert (
        "m.skops would import names that are not known to be safe: posix.system" in str(refused.value).splitlines()[0]
    )
    assert "--trust posix.system" in refused.value.remedy
    assert list(Model.list(ws)) == []
    model = Model.register(ws, path, "net", trust=["posix.system"])
    assert "posix.system" in model.serialize()["trusted"]
    assert not (tmp_path / "harmed").exists()


def test_an_archive_of_the_users_own_functions_needs_trust(tmp_path: Path) -> None:
    ws = Workspace(tmp_path / "mine")
    steps = make_pipeline(FunctionTransformer(partial(np.clip, a_min=0, a_max=1)), Ridge()).fit(ROWS, TARGET)
    skops.io.dump(steps, tmp_path / "m.skops")
    with pytest.raises(Untrusted, match=r"functools\.partial"):
        Model.register(ws, tmp_path / "m.skops", "net")


def test_an_archive_by_path_is_loaded_by_the_script_that_is_written(tmp_path: Path) -> None:
    """Its names are held against the list here, and told to skops by the script, whose own list differs with its release."""
    skops.io.dump(RandomForestClassifier(2, random_state=0).fit(ROWS, CLASSES), tmp_path / "forest.skops")
    model = Model.register(Workspace(tmp_path / "mine"), tmp_path / "forest.skops", "forest")
    assert model.model_framework == "ScikitLearn"
    assert {"numpy", "skops", "sklearn"} <= set(model.record.imports)
    told = model.serialize()["trusted"]
    assert "sklearn.tree._tree.Tree" in told
    assert f"skops.io.load(path, trusted={told!r})" in model.entry_script()
    skops.io.load(tmp_path / "forest.skops", trusted=told)


@pytest.mark.parametrize(
    "value",
    [
        RandomForestClassifier(2, random_state=0), HistGradientBoostingRegressor(max_iter=2), KNeighborsClassifier(2),
        LogisticRegression(), make_pipeline(FunctionTransformer(np.log1p), Ridge()),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_an_archive_is_the_same_each_time_and_loads(tmp_path: Path, value: Any) -> None:
    path, contents = tmp_path / "m.skops", []
    value.fit(np.abs(ROWS), TARGET > 0)
    for _ in range(2):
        skops.io.dump(value, path)
        make_repeatable(path)
        contents.append(path.read_bytes())
    assert contents[0] == contents[1]
    loaded = skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))
    np.testing.assert_array_equal(loaded.predict(np.abs(ROWS)), value.predict(np.abs(ROWS)))


def test_the_same_object_is_stored_once(tmp_path: Path) -> None:
    ws = Workspace(tmp_path / "mine")
    forest = RandomForestClassifier(2, random_state=0).fit(ROWS, CLASSES)
    first, second = (Model.register(ws, model=forest, model_name="forest") for _ in range(2))
    assert first.record.root == "model.skops"
    assert first.record.files == second.record.files
