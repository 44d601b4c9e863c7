"""The documents are the same in Python and in TypeScript."""

from __future__ import annotations

import re
import types
import typing
from pathlib import Path
from typing import Any, Literal, is_typeddict

from jupyter_deploy.server import documents

TYPESCRIPT = Path(__file__).parents[2] / "labextension" / "src" / "documents.ts"
PLAIN = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null"}


def in_typescript(kind: Any) -> str:
    """A type of Python's as TypeScript writes it, without spaces."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is Literal:
        return "|".join(f'"{word}"' for word in arguments)
    if origin in (typing.Union, types.UnionType):
        return "|".join(map(in_typescript, arguments))
    if origin is list:
        return f"{in_typescript(arguments[0])}[]"
    if origin is dict:
        return f"Record<{','.join(map(in_typescript, arguments))}>"
    return PLAIN.get(kind) or str(kind.__name__)


def python_interfaces() -> dict[str, dict[str, str]]:
    found = {name: kind for name, kind in vars(documents).items() if is_typeddict(kind)}
    return {
        name: {field: in_typescript(of) for field, of in typing.get_type_hints(kind).items()}
        for name, kind in found.items()
    }


def typescript_interfaces() -> dict[str, dict[str, str]]:
    text = re.sub(r"//.*", "", TYPESCRIPT.read_text(encoding="utf-8"))
    aliases = {
        name: re.sub(r"\s", "", meaning).lstrip("|")
        for name, meaning in re.findall(r"export type (\w+) =([^;]*);", text)
    }
    found = {}
    for name, body in re.findall(r"export interface (\w+) \{(.*?)\n\}", text, re.DOTALL):
        fields = (line.split(":", 1) for line in body.split(";") if line.strip())
        found[name] = {field.strip(): re.sub(r"\s", "", of) for field, of in fields}
        found[name] = {field: aliases.get(of, of) for field, of in found[name].items()}
    return found


def test_python_and_typescript_have_the_same_documents() -> None:
    assert typescript_interfaces() == python_interfaces()


def test_each_is_compared() -> None:
    assert {"ModelRow", "ServiceRow", "ComputeRow", "OperationRow", "Snapshot", "Changes", "Problem"} <= set(
        typescript_interfaces()
    )
    assert typescript_interfaces()["ComputeRow"]["state"] == '"asked"|"reachable"|"unreachable"'
