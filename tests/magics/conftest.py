"""A shell with the extension loaded, over a workspace of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_deploy import Workspace
from jupyter_deploy.magics import load, unload

Run = Callable[[str], Any]


@pytest.fixture
def here(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: empty, and with the test's workspace as the nearest one."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("JUPYTER_DEPLOY_WORKSPACE", str(workspace.path))
    return folder


@pytest.fixture
def shell(here: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """A shell with the magics; no file of the user's configuration or history is touched."""
    monkeypatch.setenv("IPYTHONDIR", str(here / "ipython"))
    InteractiveShell.clear_instance()
    made = InteractiveShell.instance()
    made.history_manager.enabled = False
    load(made)
    yield made
    unload(made)
    made.history_manager.end_session()
    made.reset(new_session=False)
    InteractiveShell.clear_instance()


@pytest.fixture
def run(shell: InteractiveShell) -> Run:
    """Run a cell and return its result; what it raised is raised."""

    def run_cell(text: str) -> Any:
        done = shell.run_cell(text)
        done.raise_error()
        return done.result

    return run_cell
