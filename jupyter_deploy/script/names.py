"""Finds names that a script uses and nobody gives it; what works in the notebook fails in the service.

Which scope a name belongs to is not worked out here: Python's compiler has done it. The script is compiled, never run,
and the instructions that read and bind global names are looked at.
"""

from __future__ import annotations

import ast
import builtins
import dis
import re
from collections.abc import Collection, Iterator, Mapping
from types import CodeType

from jupyter_deploy.script.description import Finding, Refusal
from jupyter_deploy.script.source import Source

# A notebook's kernel adds these two to the builtins; a service has no notebook.
_BUILTINS = frozenset(dir(builtins)) - {"display", "get_ipython"}
_READS = frozenset({"LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS"})
_BINDS = frozenset({"STORE_NAME", "STORE_GLOBAL"})
_SPECIAL = re.compile(r"__\w+__|\W.*")


def unbound_names(
    source: Source, notebook_names: Collection[str], refusals: Mapping[str, Refusal]
) -> Iterator[Finding]:
    """Find names that are neither bound in the script nor builtin, once each.

    Parameters
    ----------
    source : the script.
    notebook_names : names that the notebook has; such a name is an error, any other a warning.
    refusals : the names among them that could not be taken in, with the reasons; one may hide a builtin, or be
        needed before the script binds it.

    Raises
    ------
    SyntaxError : the compiler refuses what the parser let pass.
    """
    reads, bound = global_names(compile(source.tree, "<script>", "exec", dont_inherit=True))
    if source.hides_bindings:
        return
    guarded = _guarded_lines(source.tree)
    first_line: dict[str, int] = {}
    for name, line in reads:
        known = name not in refusals and (name in bound or name in _BUILTINS)
        if not known and line not in guarded and not _SPECIAL.fullmatch(name):
            first_line[name] = min(line, first_line.get(name, line))
    for name, line in first_line.items():
        if name in refusals:
            message = f"`{name}` exists only in the notebook: {refusals[name].why}"
            yield Finding("error", "notebook-name", line, message, refusals[name].remedy, source.filename)
        else:
            yield _finding(name, line, name in notebook_names, source.filename)


def _finding(name: str, line: int, in_notebook: bool, filename: str) -> Finding:
    if in_notebook:
        message = f"`{name}` exists only in the notebook; the service has nothing of this name"
        remedy = "Define or import it in the script; an object that was fitted or loaded is registered as a model."
        return Finding("error", "notebook-name", line, message, remedy, filename)
    message = f"undefined name `{name}`"
    return Finding("warning", "undefined-name", line, message, "Define or import it in the script.", filename)


def global_names(code: CodeType) -> tuple[list[tuple[str, int]], set[str]]:
    """What a module's code, and the functions and classes in it, read as global, with lines, and what they bind."""
    reads: list[tuple[str, int]] = []
    bound: set[str] = set()
    for part, in_module in _code_objects(code):
        line = part.co_firstlineno
        local: set[str] = set()
        looked_up: list[tuple[str, int]] = []
        for instruction in dis.get_instructions(part):
            line = _line(instruction) or line
            if instruction.opname in _READS:
                looked_up.append((instruction.argval, line))
            elif instruction.opname in _BINDS:
                is_global = in_module or instruction.opname == "STORE_GLOBAL"
                (bound if is_global else local).add(instruction.argval)
        reads += [(name, at) for name, at in looked_up if name not in local]
    return reads, bound


def _code_objects(module: CodeType) -> Iterator[tuple[CodeType, bool]]:
    yield module, True
    waiting = [module]
    while waiting:
        for constant in waiting.pop().co_consts:
            # From 3.14 on annotations are code of their own, which runs only when somebody asks for them.
            if isinstance(constant, CodeType) and constant.co_name != "__annotate__":
                yield constant, False
                waiting.append(constant)


def _line(instruction: dis.Instruction) -> int | None:
    positions = getattr(instruction, "positions", None)  # from 3.11 on; before that every line starts somewhere
    line: int | None = positions.lineno if positions is not None else instruction.starts_line
    return line


def _guarded_lines(tree: ast.Module) -> set[int]:
    """The lines of ``try`` blocks that say themselves what happens when a name is missing."""
    lines: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Try) and any(_catches_name_error(handler) for handler in node.handlers):
            for statement in node.body:
                lines.update(range(statement.lineno, (statement.end_lineno or statement.lineno) + 1))
    return lines


def _catches_name_error(handler: ast.ExceptHandler) -> bool:
    return handler.type is not None and any(
        isinstance(node, ast.Name) and node.id == "NameError" for node in ast.walk(handler.type)
    )
