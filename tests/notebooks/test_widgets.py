"""The tutorial on forms and cards, executed from top to bottom; and what is left of it where no widget can run."""

from __future__ import annotations

import re
from ast import literal_eval
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbconvert import HTMLExporter

from jupyter_deploy import Webservice, Workspace
from tests.magics.notebooks import Done, run_notebook

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "04_widgets.ipynb"
KEYS = "from pathlib import Path\nPath('keys').write_text('\\n'.join(service.get_keys()));"
VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture
def tutorial() -> Any:
    return nbformat.read(NOTEBOOK, as_version=4)


def test_it_is_kept_without_outputs_and_every_section_is_introduced(tutorial: Any) -> None:
    nbformat.validate(tutorial)
    assert all(not cell.outputs and cell.execution_count is None for cell in tutorial.cells if cell.cell_type == "code")
    assert NOTEBOOK.read_text(encoding="utf-8") == nbformat.writes(tutorial) + "\n"
    kinds = [(cell.cell_type, cell.id) for cell in tutorial.cells]
    follows = {"register", "deploy"}  # the line below its form
    assert {name for (before, _), (kind, name) in pairwise(kinds) if before == kind == "code"} == follows


def test_run_all_leaves_pictures_and_texts_without_scripts_and_keys(
    tutorial: Any, tmp_path: Path, workspace: Workspace
) -> None:
    tutorial.cells.insert(-1, nbformat.v4.new_code_cell(KEYS))
    done = run_notebook(tutorial, tmp_path, workspace.path)
    errors = [output for cell in done.cells for output in cell.get("outputs", ()) if output.output_type == "error"]
    assert not errors, errors
    assert not Webservice.list(workspace)

    for cell in ("register-form", "deploy-form", "deploy", "log", "panel", "charts", "services", "models"):
        assert any(VIEW in output.data for output in done.cells[done.named(cell)].outputs if "data" in output)
    assert "%register_model PATH" in _shown(done, "register-form")["text/plain"]
    assert "%deploy " in _shown(done, "deploy-form")["text/plain"]
    assert re.match(r"form-service: Healthy \(deploy, [\d.]+ s\)", _shown(done, "deploy")["text/plain"])
    assert _shown(done, "newer")["text/plain"] == "form-service: deleted"  # the newest card goes on
    assert "azmlinfsrv" in _shown(done, "log")["text/plain"]
    assert "$SERVICE_KEY" in _shown(done, "panel")["text/plain"]
    assert len(literal_eval(_shown(done, "load")["text/plain"])) == 5
    assert "Healthy" in _shown(done, "services")["text/plain"]
    assert [line.split()[:2] for line in _shown(done, "models")["text/plain"].splitlines()[1:]] == [
        ["diabetes-form", "2"],
        ["diabetes-form", "1"],
    ]
    assert re.search(r"requests.*[1-9]", _shown(done, "charts")["text/plain"])

    keys = (tmp_path / "keys").read_text().splitlines()
    assert not [key for key in keys if key in nbformat.writes(tutorial)]  # the state of the widgets among it
    del tutorial.metadata["widgets"]  # JupyterLab saves no state unless it is asked to
    text, _ = HTMLExporter().from_notebook_node(tutorial)
    page = BeautifulSoup(text, "html.parser")
    for cell in ("register-form", "deploy-form", "deploy", "log", "panel", "charts", "services", "models"):
        assert _words(BeautifulSoup(_shown(done, cell)["text/html"], "html.parser")) in _words(page)
    assert page.find("svg", attrs={"role": "img"})
    assert VIEW not in text
    assert "export default" not in text


def _shown(done: Done, cell: str) -> Mapping[str, str]:
    (shown,) = done.pictures(done.named(cell))
    return shown


def _words(page: BeautifulSoup) -> str:
    return " ".join(page.get_text(" ").split())
