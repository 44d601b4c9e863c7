"""The ES modules and the style sheet that lie beside the Python, each as one text that a browser can load from anywhere.

A notebook keeps that text with each view, so every module is in it once: as a function that gives what the module exports.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent
_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./(\w+)\.js";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const|let) (\w+))", re.MULTILINE)
_DEFAULT = re.compile(r"^export default .*;$", re.MULTILINE)


@cache
def module(name: str) -> str:
    """The text of an ES module, below what it imports of its neighbours.

    >>> module("log_pane.js").count("function errorPlace()")
    1
    """
    text = _text(name)
    parts = [_as_function(neighbour) for neighbour in _neighbours(text)]
    return "\n".join([*parts, _IMPORT.sub(_taken, text)])


@cache
def styles() -> str:
    """The style sheets of all views, the common one first."""
    sheets = sorted(_FOLDER.glob("*.css"), key=lambda path: (path.name != "styles.css", path.name))
    return "\n".join(path.read_text(encoding="utf-8") for path in sheets)


def _text(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _neighbours(text: str) -> list[str]:
    """Every module that a text imports, itself or through another, each after those that it needs."""
    found: dict[str, None] = {}
    for _, name in _IMPORT.findall(text):
        found.update(dict.fromkeys([*_neighbours(_text(f"{name}.js")), name]))
    return list(found)


def _as_function(name: str) -> str:
    text = _DEFAULT.sub("", _text(f"{name}.js"))
    body, exported = _EXPORT.sub("", text), ", ".join(_EXPORT.findall(text))
    return f"const jd_{name} = (() => {{\n{_IMPORT.sub(_taken, body)}\nreturn {{ {exported} }};\n}})();"


def _taken(found: re.Match[str]) -> str:
    names = found[1].strip().rstrip(",").replace(" as ", ": ")
    return f"const {{ {names} }} = jd_{found[2]};"
