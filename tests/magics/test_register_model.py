from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_deploy.errors import UserError
from jupyter_deploy.sdk.registering import what_is_meant
from tests.magics.conftest import Run


def test_what_was_given_is_registered_and_returned(run: Run, here: Path) -> None:
    (here / "m.txt").write_text("one")
    model = run('%register_model m.txt --name tiny --tag a=1 --tag "b=x y" --property p=q --description "two words"')
    assert (model.id, model.tags, model.properties) == ("tiny:1", {"a": "1", "b": "x y"}, {"p": "q"})
    assert model.description == "two words"
    assert [item.id for item in run("%models")] == ["tiny:1"]


def test_a_variable_holds_the_path_and_ipython_expands_names(run: Run, here: Path, shell: InteractiveShell) -> None:
    (here / "m.txt").write_text("one")
    shell.user_ns.update(place=here / "m.txt", name="tiny")
    assert run("%register_model place --name $name").id == "tiny:1"
    assert run("%register_model {place} --name {name.upper()}").id == "TINY:1"


def test_a_trailing_semicolon_silences_the_result(run: Run, here: Path) -> None:
    (here / "m.txt").write_text("one")
    assert run("%register_model m.txt --name tiny;") is None
    assert [item.id for item in run("%models")] == ["tiny:1"]


@pytest.mark.parametrize("value", ["other.txt", Path("other.txt")])
def test_a_path_that_exists_comes_before_a_variable(here: Path, value: Any) -> None:
    assert what_is_meant("m", {"m": value}) == {"model_path": Path("other.txt")}
    (here / "m").touch()
    assert what_is_meant("m", {"m": value}) == {"model_path": Path("m")}


def test_an_object_of_the_notebook_is_registered_with_a_sample(run: Run, shell: InteractiveShell) -> None:
    run("from sklearn.linear_model import Ridge\nimport numpy as np\nX = np.eye(3)\nridge = Ridge().fit(X, [1, 2, 3])")
    model = run("%register_model ridge --name diabetes --sample X")
    assert (model.id, model.model_framework, model.sample_input["dtype"]) == ("diabetes:1", "ScikitLearn", "float64")
    run(
        "class Rule:\n    def predict(self, rows): return [1 for _ in rows]\nrule, lock = Rule(), __import__('threading').Lock()"
    )
    assert run("%register_model rule --name rule").record.root == "model.pkl"
    with pytest.raises(UserError, match=r"lock cannot be saved: lock is a _thread\.lock"):
        run("%register_model lock --name lock")
    with pytest.raises(UserError, match="the sample nowhere is neither"):
        run("%register_model rule --name rule --sample nowhere")


def test_a_path_that_does_not_exist_is_a_short_error(run: Run) -> None:
    with pytest.raises(UserError, match=r"missing\.pkl"):
        run("%register_model missing.pkl --name tiny")


def test_of_many_models_the_first_are_shown(run: Run, here: Path) -> None:
    (here / "m.txt").write_text("one")
    for name in ("tiny", "tiny", "other"):
        run(f"%register_model m.txt --name {name}")
    assert repr(run("%models --limit 2")).splitlines()[-1] == "2 of 3; %models --limit all lists all of them"
    assert [model.id for model in run("%models tiny --limit all")] == ["tiny:2", "tiny:1"]
    with pytest.raises(UserError, match="'x' is no number from 1"):
        run("%models --limit x")
