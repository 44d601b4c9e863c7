"""Notebooks run from top to bottom in a real kernel."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from traitlets.config import Config


class Done:
    """A notebook after its run; cells are counted from 0."""

    def __init__(self, notebook: Any) -> None:
        self.cells = notebook.cells

    def named(self, id: str) -> int:  # noqa: A002  (as the format has it)
        """The number of the cell with an id."""
        return next(number for number, cell in enumerate(self.cells) if cell.id == id)

    def text(self, cell: int) -> str:
        """What a cell printed."""
        return "".join(output.text for output in self.cells[cell].outputs if output.output_type == "stream")

    def pictures(self, cell: int) -> list[Mapping[str, str]]:
        """What a cell displayed, by kind; without the controls of cards, of which a notebook keeps nothing."""
        return [output.data for output in self.cells[cell].outputs if output.get("data", {}).get("text/plain")]

    def error(self, cell: int) -> Any:
        """The error in a cell."""
        return next(output for output in self.cells[cell].outputs if output.output_type == "error")


def run_all(cells: Sequence[str], folder: Path, workspace: Path) -> Done:
    """Run cells as *Run All* does; an error stops the run, and what was there by then is returned."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    return run_notebook(notebook, folder, workspace)


def run_notebook(notebook: Any, folder: Path, workspace: Path, timeout: int = 60) -> Done:
    """Run a whole notebook in the same way, in a folder and over a workspace of the test's own; a cell may take so many seconds."""
    from nbclient.exceptions import CellExecutionError

    resources = {"metadata": {"path": str(folder)}}
    # its own sockets, as ports may be taken by others before the kernel takes them
    sockets = Config({"KernelManager": {"transport": "ipc", "ip": str(folder / "socket")}})
    client = NotebookClient(notebook, timeout=timeout, kernel_name="python3", resources=resources, config=sockets)
    environment = {**os.environ, "JUPYTER_DEPLOY_WORKSPACE": str(workspace), "IPYTHONDIR": str(folder / "ipython")}
    with contextlib.suppress(CellExecutionError):  # the notebook holds it
        client.execute(env=environment)
    return Done(notebook)
