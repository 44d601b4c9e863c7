"""Takes into an entry script what its cell leans on in the notebook: the statements of other cells that define it.

A statement is taken in only where it can be shown to give what the notebook has now (``agreement``); everything
else is named, with what to do about it (``refusals``).
"""

from __future__ import annotations
import __future__

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from jupyter_deploy.script.agreement import agrees
from jupyter_deploy.script.cells import Cell, Statement, compiled_names, statements
from jupyter_deploy.script.description import Refusal
from jupyter_deploy.script.refusals import refusal
from jupyter_deploy.script.source import parse

_Import = ast.Import | ast.ImportFrom


@dataclass(frozen=True)
class Slice:
    """What a cell takes in from a notebook.

    Parameters
    ----------
    pieces : the statements, in the order in which they have to run; imports first.
    refusals : the names that the cell needs and that cannot be taken in, each with the reason and the remedy.
    names : the notebook's names that the cell itself reads.
    features : of ``from __future__``, under which the pieces were compiled.
    """

    pieces: tuple[Statement, ...] = ()
    refusals: Mapping[str, Refusal] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    features: tuple[str, ...] = ()

    @property
    def cells(self) -> tuple[int, ...]:
        """The numbers of the cells that something was taken from."""
        return tuple(sorted({piece.cell for piece in self.pieces}))


def take_in(cell: str, history: Iterable[Cell], variables: Mapping[str, Any]) -> Slice:
    """Find what a cell needs of the notebook; nothing is run.

    Parameters
    ----------
    cell : the text of the entry script. A text that is not Python takes in nothing.
    history : the cells that were run, in that order.
    variables : what the notebook has now, by name; not what IPython has put there.

    Example
    -------
    >>> history = [Cell(1, "SCALE = 10"), Cell(2, "def scaled(x): return SCALE * x")]
    >>> scope = {"SCALE": 10}
    >>> exec(history[1].text, scope)
    >>> [piece.text for piece in take_in("def run(data): return scaled(data)", history, scope).pieces]
    ['SCALE = 10', 'def scaled(x): return SCALE * x']
    """
    try:
        reads, bound = compiled_names(parse(cell))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Slice()
    run = statements(history)
    search = _Search(run, variables, bound)
    names = frozenset(reads - bound) & variables.keys()
    search.find(names)
    pieces = tuple(_ordered(search.found))
    return Slice(pieces, MappingProxyType(search.refused), names, _features(pieces, run))


class _Search:
    """Goes from the names that a cell reads to the statements that define them, and on from there.

    Parameters
    ----------
    history : the statements of the session. variables : what the notebook has.
    bound : the names that the cell binds; functions that are called later find these, not the notebook's.
    """

    def __init__(self, history: Sequence[Statement], variables: Mapping[str, Any], bound: Iterable[str]) -> None:
        self._history, self._variables, self._bound = history, variables, frozenset(bound)
        self.found: dict[str, list[Statement]] = {}
        self.refused: dict[str, Refusal] = {}

    def find(self, names: Iterable[str]) -> None:
        """Find the definitions of names and of what these need."""
        waiting = sorted(names)
        while waiting:
            name = waiting.pop()
            if name in self.found or name in self.refused:
                continue
            pieces = self._definition(name)
            if not pieces:
                self.refused[name] = refusal(name, self._variables[name], self._history)
                continue
            self.found[name] = pieces
            for piece in pieces:
                needed = piece.reads | (piece.reads_later - self._bound)
                waiting += sorted(needed & self._variables.keys())

    def _definition(self, name: str) -> list[Statement]:
        """The newest statement that gives what the notebook has; a package's submodules may take several imports."""
        found: dict[str, Statement] = {}
        for position, statement in enumerate(s for s in reversed(self._history) if _may_bind(s, name)):
            if self._gives_all(statement, name, newest=position == 0):
                if not _is_submodule(statement, name):
                    return [*found.values()] or [statement]
                found.setdefault(statement.text, statement)
        return [*found.values()]

    def _gives_all(self, statement: Statement, name: str, *, newest: bool) -> bool:
        if isinstance(statement.node, _Import):
            return agrees(statement.node, name, self._variables)
        opaque = bool(getattr(statement.node, "decorator_list", ()))
        if opaque and not newest:
            return False  # not every decorator leaves something that could be compared
        present = statement.binds & self._variables.keys() if _is_conditional(statement) else statement.binds
        return all(known in self._variables and agrees(statement.node, known, self._variables) for known in present)


def _is_conditional(statement: Statement) -> bool:
    return isinstance(statement.node, ast.If | ast.Try)


def _may_bind(statement: Statement, name: str) -> bool:
    node = statement.node
    if isinstance(node, ast.ImportFrom):
        return node.module != "__future__" and any(
            alias.name == "*" or (alias.asname or alias.name) == name for alias in node.names
        )
    return name in statement.binds


def _is_submodule(statement: Statement, name: str) -> bool:
    """Whether it is `import a.b`, which gives the name `a`, and may not be the only one that does."""
    node = statement.node
    return isinstance(node, ast.Import) and any(
        alias.name.startswith(f"{name}.") and not alias.asname for alias in node.names
    )


def _ordered(found: Mapping[str, Sequence[Statement]]) -> Iterator[Statement]:
    """Imports, then the rest as it was run, save that what a statement needs at once comes before it."""
    pieces = {piece.order: piece for given in found.values() for piece in given}
    placed: set[int] = set()

    def place(piece: Statement) -> Iterator[Statement]:
        if piece.order not in placed:
            placed.add(piece.order)
            for earlier in sorted(_before(piece, found)):
                yield from place(pieces[earlier])
            yield _narrowed(piece, {name for name, given in found.items() if piece in given})

    for piece in sorted(pieces.values(), key=lambda piece: (not isinstance(piece.node, _Import), piece.order)):
        yield from place(piece)


def _before(piece: Statement, found: Mapping[str, Sequence[Statement]]) -> set[int]:
    """What has to be there when a statement runs: what it reads, and all that this reads when it is called."""
    orders: set[int] = set()
    waiting = list(piece.reads)
    while waiting:
        for needed in found.get(waiting.pop(), ()):
            if needed.order not in orders and needed is not piece:
                orders.add(needed.order)
                waiting += [*needed.reads, *needed.reads_later]
    return orders


def _narrowed(statement: Statement, names: Iterable[str]) -> Statement:
    """An import with what gives these names alone, and any other statement as it is."""
    node = statement.node
    if not isinstance(node, _Import):
        return statement
    kept = [alias for alias in node.names if _bound_by(node, alias) in names]
    if any(alias.name == "*" for alias in node.names):
        kept = [ast.alias(name) for name in sorted(names)]
    if kept == node.names:
        return statement
    narrowed = ast.Import(kept) if isinstance(node, ast.Import) else ast.ImportFrom(node.module, kept, node.level)
    return replace(statement, text=ast.unparse(ast.copy_location(narrowed, node)))


def _bound_by(node: _Import, alias: ast.alias) -> str:
    return alias.asname or (alias.name.partition(".")[0] if isinstance(node, ast.Import) else alias.name)


def _features(pieces: Sequence[Statement], history: Sequence[Statement]) -> tuple[str, ...]:
    """The features that a cell had switched on for the session when the last of the pieces was run."""
    last = max((piece.order for piece in pieces), default=0)
    imports = [earlier.node for earlier in history if earlier.order < last and isinstance(earlier.node, ast.ImportFrom)]
    named = {alias.name for node in imports if node.module == "__future__" for alias in node.names}
    return tuple(name for name in __future__.all_feature_names if name in named)
