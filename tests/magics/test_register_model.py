from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_deploy.errors import UserError
from jupyter_deploy.magics.register_model import path_of
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
    assert path_of("m", {"m": value}) == Path("other.txt")
    (here / "m").touch()
    assert path_of("m", {"m": value}) == Path("m")


def test_an_object_is_refused_with_the_way_to_save_it() -> None:
    with pytest.raises(UserError) as caught:
        path_of("ridge", {"ridge": object()})
    assert "holds a object object" in str(caught.value)
    assert "joblib.dump(ridge, 'ridge.pkl'), then register ridge.pkl" in caught.value.remedy


def test_a_path_that_does_not_exist_is_a_short_error(run: Run) -> None:
    with pytest.raises(UserError, match=r"missing\.pkl"):
        run("%register_model missing.pkl --name tiny")
