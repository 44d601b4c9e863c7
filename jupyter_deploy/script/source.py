"""A script as the rules look at it: its tree without what a service never runs, and what its names stand for."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
# A script that does one of these may give itself names that no reader sees.
_HIDDEN_BINDINGS = frozenset({"globals", "vars", "locals", "exec", "__builtins__", "builtins", "sys.modules"})


@dataclass(frozen=True)
class Source:
    """One script.

    Parameters
    ----------
    filename : its name, for messages.
    tree : its syntax tree, as ``parse`` returns it.
    """

    filename: str
    tree: ast.Module

    @cached_property
    def imported(self) -> dict[str, str]:
        """What each imported name stands for: ``{"np": "numpy", "dumps": "json.dumps"}``."""
        names: dict[str, str] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    top = alias.name.partition(".")[0]
                    names[alias.asname or top] = alias.name if alias.asname else top
            elif isinstance(node, ast.ImportFrom) and not node.level:
                for alias in node.names:
                    names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        return names

    @cached_property
    def constants(self) -> dict[str, ast.expr]:
        """The expressions of the module-level names that are assigned exactly once."""
        assigned: dict[str, list[ast.expr]] = {}
        for node in own_nodes(self.tree):
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                    if isinstance(target, ast.Name):
                        assigned.setdefault(target.id, []).append(node.value)
        return {name: values[0] for name, values in assigned.items() if len(values) == 1}

    @cached_property
    def functions(self) -> dict[str, list[FunctionNode]]:
        """The functions that are defined at module level, also under ``if`` and ``try``; a name may have several."""
        found: dict[str, list[FunctionNode]] = {}
        for node in own_nodes(self.tree):
            if isinstance(node, FunctionNode):
                found.setdefault(node.name, []).append(node)
        return found

    @cached_property
    def hides_bindings(self) -> bool:
        """Whether names may come from where they cannot be read: a star import, ``globals()``, ``exec``."""
        return any(
            (isinstance(node, ast.alias) and node.name == "*")
            or (isinstance(node, ast.Name | ast.Attribute) and self.dotted(node) in _HIDDEN_BINDINGS)
            for node in ast.walk(self.tree)
        )

    def dotted(self, node: ast.AST) -> str:
        """The full name an expression stands for (``np.array`` is ``numpy.array``); empty for any other expression."""
        if isinstance(node, ast.Name):
            return self.imported.get(node.id, node.id)
        if isinstance(node, ast.Attribute) and (before := self.dotted(node.value)):
            return f"{before}.{node.attr}"
        return ""

    def value(self, node: ast.expr) -> ast.expr:
        """The expression itself, or what the module-level name in its place was given."""
        return self.constants.get(node.id, node) if isinstance(node, ast.Name) else node


def parse(text: str) -> ast.Module:
    """Read Python text into a tree that holds what a service would run.

    Raises
    ------
    SyntaxError, ValueError, RecursionError : as Python's own parser does.
    """
    tree = ast.parse(text.removeprefix("\ufeff"))
    _Served().visit(tree)
    return tree


def own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """Every node below a module or function, in order, without what lies inside the functions and classes in it."""
    for child in ast.iter_child_nodes(scope):
        yield child
        if not isinstance(child, _SCOPES):
            yield from own_nodes(child)


def argument(call: ast.Call, name: str, position: int) -> ast.expr | None:
    """What a call gives a parameter, by its name or by its position; None where it gives nothing."""
    named = (keyword.value for keyword in call.keywords if keyword.arg == name)
    return next(named, call.args[position] if len(call.args) > position else None)


class _Served(ast.NodeTransformer):
    """Takes out what is there for a type checker or the command line alone."""

    def visit_If(self, node: ast.If) -> ast.stmt | list[ast.stmt]:
        self.generic_visit(node)
        if _is_type_checking(node.test) or _is_main(node.test):
            return node.orelse or ast.copy_location(ast.Pass(), node)
        return node


def _is_type_checking(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def _is_main(test: ast.expr) -> bool:
    if not (isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq)):
        return False
    sides = (test.left, test.comparators[0])
    return any(isinstance(side, ast.Name) and side.id == "__name__" for side in sides) and any(
        isinstance(side, ast.Constant) and side.value == "__main__" for side in sides
    )
