"""Scripts held against the notebook's own objects: real trials, and the same call in this process."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy import InferenceConfig, Model, Workspace
from jupyter_deploy.engine.proof import Notebook
from jupyter_deploy.engine.trial import try_script
from jupyter_deploy.errors import ScriptError

CELL = "import json\ndef init(): ...\ndef run(data):\n    return f(json.loads(data))\n"
Write = Callable[..., Path]


def proof(
    workspace: Workspace, script: Path, cell: str = CELL, *models: Model, body: bytes = b"[1, 2]", **variables: Any
) -> str | None:
    records = [model.record for model in models]
    notebook = Notebook(cell, variables)
    return try_script(workspace.folder, records, InferenceConfig(str(script)), body, print, notebook).proof


def test_the_same_answer_is_said(workspace: Workspace, tiny_script: Write) -> None:
    script = tiny_script("def f(rows): return {'sum': sum(rows) / 3}\n" + CELL)
    assert proof(workspace, script, f=lambda rows: {"sum": sum(rows) / 3 + 1e-12}) == "the notebook answers the same"


def test_arrays_and_tables_are_compared_as_they_are_answered(workspace: Workspace, tiny_script: Write) -> None:
    import numpy as np
    import pandas as pd

    script = tiny_script("def f(rows): return {'a': rows, 't': [{'x': 1.0}, {'x': None}]}\n" + CELL)
    living = {"a": np.array([1, 2]), "t": pd.DataFrame({"x": [1.0, float("nan")]})}
    assert proof(workspace, script, f=lambda _: living) == "the notebook answers the same"


def test_a_difference_stops_with_its_place_and_both_values(workspace: Workspace, tiny_script: Write) -> None:
    script = tiny_script("def f(rows): return {'rows': rows}\n" + CELL)
    with pytest.raises(ScriptError) as caught:
        proof(workspace, script, f=lambda _: {"rows": [1, 3]})
    assert caught.value.what == "answer['rows'][1] is 2 from the script, and 3 in the notebook"
    assert not list(workspace.path.glob(".trial-*"))


def test_the_models_and_azure_names_of_a_service_are_there(
    workspace: Workspace, tiny_script: Write, tiny_model: Model
) -> None:
    cell = (
        "from azureml.core.model import Model\nfrom pathlib import Path\n"
        f"def init():\n    global model\n    model = Path(Model.get_model_path({tiny_model.name!r})).read_text()\n"
        "def run(data):\n    return f(model)\n"
    )
    script = tiny_script("def f(text): return text\n" + cell)
    assert proof(workspace, script, cell, tiny_model, f=str) == "the notebook answers the same"


def test_a_kernel_that_cannot_answer_is_named_and_stops_nothing(workspace: Workspace, tiny_script: Write) -> None:
    script = tiny_script("def f(rows): return rows\n" + CELL)
    line = proof(workspace, script, f=lambda _: missing)  # noqa: F821  (that is the point)
    assert line == (
        "not compared with the notebook, which could not answer: run() raised NameError: name 'missing' is not defined"
    )
    assert "could not answer: ZeroDivisionError" in (proof(workspace, script, "1 / 0") or "")
    assert "has no init()" in (proof(workspace, script, "x = 1") or "")


def test_the_kernel_is_afterwards_as_before(
    workspace: Workspace, tiny_script: Write, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "score", sys)

    def state() -> tuple[Any, ...]:
        ours = sorted(name for name in sys.modules if name.startswith(("azureml", "jupyter_deploy_scoring", "score")))
        return dict(os.environ), Path.cwd(), sys.path[:], sys.meta_path[:], ours, sys.modules["score"]

    before = state()
    cell = "import azureml.core, os\nos.environ['LEFT'] = 'here'\nprint('loud')\n" + CELL
    proof(workspace, tiny_script("def f(rows): return rows\n" + CELL), cell, f=list)
    assert state() == before
    assert "loud" not in capsys.readouterr().out


def test_dataclasses_of_the_cell_can_be_made(workspace: Workspace, tiny_script: Write) -> None:
    cell = (
        "from __future__ import annotations\nfrom dataclasses import dataclass, asdict\n@dataclass\nclass Row:\n    x: int\n"
        "def init(): ...\ndef run(data):\n    return asdict(Row(f(data)))\n"
    )
    script = tiny_script(cell.replace("def init", "def f(data): return 1\ndef init"))
    assert proof(workspace, script, cell, f=lambda _: 1) == "the notebook answers the same"
