"""A notebook's session for tests: cells that are really run, one after the other, as a kernel runs them."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Sequence
from typing import Any

from jupyter_deploy.script.cells import Cell
from jupyter_deploy.script.merge import merge
from jupyter_deploy.script.slice import Slice, take_in

RUN = "def init(): ...\ndef run(data):\n    return "


class Session:
    """What was run, and what it has left; the cells are counted from 1."""

    def __init__(self, *cells: str) -> None:
        self.cells: list[Cell] = []
        self.scope: dict[str, Any] = {"__name__": "__main__"}
        for cell in cells:
            self.run(cell)

    def run(self, text: str) -> None:
        """Run a cell, statement by statement; one that raises ends there, as in a notebook."""
        text = textwrap.dedent(text)
        self.cells.append(Cell(len(self.cells) + 1, text))
        try:
            for node in ast.parse(text).body:
                exec(compile(ast.Module([node], []), f"<cell {len(self.cells)}>", "exec"), self.scope)  # noqa: S102
        except ZeroDivisionError:
            pass

    @property
    def variables(self) -> dict[str, Any]:
        """What the session has left."""
        return {name: value for name, value in self.scope.items() if not name.startswith("__")}

    def take(self, cell: str) -> Slice:
        """What a cell takes in."""
        return take_in(textwrap.dedent(cell), self.cells, self.variables)


def taken(cells: Sequence[str], expression: str = "f(data)") -> list[str]:
    """The texts that a script with ``run`` returning an expression takes in; refuses nothing, and runs in a fresh scope."""
    session = Session(*cells)
    cut = session.take(RUN + expression)
    assert not cut.refusals, cut.refusals
    exec(compile(merge(RUN + expression, cut).text, "score.py", "exec", dont_inherit=True), {"__name__": "score"})  # noqa: S102
    return [piece.text for piece in cut.pieces]


def refused(cells: Sequence[str], expression: str = "x") -> dict[str, str]:
    """Why what is refused is refused, with the remedies."""
    cut = Session(*cells).take(RUN + expression)
    return {name: f"{refusal.why}. {refusal.remedy}" for name, refusal in cut.refusals.items()}
