"""What a script imports: the modules its environment has to provide, and imports of what is long gone."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator

from jupyter_deploy.script.description import Finding
from jupyter_deploy.script.source import Source

_IMPORT_GUARDS = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


def imported_modules(source: Source) -> tuple[str, ...]:
    """The top-level names of the modules imported anywhere, sorted; no relative ones, none of the standard library."""
    found: set[str] = set()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            found.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return tuple(sorted(found - sys.stdlib_module_names))


def import_problems(source: Source) -> Iterator[Finding]:
    """Find imports of what is gone or not needed, where the script does not say itself what else to do."""
    for statement, modules in _unconditional_imports(source.tree):
        for module in modules:
            if module.startswith("sklearn.externals."):
                message = "`sklearn.externals` is gone since scikit-learn 0.23"
                remedy = f"Write `import {module.split('.')[2]}` instead."
                yield Finding("warning", "sklearn-externals", statement.lineno, message, remedy, source.filename)
            elif module.startswith(("azureml.train.", "azureml.automl.")):
                message = f"unneeded heavyweight import `{module}`, only answered by a stand-in"
                remedy = "Take the line out; the model is loaded without it."
                yield Finding("warning", "unneeded-import", statement.lineno, message, remedy, source.filename)


def _unconditional_imports(scope: ast.AST) -> Iterator[tuple[ast.stmt, list[str]]]:
    """Import statements with the full names they ask for, without those under ``if`` or a ``try`` that may fail."""
    for node in ast.iter_child_nodes(scope):
        if isinstance(node, ast.Import):
            yield node, [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node, [f"{node.module}.{alias.name}" for alias in node.names]
        elif not isinstance(node, ast.If) and not (isinstance(node, ast.Try) and _may_fail(node)):
            yield from _unconditional_imports(node)


def _may_fail(node: ast.Try) -> bool:
    return any(
        handler.type is None
        or any(isinstance(part, ast.Name) and part.id in _IMPORT_GUARDS for part in ast.walk(handler.type))
        for handler in node.handlers
    )
