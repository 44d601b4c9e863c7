"""The rules for ``init`` and ``run``, which the service calls: they are there, and can be called as it calls them."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from jupyter_deploy.script.description import Finding, Kind
from jupyter_deploy.script.source import FunctionNode, Source, own_nodes

_HEADERS = "request_headers"
# The decorators of which it is known that they leave the signature as it is, by the last part of their names.
_KNOWN_DECORATORS = frozenset({"input_schema", "output_schema", "rawhttp"})


def run_function(source: Source) -> FunctionNode | None:
    """The definition of ``run`` that counts, or None where ``run`` is something else than a plain function."""
    definitions = source.functions.get("run", [])
    return definitions[-1] if definitions and not _bound_otherwise(source, "run") else None


def run_parameters(run: FunctionNode) -> tuple[str, ...]:
    """The names of its parameters, in order."""
    arguments = run.args
    listed = [*arguments.posonlyargs, *arguments.args, arguments.vararg, *arguments.kwonlyargs, arguments.kwarg]
    return tuple(argument.arg for argument in listed if argument is not None)


def input_name(run: FunctionNode) -> str | None:
    """The parameter that gets the input: the first that is not ``request_headers``."""
    arguments = [*run.args.args, *run.args.kwonlyargs]
    return next((argument.arg for argument in arguments if argument.arg != _HEADERS), None)


def takes_headers(run: FunctionNode) -> bool:
    """Whether ``run`` asks for the request's headers."""
    return _HEADERS in run_parameters(run)


def run_kind(source: Source, run: FunctionNode) -> Kind:
    """What ``run`` is given, by its decorators."""
    names = {_last_name(source, decorator) for decorator in run.decorator_list}
    if "rawhttp" in names:
        return "raw"
    return "schema" if names & {"input_schema", "output_schema"} else "text"


def entry_problems(source: Source) -> Iterator[Finding]:
    """Find what would stop the service from calling ``init`` and ``run``."""
    yield from _missing(source)
    for name, refusal in (("init", _init_refusal), ("run", _run_refusal)):
        definitions = source.functions.get(name, [])
        if not definitions or _bound_otherwise(source, name):
            continue
        # Of several definitions under conditions one that fits is enough: which one counts is seen only when it runs.
        refusals = [refusal(source, definition) for definition in definitions]
        problem = refusals[-1]
        if problem is not None and all(refusals):
            message, remedy = problem
            yield Finding("error", f"{name}-signature", definitions[-1].lineno, message, remedy, source.filename)


def _missing(source: Source) -> Iterator[Finding]:
    # `driver_module` is the original's way to keep the two in a module of their own.
    if source.hides_bindings or _bound_otherwise(source, "driver_module"):
        return
    for name, remedy in (
        ("init", "Write `def init():`, which is called once and loads the model."),
        ("run", "Write `def run(data):`, which is called with each request and returns the answer."),
    ):
        if name not in source.functions and not _bound_otherwise(source, name):
            yield Finding("error", f"{name}-missing", 0, f"there is no {name}() in it", remedy, source.filename)


def _bound_otherwise(source: Source, name: str) -> bool:
    """Whether a name is bound at module level by anything else than ``def``."""
    for node in own_nodes(source.tree):
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store):
            return True
        if isinstance(node, ast.ClassDef) and node.name == name:
            return True
        if isinstance(node, ast.alias) and (node.asname or node.name.partition(".")[0]) == name:
            return True
    return any(isinstance(node, ast.Global) and name in node.names for node in ast.walk(source.tree))


def _init_refusal(source: Source, init: FunctionNode) -> tuple[str, str] | None:
    if _may_change_signature(source, init):
        return None
    if isinstance(init, ast.AsyncFunctionDef):
        return "init() is async, and nobody awaits it", "Write `def init():` without `async`."
    arguments = init.args
    required = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
    if required or None in arguments.kw_defaults:
        return "init() is called without arguments, and asks for some", "Write `def init():`."
    return None


def _run_refusal(source: Source, run: FunctionNode) -> tuple[str, str] | None:
    if _may_change_signature(source, run):
        return None
    names = {_last_name(source, decorator) for decorator in run.decorator_list}
    if {"rawhttp", "input_schema"} <= names:
        remedy = "Take one of the two: `@rawhttp` gives run() the request, `@input_schema` the converted values."
        return "run() has both `@rawhttp` and `@input_schema`", remedy
    if what := _uncallable(run):
        return f"run() has {what}", "Write `def run(data):`, with a name for each value that it takes."
    return None


def _uncallable(run: FunctionNode) -> str:
    """What the service could not give a value to, or an empty text."""
    arguments = run.args
    if arguments.posonlyargs:
        return "positional-only parameters"
    if arguments.vararg:
        return f"`*{arguments.vararg.arg}`"
    if arguments.kwarg:
        return f"`**{arguments.kwarg.arg}`"
    return "no parameter for the input" if input_name(run) is None else ""


def _may_change_signature(source: Source, function: FunctionNode) -> bool:
    return any(_last_name(source, decorator) not in _KNOWN_DECORATORS for decorator in function.decorator_list)


def _last_name(source: Source, decorator: ast.expr) -> str:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return source.dotted(called).rpartition(".")[2]
