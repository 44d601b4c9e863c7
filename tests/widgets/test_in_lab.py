"""From a cell to a live service and back, in JupyterLab."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from jupyter_deploy import Webservice, Workspace
from tests.helpers import take_away
from tests.widgets.lab import SLOW, Lab, Notebook, Open

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
    notebook.save()
    notebook.open()  # the page is reloaded; while a cell runs JupyterLab itself waits for the kernel
    cell = notebook.cell(1)
    cell.get_by_role("button", name="Delete…").click(timeout=SLOW)
    cell.get_by_role("button", name="Delete tiny-service").click()
    expect(cell.get_by_text("tiny-service is deleted")).to_be_visible(timeout=SLOW)
    assert not Webservice.list(workspace)


_SLOW_SCRIPT = "import time\\ndef init(): time.sleep(5)\\ndef run(data): return data\\n"


@pytest.mark.timeout(240)
def test_a_kernel_that_is_restarted_in_mid_deployment_finds_the_service_again(
    workspace: Workspace, lab: Lab, open_notebook: Open
) -> None:
    begin = BEGIN.replace("def init(): pass\\ndef run(data): return data\\n", _SLOW_SCRIPT)
    again = "%load_ext jupyter_deploy\n%services"
    notebook = open_notebook("restart.ipynb", [begin, "%deploy slow-service --models tiny --script score.py", again])
    notebook.run(0)
    cell = notebook.run(1)
    expect(cell.get_by_role("button", name="Cancel")).to_be_visible(timeout=SLOW)
    notebook.restart()
    expect(cell.get_by_text("The kernel was restarted or has ended; the service goes on.")).to_be_visible(timeout=SLOW)
    table = notebook.run(2)
    table.get_by_role("button", name="Open slow-service").click(timeout=SLOW)
    expect(table.get_by_role("status").get_by_text("Healthy", exact=True)).to_be_visible(timeout=SLOW)

    notebook.save()
    (lab.root / "copy.ipynb").write_bytes((lab.root / "restart.ipynb").read_bytes())
    copy = Notebook(notebook.page, lab.address("copy.ipynb"))  # with a kernel that knows nothing of these views
    expect(copy.cell(1).get_by_text("slow-service", exact=True)).to_be_visible()
    expect(copy.cell(2).get_by_role("cell", name="slow-service")).to_be_visible()
