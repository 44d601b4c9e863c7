"""Magics without arguments: a form where a front end can draw it, and the usage elsewhere."""

from __future__ import annotations

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from jupyter_deploy.widgets import DeployForm, RegisterForm
from tests.magics.conftest import Run


def test_alone_in_a_kernel_it_is_the_form(
    run: Run, shell: InteractiveShell, comms: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shell, "kernel", object(), raising=False)
    assert isinstance(run("%deploy"), DeployForm)
    form = run("key, number = 'hush', 1\n%register_model")
    assert isinstance(form, RegisterForm)
    assert form.part().offers()["variables"] == [("key", "str"), ("number", "int")]
    assert run("%deploy").part().offers()["secrets"] == ["key"]
    with pytest.raises(UsageError, match=r"required: NAME.VARIABLE; see %deploy.$"):
        run("%deploy --target process")
    with pytest.raises(UsageError, match=r"required: --name; see %register_model.$"):
        run("%register_model m.txt")


def test_alone_in_a_terminal_it_is_the_usage(run: Run) -> None:
    with pytest.raises(UsageError, match=r"required: NAME.VARIABLE; see %deploy\?\n%deploy NAME.VARIABLE \[--models N"):
        run("%deploy")
    with pytest.raises(UsageError, match=r"\n%register_model PATH.VARIABLE --name N "):
        run("%register_model")
