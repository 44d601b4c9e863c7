"""The cells that a shell has run, as Python."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from jupyter_deploy.script.cells import Cell

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_TRANSPARENT = frozenset({"time", "capture", "prun"})
"""The cell magics that run their cell in the notebook's own namespace."""


def cells(shell: InteractiveShell) -> Iterator[Cell]:
    """The cells of this session in the order in which they were run; IPython has put its own syntax into Python."""
    assert shell.history_manager is not None  # a shell has one from its start
    for number, text in enumerate(shell.history_manager.input_hist_parsed):
        yield Cell(number, _inner(shell, text))


def _inner(shell: InteractiveShell, text: str) -> str:
    """The text below ``%%time`` and the like, which IPython keeps as the argument of a call; any other text as it is."""
    called = _cell_magic(text)
    if called is None:
        return text
    name, body = called
    return _inner(shell, shell.input_transformer_manager.transform_cell(body)) if name in _TRANSPARENT else text


def _cell_magic(text: str) -> tuple[str, str] | None:
    """The name and the text of the cell magic that a cell consists of."""
    if not text.startswith("get_ipython().run_cell_magic("):
        return None
    try:
        call = ast.parse(text.strip(), mode="eval").body
        assert isinstance(call, ast.Call)
        name, _, body = map(ast.literal_eval, call.args)
    except (SyntaxError, ValueError):
        return None
    return name, body
