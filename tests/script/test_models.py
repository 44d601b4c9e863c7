from __future__ import annotations

import textwrap

import pytest

from jupyter_deploy.script import describe, undeployed_models
from jupyter_deploy.script.description import ModelCall

RUN = "\ndef run(data): return data\n"


def found(init: str, *deployed: tuple[str, int], files: tuple[str, ...] = ("score.py",)) -> list[str]:
    """What is said about a script whose init() holds some lines."""
    source = "from azureml.core.model import Model\ndef init():\n" + textwrap.indent(init, "    ") + RUN
    findings = list(undeployed_models(describe(source), deployed, files))
    assert all((finding.level, finding.code) == ("warning", "model-not-deployed") for finding in findings)
    return [str(finding) for finding in findings]


def test_the_calls_that_name_their_model_with_a_plain_string_are_known() -> None:
    description = describe(
        "from azureml.core.model import Model\nfrom jupyter_deploy import Model as M\nNAME = 'c'\n"
        "def init():\n    Model.get_model_path('b')\n    M.get_model_path(model_name='a', version=2)\n"
        "    Model.get_model_path(NAME)\n    Model.get_model_path('b', NAME)\n    Model.get_model_path('b', 3)\n" + RUN
    )
    assert description.model_calls == (
        ModelCall("b", None, 5, certain=True),
        ModelCall("a", 2, 6, certain=True),
        ModelCall("b", None, 8, certain=True),
        ModelCall("b", 3, 9, certain=True),
    )


def test_a_model_that_is_not_deployed_is_found_with_those_that_are() -> None:
    (line,) = found("Model.get_model_path('sklearn_mnist_model.pkl')", ("sklearn_mnist", 1), ("other", 2))
    assert line.startswith(
        "score.py:3: warning: get_model_path() asks for the model `sklearn_mnist_model.pkl`, which is not deployed with it"
        " (deployed: `sklearn_mnist:1`, `other:2`)."
    )
    assert "(deployed: none)" in found("Model.get_model_path('a')")[0]


def test_a_version_that_is_not_deployed_is_found() -> None:
    (line,) = found("Model.get_model_path('a', version=3)", ("a", 1), ("a", 2))
    assert "asks for version 3 of the model `a`" in line


@pytest.mark.parametrize(
    "init",
    [
        "Model.get_model_path('a')",
        "Model.get_model_path('a', 1)",
        "Model.get_model_path('a', version=None)",
        "Model.get_model_path(NAME)",
        "try:\n    Model.get_model_path('b')\nexcept Exception:\n    pass",
        "if input:\n    Model.get_model_path('b')",
        "path = Model.get_model_path('b') if input else 'b'",
        "Model.get_model_path('b', _workspace=input)",
        "Model.get_model_path('beside.pkl')",
        "Model.get_model_path('folder')",
    ],
)
def test_what_is_deployed_or_may_never_be_asked_for_is_no_false_alarm(init: str) -> None:
    assert found(init, ("a", 1), files=("score.py", "beside.pkl", "folder/part")) == []
