"""From a cell to a live service and back, in JupyterLab."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from jupyter_deploy import Webservice, Workspace
from tests.helpers import take_away
from tests.widgets.lab import SLOW, Lab, Open

BEGIN = """
%load_ext jupyter_deploy
from pathlib import Path
Path("score.py").write_text("def init(): pass\\ndef run(data): return data\\n")
Path("tiny.txt").write_text("one")
%register_model tiny.txt --name tiny
""".strip()


@pytest.fixture
def workspace(lab: Lab) -> object:
    made = Workspace(lab.workspace)
    yield made
    take_away(made)


@pytest.mark.timeout(240)
def test_a_service_is_deployed_watched_changed_and_deleted_while_a_cell_runs_for_ever(
    workspace: Workspace, open_notebook: Open, tmp_path: Path
) -> None:
    notebook = open_notebook(
        "whole.ipynb", [BEGIN, "%deploy tiny-service --models tiny --script score.py", "while True: pass"]
    )
    notebook.run(0)
    cell = notebook.run(1)
    expect(cell.get_by_text("Healthy")).to_be_visible(timeout=SLOW)
    notebook.run(2)
    cell.get_by_role("tab", name="Log").click()
    expect(cell.get_by_role("log")).to_contain_text("azmlinfsrv", timeout=SLOW)
    cell.get_by_role("button", name="Restart").click()
    expect(cell.get_by_text("restart, ")).to_be_visible(timeout=SLOW)
    expect(cell.get_by_text("Healthy")).to_be_visible(timeout=SLOW)
    notebook.page.screenshot(path=tmp_path / "card.png")
    notebook.page.get_by_role("button", name="Interrupt the kernel").click()
    notebook.open()  # the page is reloaded; while a cell runs JupyterLab itself waits for the kernel
    cell = notebook.cell(1)
    cell.get_by_role("button", name="Delete…").click(timeout=SLOW)
    cell.get_by_role("button", name="Delete tiny-service").click()
    expect(cell.get_by_text("tiny-service is deleted")).to_be_visible(timeout=SLOW)
    assert not Webservice.list(workspace)
