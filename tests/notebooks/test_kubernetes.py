"""The tutorial on Kubernetes, executed from top to bottom on a real cluster."""

from __future__ import annotations

from ast import literal_eval
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml

from jupyter_deploy import Webservice, Workspace
from tests.clusters import NAMESPACE, kubeconfig
from tests.magics.notebooks import run_notebook
from tests.notebooks.test_docker import pythons_own_image as pythons_own_image

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "03_kubernetes.ipynb"


@pytest.fixture
def tutorial() -> Any:
    return nbformat.read(NOTEBOOK, as_version=4)


@pytest.fixture
def as_kubectls_own(cluster: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cluster is the one that kubectl uses, in the tests' namespace."""
    document = yaml.safe_load(kubeconfig().read_text(encoding="utf-8"))
    for each in document["contexts"]:
        each["context"]["namespace"] = NAMESPACE
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    monkeypatch.setenv("KUBECONFIG", str(path))


def test_it_is_kept_without_outputs_and_every_section_is_introduced(tutorial: Any) -> None:
    nbformat.validate(tutorial)
    assert all(not cell.outputs and cell.execution_count is None for cell in tutorial.cells if cell.cell_type == "code")
    assert NOTEBOOK.read_text(encoding="utf-8") == nbformat.writes(tutorial) + "\n"
    kinds = [(cell.cell_type, cell.id) for cell in tutorial.cells]
    follows = {"script", "score", "score-again", "delete", "detach"}  # these belong to the cell above them
    assert {name for (before, _), (kind, name) in pairwise(kinds) if before == kind == "code"} == follows


@pytest.mark.usefixtures("pythons_own_image", "as_kubectls_own")
def test_run_all_attaches_deploys_changes_and_takes_away(tutorial: Any, tmp_path: Path, workspace: Workspace) -> None:
    done = run_notebook(tutorial, tmp_path, workspace.path, timeout=400)
    errors = [output for cell in done.cells for output in cell.get("outputs", ()) if output.output_type == "error"]
    assert not errors, errors

    def shown(cell: str) -> str:
        (picture,) = done.pictures(done.named(cell))
        return picture["text/plain"]

    assert "lab" in shown("attach")
    assert literal_eval(shown("score")) == literal_eval(shown("score-again"))
    objects = list(yaml.safe_load_all(done.text(done.named("objects"))))
    kinds = [thing["kind"] for thing in objects]
    assert {"Deployment", "Service", "Secret", "ConfigMap"} <= set(kinds)
    assert objects[kinds.index("Deployment")]["spec"]["replicas"] == 2
    assert "POST /score 200" in done.text(done.named("logs"))
    assert done.text(done.named("delete")) == "cluster-service is deleted\n"
    assert not Webservice.list(workspace)
    assert not workspace.compute_targets
