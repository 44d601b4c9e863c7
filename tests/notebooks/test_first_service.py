"""The tutorial, executed from top to bottom in a real kernel; what its cells answer is what its text promises."""

from __future__ import annotations

import json
import re
from ast import literal_eval
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
import pytest

from jupyter_deploy import Model, Webservice, Workspace
from tests.magics.notebooks import Done, run_notebook

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "01_first_service.ipynb"


@pytest.fixture
def tutorial() -> Any:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    return notebook


def test_it_is_kept_without_outputs_and_runs_in_any_kernel(tutorial: Any) -> None:
    cells = [cell for cell in tutorial.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in cells)
    assert tutorial.metadata.kernelspec.name == "python3"
    assert set(tutorial.metadata) == {"kernelspec", "language_info"}
    assert NOTEBOOK.read_text(encoding="utf-8") == nbformat.writes(tutorial) + "\n"


def test_every_code_cell_is_introduced(tutorial: Any) -> None:
    kinds = [(cell.cell_type, cell.id) for cell in tutorial.cells]
    follows = {"history", "three-score", "three-delete"}  # these belong to the cell above them
    assert {name for (before, _), (kind, name) in pairwise(kinds) if before == kind == "code"} == follows


def test_run_all_goes_from_training_to_deletion(tutorial: Any, tmp_path: Path, workspace: Workspace) -> None:
    folder = tmp_path / "notebooks"
    folder.mkdir()
    done = run_notebook(tutorial, folder, workspace.path)
    errors = [output for cell in done.cells for output in cell.get("outputs", ()) if output.output_type == "error"]
    assert not errors, errors

    predicted = _value(done, "score")
    assert len(predicted) == 2
    assert "id='diabetes-ridge:1'" in _shown(done, "register")
    assert json.loads(_text(done, "script").splitlines()[-1]) == predicted
    assert 'Process service creation operation finished, operation "Succeeded"' in _text(done, "deploy")
    assert re.match(
        r"first-service: Healthy \(update, [\d.]+ s\)", _shown(done, "deploy")
    )  # until a newer card goes on

    served, itself = (literal_eval(line[line.index("[") :]) for line in _text(done, "request").splitlines())
    assert predicted == served == pytest.approx(itself)
    wrong_key, too_narrow = _text(done, "refused").splitlines()
    assert wrong_key.startswith("401 {'message': 'the key is wrong; send")
    assert too_narrow.startswith("400 {'message': \"'data' does not fit the sample at item 0")
    assert "size 9" in too_narrow
    statuses = [line.split()[-1] for line in _text(done, "keys").splitlines()]
    assert statuses == ["401", "200", "200"]
    assert "'items': {'type': 'number', 'format': 'double'}" in _shown(done, "swagger")
    assert "POST /score 401" in _text(done, "logs")
    assert "POST /score 400" in _text(done, "logs")

    assert "diabetes-ridge:2 answers" in _text(done, "update")
    assert _value(done, "update") != pytest.approx(predicted)
    assert _shown(done, "rollback") == "first-service: deleted"  # the newest card goes on
    assert literal_eval(_text(done, "history")) == predicted
    assert [line.split()[0] for line in _shown(done, "history").splitlines()[1:]] == ["1", "2", "3"]
    assert "rollback to 1  diabetes-ridge:1" in _shown(done, "history")

    assert '@input_schema("data", NumpyParameterType(SAMPLE))' in _text(done, "three-deploy")
    assert _shown(done, "three-deploy") == "clf-service: deleted"
    assert _value(done, "three-score") == predicted
    assert _text(done, "three-delete") == "clf-service is deleted\n"

    assert not Webservice.list(workspace)
    assert [model.id for model in Model.list(workspace)] == ["clf:1"]
    assert {path.name for path in folder.iterdir()} == {"ipython", "ridge.pkl", "score.py"}


def _text(done: Done, cell: str) -> str:
    return done.text(done.named(cell))


def _shown(done: Done, cell: str) -> str:
    (picture,) = done.pictures(done.named(cell))
    return picture["text/plain"]


def _value(done: Done, cell: str) -> Any:
    return literal_eval(_shown(done, cell))
