"""Why something of a notebook cannot be taken into a script, and what to do instead, in the words of who wrote it."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from jupyter_deploy.script.cells import Statement
from jupyter_deploy.script.description import Refusal
from jupyter_deploy.script.literals import Unknown, evaluate
from jupyter_deploy.script.sameness import is_small, same

_LITERAL = 200
"""The longest literal, in characters, that a remedy quotes."""


def refusal(name: str, value: Any, history: Sequence[Statement]) -> Refusal:
    """Say why a name cannot be taken in.

    Parameters
    ----------
    value : what the notebook has under it. history : the statements of the session.
    """
    kind = _of_kind(name, value)
    if kind is not None:
        return kind
    last = next((statement for statement in reversed(history) if name in statement.binds), None)
    literal = _literal(value)
    if literal is not None:
        return Refusal(
            f"its value comes {_origin(name, last, history)}, not from a constant that could be copied",
            f"Write `{name} = {literal}` into this cell.",
        )
    if last is not None and isinstance(last.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return Refusal(
            f"it has changed since its definition in cell {last.cell}",
            f"Run cell {last.cell} again, or move the definition into this cell.",
        )
    if last is not None and isinstance(last.node, ast.Import | ast.ImportFrom):
        return Refusal(
            f"the import in cell {last.cell} gives something else by now",
            f"Run cell {last.cell} again, or write the import into this cell.",
        )
    return Refusal(
        f"{_a(value)} that comes {_origin(name, last, history)}",
        f"Make it in init(), or register it as a model (%register_model … --name {name}) and load it there.",
    )


def _of_kind(name: str, value: Any) -> Refusal | None:
    """The refusal of what is known by what it can do; nothing is imported, and nothing is called."""
    if isinstance(value, type):
        return None
    if hasattr(type(value), "fit") or hasattr(type(value), "predict"):
        return Refusal(
            f"{_a(value)}, a fitted model",
            f"Register it as a model (%register_model … --name {name}) and load it in init().",
        )
    shape = getattr(value, "shape", None) if hasattr(type(value), "shape") else None
    if isinstance(shape, tuple):
        return Refusal(
            f"{_a(value)} of {' × '.join(map(str, shape)) or 'one value'}, which is data, not a constant",
            "Write it into this cell if it is short; else save it to a file, "
            f"register that (%register_model … --name {name}) and load it in init().",
        )
    if any(hasattr(type(value), method) for method in ("close", "acquire", "__next__")):
        return Refusal(f"{_a(value)}, which is open in this kernel alone", "Open it in init().")
    return None


def _origin(name: str, last: Statement | None, history: Sequence[Statement]) -> str:
    if last is not None:
        return f"from cell {last.cell}, `{_first_line(last)}`, or from a later change"
    setter = next((statement for statement in reversed(history) if name in statement.sets_later), None)
    if setter is not None:
        return f"from a function of cell {setter.cell}"
    return "from no cell as Python, perhaps from a magic as %run"


def _first_line(statement: Statement) -> str:
    line, *more = ast.unparse(statement.node).splitlines()
    return line if len(line) <= 60 and not more else f"{line[:60]} …"


def _literal(value: Any) -> str | None:
    """The text of a value that is short and plain, or None."""
    if not isinstance(value, bool | int | float | str | bytes | list | tuple | dict | set) or not is_small(value):
        return None
    try:
        text = repr(value)
        given = evaluate(ast.parse(text, mode="eval").body, {})
    except (Unknown, SyntaxError, ValueError):  # Python refuses to write integers of more than 4300 digits
        return None
    return text if len(text) <= _LITERAL and same(given, value) else None


def _a(value: Any) -> str:
    kind = type(value)
    name = (
        kind.__qualname__ if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{kind.__qualname__}"
    )
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"
