"""Puts what was taken in from a notebook on top of an entry script's cell, marked, and shows it as a diff."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from jupyter_deploy.script.cells import Statement
from jupyter_deploy.script.slice import Slice

BEGIN = "# ---- taken in from the notebook ----"
END = "# ---- the cell itself ----"


@dataclass(frozen=True)
class Merged:
    """A script made of a cell and of what it took in.

    Parameters
    ----------
    text : the script. first, last : the lines that were taken in, counted from 1; both 0 where there are none.
    lines : how many lines the script has.
    """

    text: str
    first: int = 0
    last: int = 0
    lines: int = 0

    def places(self) -> str:
        """Which lines of the file are the cell's, for a person who reads an error with a line number."""
        before = f"1-{self.first - 1} and " if self.first > 1 else ""
        return f"lines {before}{self.last + 1}-{self.lines} are the cell's"


def merge(cell: str, taken: Slice) -> Merged:
    """Write a script: the cell verbatim, and above it what it took in.

    Only a docstring and imports from ``__future__`` stay first, where Python wants them.
    """
    lines = cell.splitlines(keepends=True)
    if not taken.pieces:
        return Merged(cell, lines=len(lines))
    at = _first_possible_line(cell)
    block = [f"{line}\n" for line in _block(taken)]
    text = "".join([*lines[:at], *block, *lines[at:]])
    return Merged(text, at + 1, at + len(block), len(lines) + len(block))


def diff(cell: str, merged: Merged, filename: str) -> str:
    """What was added to the cell's text, as a unified diff; empty where nothing was."""
    lines = difflib.unified_diff(cell.splitlines(), merged.text.splitlines(), "cell", filename, n=1, lineterm="")
    return "\n".join(lines)


def _first_possible_line(cell: str) -> int:
    """How many lines have to stay first."""
    at = 0
    for position, node in enumerate(ast.parse(cell).body):
        is_docstring = not position and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not is_docstring and not (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
            break
        at = node.end_lineno or node.lineno
    return at


def _block(taken: Slice) -> Iterator[str]:
    yield BEGIN
    if taken.features:
        yield f"from __future__ import {', '.join(taken.features)}"
    for number, pieces in groupby(taken.pieces, key=_cell):
        yield f"# cell {number}"
        yield from _written(list(pieces))
    yield END


def _cell(piece: Statement) -> int:
    return piece.cell


def _written(pieces: Sequence[Statement]) -> Iterator[str]:
    for piece in pieces:
        yield from piece.text.splitlines()
