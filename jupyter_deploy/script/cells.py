"""The cells that a session has run, as the statements in them, with the names that each one binds and reads."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from types import CodeType

from jupyter_deploy.script.names import global_names

_FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT  # a cell may await


@dataclass(frozen=True)
class Cell:
    """One cell that was run.

    Parameters
    ----------
    number : its number in the notebook, as in ``In [3]``.
    text : its text as Python, without the notebook's own syntax.
    """

    number: int
    text: str


@dataclass(frozen=True)
class Statement:
    """One statement at the top of a cell.

    Parameters
    ----------
    order : its place among all statements of the session. cell : the number of its cell.
    node : its syntax tree. text : as it was written.
    binds : the names it gives values to when it runs; a star import binds names that cannot be read from it.
    sets_later : the names that functions in it set as ``global`` when they are called.
    reads : the global names it needs when it runs. reads_later : those its functions need when they are called.
    """

    order: int
    cell: int
    node: ast.stmt
    text: str
    binds: frozenset[str]
    sets_later: frozenset[str]
    reads: frozenset[str]
    reads_later: frozenset[str]


def statements(cells: Iterable[Cell]) -> tuple[Statement, ...]:
    """Read cells, in the order in which they were run; one that is not Python bound nothing and is passed over."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python's remarks about the text were made when the cell ran
        found = [(cell, node) for cell in cells for node in _parsed(cell.text)]
        return tuple(statement(order, cell, node) for order, (cell, node) in enumerate(found))


def statement(order: int, cell: Cell, node: ast.stmt) -> Statement:
    """Work out what one statement of a cell binds and reads."""
    all_reads, all_bound = global_names(compiled(node))
    reads, bound = global_names(compiled(_hollow(node)))
    now, later = frozenset(name for name, _ in reads), frozenset(name for name, _ in all_reads)
    binds = frozenset(bound)
    return Statement(
        order, cell.number, node, _written(cell.text, node), binds, frozenset(all_bound) - binds, now, later - now
    )


def compiled(node: ast.stmt) -> CodeType:
    """The code of one statement; it is never run."""
    code: CodeType = compile(
        ast.Module(body=[node], type_ignores=[]), "<cell>", "exec", flags=_FLAGS, dont_inherit=True
    )
    return code


def compiled_names(tree: ast.Module) -> tuple[set[str], set[str]]:
    """The global names that a script reads anywhere, and those that it binds."""
    reads, bound = global_names(compile(tree, "<script>", "exec", dont_inherit=True))
    return {name for name, _ in reads}, bound


def _parsed(text: str) -> list[ast.stmt]:
    try:
        tree = ast.parse(text)
        compile(text, "<cell>", "exec", flags=_FLAGS, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return tree.body


def _written(text: str, node: ast.stmt) -> str:
    """The lines of a statement with what is remarked on them, or the statement alone where it shares a line."""
    decorators = node.decorator_list if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) else []
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
    lines = text.splitlines()
    last = (node.end_lineno or node.lineno) - 1
    after = lines[last].encode()[node.end_col_offset :].decode().strip()
    if node.col_offset or (after and not after.startswith("#")):
        return ast.unparse(node)
    return "\n".join(lines[first - 1 : last + 1])


class _Bodies(ast.NodeTransformer):
    """Empties functions, so that what is left is what runs at once: decorators, defaults, annotations, bases."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.body = [ast.copy_location(ast.Pass(), node)]
        self.generic_visit(node)
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AsyncFunctionDef:
        node.body = [ast.copy_location(ast.Pass(), node)]
        self.generic_visit(node)
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.Lambda:
        node.body = ast.copy_location(ast.Constant(None), node)
        self.generic_visit(node)
        return node


def _hollow(node: ast.stmt) -> ast.stmt:
    hollow: ast.stmt = _Bodies().visit(deepcopy(node))
    return hollow


def bound_in(nodes: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements inside ``if`` and ``try``, at any depth, and every other statement itself."""
    for node in nodes:
        if isinstance(node, ast.If):
            yield from bound_in([*node.body, *node.orelse])
        elif isinstance(node, ast.Try):
            handled = [inner for handler in node.handlers for inner in handler.body]
            yield from bound_in([*node.body, *handled, *node.orelse, *node.finalbody])
        else:
            yield node
