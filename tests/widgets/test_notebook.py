from __future__ import annotations

from types import SimpleNamespace

import pytest

from jupyter_deploy.widgets.notebook import variables_here


def test_the_variables_are_those_that_the_user_has_given_names_to(monkeypatch: pytest.MonkeyPatch) -> None:
    hidden: list[object] = []
    shell = SimpleNamespace(user_ns={"In": hidden, "rows": [1], "__doc__": ""}, user_ns_hidden={"In": hidden})
    monkeypatch.setattr("IPython.core.getipython.get_ipython", lambda: shell)
    assert variables_here() == {"rows": [1]}
