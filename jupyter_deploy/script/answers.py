"""Finds answers of ``run`` that callers misread: text that is encoded twice, errors that look like success.

The rules stay silent when in doubt: a false alarm teaches people to read over the true ones.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from jupyter_deploy.script.description import Finding
from jupyter_deploy.script.source import FunctionNode, Source, own_nodes

_DUMPS = frozenset({"json.dumps", "simplejson.dumps", "ujson.dumps"})
_TEXT_OF_ANY = frozenset({"str", "repr", "format"})
# Calls that only wrap a text; with any other call nobody knows what becomes of it (AMLResponse sets a status).
_WRAPPERS = frozenset({"dict", "list", "traceback.format_exc"}) | _TEXT_OF_ANY | _DUMPS
_TEXT_METHODS = frozenset({"format", "join", "strip"})


def misleading_answers(source: Source, run: FunctionNode) -> Iterator[Finding]:
    """Find ``return`` statements of ``run`` that callers misread, a finding for each."""
    for statement in _encoded_twice(source, run):
        message = "run() returns JSON text, which is encoded once more: callers get a string instead of the value"
        remedy = "Return the value itself, without json.dumps."
        yield Finding("warning", "json-dumps-returned", statement.lineno, message, remedy, source.filename)
    for statement in dict.fromkeys(_hiding_errors(source, run)):
        message = "run() answers an exception with its text and status 200: callers cannot see that it failed"
        remedy = "Let the exception pass, or return AMLResponse(text, 400)."
        yield Finding("warning", "error-returned", statement.lineno, message, remedy, source.filename)


def _encoded_twice(source: Source, run: FunctionNode) -> Iterator[ast.Return]:
    def is_dump(node: ast.expr) -> bool:
        return isinstance(node, ast.Call) and source.dotted(node.func) in _DUMPS

    values: dict[str, list[ast.expr]] = {}
    for name, value in _assignments(run):
        values.setdefault(name, []).append(value)
    dumped = {name for name, given in values.items() if all(map(is_dump, given))}
    for statement, value in _returns(run):
        if is_dump(value) or (isinstance(value, ast.Name) and value.id in dumped):
            yield statement


def _hiding_errors(source: Source, run: FunctionNode) -> Iterator[ast.Return]:
    for handler in own_nodes(run):
        if isinstance(handler, ast.ExceptHandler):
            texts = {name for name, value in _assignments(handler) if _is_error_text(source, value, handler.name, ())}
            for statement, value in _returns(handler):
                if _is_error_text(source, value, handler.name, texts):
                    yield statement
            if not isinstance(handler.body[-1], ast.Return | ast.Raise):
                yield from _hiding_later(source, run, handler, texts)


def _hiding_later(
    source: Source, run: FunctionNode, handler: ast.ExceptHandler, texts: set[str]
) -> Iterator[ast.Return]:
    """The ``return`` statements after a handler that give the text it has kept under a name."""
    end = handler.end_lineno or handler.lineno
    kept = texts - {name for name, value in _assignments(run) if value.lineno > end}
    for statement, value in _returns(run):
        if statement.lineno > end and _is_error_text(source, value, None, kept):
            yield statement


def _is_error_text(source: Source, value: ast.expr, exception: str | None, texts: Collection[str]) -> bool:
    """Whether a value is the text of a caught exception, bare or inside a dict, a list or a longer text.

    Parameters
    ----------
    exception : the name the exception was caught under, if it was given one and is still there.
    texts : names that hold such a text already.
    """
    parts = list(ast.walk(value))
    if not all(_only_wraps(source, part) for part in parts if isinstance(part, ast.Call)):
        return False
    return any(
        (isinstance(part, ast.Name) and part.id in texts)
        or (isinstance(part, ast.Call) and source.dotted(part.func) == "traceback.format_exc")
        or (_makes_text(source, part) and exception in _names_in(part))
        for part in parts
    )


def _only_wraps(source: Source, call: ast.Call) -> bool:
    return source.dotted(call.func) in _WRAPPERS or _is_text_method(call)


def _makes_text(source: Source, node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return source.dotted(node.func) in _TEXT_OF_ANY or _is_text_method(node)
    return isinstance(node, ast.FormattedValue) or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod))


def _is_text_method(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr in _TEXT_METHODS


def _names_in(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _returns(scope: ast.AST) -> Iterator[tuple[ast.Return, ast.expr]]:
    for node in own_nodes(scope):
        if isinstance(node, ast.Return) and node.value is not None:
            yield node, node.value


def _assignments(scope: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    for node in own_nodes(scope):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name):
                    yield target.id, node.value
