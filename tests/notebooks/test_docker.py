"""The tutorial on Docker, executed from top to bottom on a real engine."""

from __future__ import annotations

import re
import tempfile
from ast import literal_eval
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import docker
import nbformat
import pytest

from jupyter_deploy import Webservice, Workspace
from tests.engines import BASE_IMAGE, alone
from tests.magics.notebooks import run_notebook

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "02_docker.ipynb"
PYTHONS_OWN = "python:3.11-slim-bookworm"


@pytest.fixture
def tutorial() -> Any:
    return nbformat.read(NOTEBOOK, as_version=4)


@pytest.fixture
def pythons_own_image(docker_engine: None) -> Iterator[None]:
    """Where no registry can be reached the lab's base image stands for it, for one test at a time."""
    engine = docker.from_env()
    try:
        with alone(Path(tempfile.gettempdir(), "jupyter-deploy-tests-pythons-own.turn")):
            is_there = engine.images.list(PYTHONS_OWN)
            if not is_there:
                engine.images.get(BASE_IMAGE).tag(PYTHONS_OWN)
            yield
            if not is_there:
                engine.images.remove(PYTHONS_OWN)
    finally:
        engine.close()


def test_it_is_kept_without_outputs_and_every_section_is_introduced(tutorial: Any) -> None:
    nbformat.validate(tutorial)
    assert all(not cell.outputs and cell.execution_count is None for cell in tutorial.cells if cell.cell_type == "code")
    assert NOTEBOOK.read_text(encoding="utf-8") == nbformat.writes(tutorial) + "\n"
    kinds = [(cell.cell_type, cell.id) for cell in tutorial.cells]
    follows = {"script", "score", "update", "score-again", "delete"}  # these belong to the cell above them
    assert {name for (before, _), (kind, name) in pairwise(kinds) if before == kind == "code"} == follows


@pytest.mark.usefixtures("pythons_own_image")
def test_run_all_builds_changes_and_takes_away(tutorial: Any, tmp_path: Path, workspace: Workspace) -> None:
    done = run_notebook(tutorial, tmp_path, workspace.path, timeout=400)
    errors = [output for cell in done.cells for output in cell.get("outputs", ()) if output.output_type == "error"]
    assert not errors, errors

    def shown(cell: str, kind: str = "text/plain") -> str:
        (picture,) = done.pictures(done.named(cell))
        return picture[kind]

    first, second = shown("deploy"), shown("update")
    assert re.match(r"docker-service: Healthy \(update, [\d.]+ s\)", first)  # until a newer card goes on
    assert re.search(r" s  COPY \[.azureml-app/score_docker.py", first)
    assert "RUN python3 -m pip" in shown("deploy", "text/html")
    built = re.findall(r" s  ([A-Z]+ .*)", second)
    assert "azureml-app/score_docker.py" in built[-1]
    assert not any("pip" in line for line in built)
    predicted = literal_eval(shown("score"))
    assert literal_eval(shown("score-again")) == [round(value) for value in predicted]
    assert "asked about 2 patients" in done.text(done.named("logs"))
    assert shown("rollback") == "docker-service: deleted"  # the newest card goes on
    assert done.text(done.named("delete")) == "docker-service is deleted\n"
    assert not Webservice.list(workspace)
