"""Which models a script asks for by name, and whether they are deployed with it."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from jupyter_deploy.script.description import Finding, ModelCall, ScriptDescription
from jupyter_deploy.script.source import Source, argument

# Below these a call may never be reached, or may fail without harm.
_UNCERTAIN = (ast.If, ast.IfExp, ast.Try, ast.BoolOp, ast.Match)


def model_calls(source: Source) -> Iterator[ModelCall]:
    """Find the calls of ``get_model_path`` that name their model with a plain string, in order of appearance."""
    return _calls(source.tree, certain=True)


def undeployed_models(
    description: ScriptDescription, deployed: Collection[tuple[str, int]], files: Collection[str]
) -> Iterator[Finding]:
    """Find the models that a script asks for and that are not deployed with it.

    Parameters
    ----------
    deployed : names and versions of the models that are.
    files : paths beside the script, as it is deployed; one that is called like the model stands for it.

    Returns
    -------
    A warning for each such call. Calls under a condition or in a ``try`` are left alone.
    """
    held = ", ".join(f"`{name}:{version}`" for name, version in deployed) or "none"
    for call in description.model_calls:
        versions = [version for name, version in deployed if name == call.name]
        beside = any(path == call.name or path.startswith(f"{call.name}/") for path in files)
        if not call.certain or beside or (versions and call.version in (None, *versions)):
            continue
        which = f"version {call.version} of the model `{call.name}`" if versions else f"the model `{call.name}`"
        message = f"get_model_path() asks for {which}, which is not deployed with it (deployed: {held})"
        remedy = "Deploy that model too, or ask for one that is: by the name under which it is registered, not by its file's."
        yield Finding("warning", "model-not-deployed", call.line, message, remedy, description.filename)


def _calls(scope: ast.AST, certain: bool) -> Iterator[ModelCall]:
    for node in ast.iter_child_nodes(scope):
        if isinstance(node, ast.Call) and _called(node) == "get_model_path":
            name, version = argument(node, "model_name", 0), argument(node, "version", 1)
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                number = version.value if isinstance(version, ast.Constant) and type(version.value) is int else None
                yield ModelCall(name.value, number, node.lineno, certain and argument(node, "_workspace", 2) is None)
        yield from _calls(node, certain and not isinstance(node, _UNCERTAIN))


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""
