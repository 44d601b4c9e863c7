"""Whether a statement of a cell gives what the notebook has: functions and classes by their code, constants by their value.

A name may have been changed after its definition, by code that no reader sees. What is taken into a script is therefore
held against the living object first; none of the notebook's code is run for that.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from functools import cached_property
from types import CodeType, FunctionType
from typing import Any

from jupyter_deploy.script.cells import bound_in, compiled
from jupyter_deploy.script.literals import Unknown, evaluate
from jupyter_deploy.script.sameness import is_small, same, same_code
from jupyter_deploy.script.source import FunctionNode, own_nodes

_MISSING = object()
_IN_BRANCHES = (
    ast.Import
    | ast.ImportFrom
    | ast.Assign
    | ast.AnnAssign
    | ast.FunctionDef
    | ast.AsyncFunctionDef
    | ast.ClassDef
    | ast.Pass
)


def agrees(node: ast.stmt, name: str, variables: Mapping[str, Any]) -> bool:
    """Whether a statement would give a name the value that the notebook has under it.

    Parameters
    ----------
    node : the statement. name : one of the names it binds. variables : the notebook's, ``name`` among them.
    """
    value = variables[name]
    if isinstance(node, ast.Import):
        return any(_imports(alias, name, value) for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        return any(_takes(node.module or "", alias, name, value) for alias in node.names)
    if isinstance(node, FunctionNode):
        return node.name == name and _is_function(node, value, variables)
    if isinstance(node, ast.ClassDef):
        return node.name == name and _is_class(node, value, variables)
    if isinstance(node, ast.Assign | ast.AnnAssign):
        return _assigns(node, name, value, variables)
    if isinstance(node, ast.If | ast.Try):
        inner = list(bound_in([node]))
        plain = all(isinstance(statement, _IN_BRANCHES) for statement in inner) and _tests_known(node, variables)
        return plain and any(agrees(statement, name, variables) for statement in inner)
    return False


def _imports(alias: ast.alias, name: str, value: Any) -> bool:
    top = alias.name.partition(".")[0]
    if alias.asname:
        return alias.asname == name and sys.modules.get(alias.name, _MISSING) is value
    return top == name and alias.name in sys.modules and sys.modules.get(top, _MISSING) is value


def _takes(module: str, alias: ast.alias, name: str, value: Any) -> bool:
    taken = name if alias.name == "*" else alias.name
    if alias.name != "*" and (alias.asname or alias.name) != name:
        return False
    given = getattr(sys.modules.get(module), taken, _MISSING)
    return given is value or sys.modules.get(f"{module}.{taken}", _MISSING) is value


def _is_function(node: FunctionNode, value: Any, variables: Mapping[str, Any]) -> bool:
    living = _function(value)
    if living is None or (node.decorator_list and living.__code__.co_name != node.name):
        return bool(node.decorator_list)  # a decorator made something of it that cannot be looked into
    code = next(_codes(compiled(node), node.name))
    unchanged = bool(node.decorator_list) or not vars(living)
    return unchanged and same_code(living.__code__, code) and _same_defaults(node.args, living, variables)


def _function(value: Any) -> FunctionType | None:
    """The innermost function of what decorators, ``property`` and the like have wrapped."""
    for _ in range(20):
        if isinstance(value, FunctionType) and not hasattr(value, "__wrapped__"):
            return value
        if isinstance(value, property):
            value = value.fget
        elif isinstance(value, cached_property):
            value = value.func
        elif isinstance(value, staticmethod | classmethod):
            value = value.__func__
        else:
            value = inspect.getattr_static(value, "__wrapped__", None)
    return None


def _same_defaults(arguments: ast.arguments, living: FunctionType, variables: Mapping[str, Any]) -> bool:
    positional = zip(arguments.defaults, living.__defaults__ or (), strict=False)
    named = living.__kwdefaults__ or {}
    keywords = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    pairs = [*positional, *((node, named.get(arg.arg)) for arg, node in keywords if node is not None)]
    return all(_may_be(node, value, variables) for node, value in pairs)


def _may_be(node: ast.expr, value: Any, variables: Mapping[str, Any]) -> bool:
    """Whether an expression comes to a value, as far as that can be known."""
    try:
        return same(evaluate(node, variables), value)
    except Unknown:
        return True


def _codes(code: CodeType, name: str) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            if constant.co_name == name:
                yield constant
            else:
                yield from _codes(constant, name)


def _is_class(node: ast.ClassDef, value: Any, variables: Mapping[str, Any]) -> bool:
    if not isinstance(value, type):
        return bool(node.decorator_list)
    body = next(_codes(compiled(node), node.name))
    return (
        all(_is_base(base, value, variables) for base in node.bases)
        and all(_is_method(code, body) for code in _methods(value))
        and (_is_made_otherwise(node, value) or _same_attributes(node, value, variables))
    )


def _is_made_otherwise(node: ast.ClassDef, value: type) -> bool:
    """Whether decorators, a metaclass, a base or NamedTuple may have given the class other attributes than were written."""
    hooked = any("__init_subclass__" in vars(base) for base in value.__mro__[1:-1])
    return bool(node.decorator_list) or type(value) is not type or hooked or hasattr(value, "_fields")


def _is_base(base: ast.expr, value: type, variables: Mapping[str, Any]) -> bool:
    try:
        named = evaluate(base, variables)
    except Unknown:
        return True
    if not isinstance(named, type):
        return True
    # A base that was run again without a change is another object, and the same class.
    return any(known is named or _same_class(known, named) for known in value.__mro__)


def _same_class(left: type, right: type) -> bool:
    ours, theirs = list(_methods(left)), list(_methods(right))
    return left.__qualname__ == right.__qualname__ and len(ours) == len(theirs) and all(map(same_code, ours, theirs))


def _methods(value: type) -> Iterator[CodeType]:
    """The code of the methods that were written out; not of those that ``dataclass``, ``Enum`` and the like have made."""
    for attribute in vars(value).values():
        function = _function(attribute)
        if function is None or function.__module__ != value.__module__:
            continue
        if function.__code__.co_filename != "<string>":
            yield function.__code__


def _is_method(code: CodeType, body: CodeType) -> bool:
    return any(same_code(code, written) for written in _codes(body, code.co_name))


def _same_attributes(node: ast.ClassDef, value: type, variables: Mapping[str, Any]) -> bool:
    """Whether the plain attributes of a class are those in its body; some may have been set since."""
    written = {
        target.id: statement.value
        for statement in bound_in(node.body)
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None
        for target in (statement.targets if isinstance(statement, ast.Assign) else [statement.target])
        if isinstance(target, ast.Name)
    }
    known = {**variables, **{name: vars(value)[name] for name in written if name in vars(value)}}
    bound = set(compiled(node).co_names) | {
        name for code in _codes(compiled(node), node.name) for name in code.co_names
    }
    return all(
        _may_be(written[name], given, known) if name in written else name in bound or name.startswith("__")
        for name, given in vars(value).items()
    )


def _assigns(node: ast.Assign | ast.AnnAssign, name: str, value: Any, variables: Mapping[str, Any]) -> bool:
    if node.value is None:
        return False
    if isinstance(node.value, ast.Lambda):
        living = _function(value)
        return (
            living is not None
            and same_code(living.__code__, next(_codes(compiled(node), "<lambda>")))
            and _same_defaults(node.value.args, living, variables)
        )
    if not is_small(value):
        return False
    # The value of the name itself must not be read: the statement would give it to itself.
    before = {"__name__": "__main__", **{known: other for known, other in variables.items() if known != name}}
    try:
        given = evaluate(node.value, before)
        return any(
            same(_unpacked(target, given, name), value)
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        )
    except (Unknown, ValueError, TypeError):
        return False


def _unpacked(target: ast.expr, given: Any, name: str) -> Any:
    """What a target gives to a name, where it names it, alone or in a tuple."""
    if isinstance(target, ast.Name):
        return given if target.id == name else _MISSING
    if not isinstance(target, ast.Tuple | ast.List):
        return _MISSING
    items = list(given)
    starred = next((at for at, part in enumerate(target.elts) if isinstance(part, ast.Starred)), None)
    if starred is not None:
        end = len(items) - (len(target.elts) - starred - 1)
        items[starred:end] = [items[starred:end]]
    for part, item in zip(target.elts, items, strict=True):
        found = _unpacked(part.value if isinstance(part, ast.Starred) else part, item, name)
        if found is not _MISSING:
            return found
    return _MISSING


def _tests_known(node: ast.If | ast.Try, variables: Mapping[str, Any]) -> bool:
    """Whether the conditions in a statement are constants, which hold in a service as they held here."""
    try:
        for part in [node, *own_nodes(node)]:
            if isinstance(part, ast.If):
                evaluate(part.test, variables)
    except Unknown:
        return False
    return True
