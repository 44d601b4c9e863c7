"""The archives of skops, read without skops: which names loading one would import, and the same bytes for the same object.

An archive is a zip file with a tree of nodes in its ``schema.json``. Each node says by ``__loader__`` how it is made, and
by ``__module__`` and ``__class__`` of what; skops imports these.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jupyter_deploy.models.pickle_values import UNREADABLE, GlobalName

_SCHEMA = "schema.json"
_MAX_SCHEMA = 256 * 1024 * 1024
_DATE = (1980, 1, 1, 0, 0, 0)  # the first that a zip file can say
_TRUSTED_BY_SKOPS = frozenset(
    {
        *(f"builtins.{name}" for name in ["bool", "dict", "float", "int", "list", "set", "slice", "str", "tuple"]),
        "numpy.ndarray",
    }
)


def names_in(archive: zipfile.ZipFile) -> frozenset[GlobalName]:
    """Every name that loading the archive would import, ``UNREADABLE`` where that cannot be told; none where it is no such archive.

    Example
    -------
    >>> with zipfile.ZipFile("ridge.skops") as archive:
    ...     sorted(map(str, names_in(archive)))
    ['builtins.dict', 'builtins.str', 'numpy.ndarray', 'sklearn.linear_model._ridge.Ridge']
    """
    try:
        member = archive.getinfo(_SCHEMA)
    except KeyError:
        return frozenset()
    if member.file_size > _MAX_SCHEMA:
        return frozenset({UNREADABLE})
    try:
        schema = json.loads(archive.read(member))
    except (RecursionError, MemoryError):
        return frozenset({UNREADABLE})
    except ValueError:  # no JSON, which is no archive for skops either
        return frozenset()
    if not isinstance(schema, dict) or "__loader__" not in schema:
        return frozenset()
    return frozenset(name for node in _dictionaries(schema) if "__loader__" in node for name in _names_of(node))


def names_to_tell(names: frozenset[GlobalName]) -> tuple[str, ...]:
    """Those of an archive's names that ``skops.io.load`` may have to be told to trust, sorted; its releases differ in which."""
    return tuple(sorted(str(name) for name in names if str(name) not in _TRUSTED_BY_SKOPS))


def make_repeatable(path: Path) -> None:
    """Write an archive anew without what differs from one writing to the next: addresses in memory, random names, the time."""
    with zipfile.ZipFile(path) as archive:
        schema = json.loads(archive.read(_SCHEMA))
        ids: dict[object, int] = {}
        files: dict[str, str] = {}
        for node in _dictionaries(schema):
            if "__id__" in node:
                node["__id__"] = ids.setdefault(node["__id__"], len(ids) + 1)
            if "__loader__" in node and isinstance(node.get("file"), str):
                name = node["file"]
                node["file"] = files.setdefault(name, f"{len(files) + 1}{Path(name).suffix}")
        contents = {new: archive.read(old) for old, new in files.items()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {**contents, _SCHEMA: json.dumps(schema, indent=2).encode()}.items():
            archive.writestr(zipfile.ZipInfo(name, _DATE), content)


def _dictionaries(value: Any) -> Iterator[dict[str, Any]]:
    """All dictionaries in a JSON value, outer ones first, in the order of the text."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            yield part
            waiting += reversed(part.values())
        elif isinstance(part, list):
            waiting += reversed(part)


def _names_of(node: dict[str, Any]) -> Iterator[GlobalName]:
    """What one node would import; the nodes inside it speak for themselves."""
    module, name, content = node.get("__module__"), node.get("__class__"), node.get("content")
    if node["__loader__"] in ("JsonNode", "CachedNode"):  # a plain value, and one that was there before
        return
    if not isinstance(module, str) or not isinstance(name, str):
        yield UNREADABLE
        return
    yield GlobalName(module, name)
    if not isinstance(content, dict):
        return
    if node["__loader__"] == "MethodNode":
        yield GlobalName(module, f"{name}.{content.get('func')}")
    elif node["__loader__"] == "FunctionNode":  # as the first releases wrote it
        yield GlobalName(str(content.get("module_path")), str(content.get("function")))
    elif node["__loader__"] == "RandomGeneratorNode":
        yield _bit_generator(content.get("bit_generator"))


def _bit_generator(state: Any) -> GlobalName:
    """The class of ``numpy.random`` that a generator's state names, in a plain text."""
    try:
        name = json.loads(state["content"]["bit_generator"]["content"])
    except (KeyError, TypeError, ValueError):
        return UNREADABLE
    return GlobalName("numpy.random", name) if isinstance(name, str) else UNREADABLE
