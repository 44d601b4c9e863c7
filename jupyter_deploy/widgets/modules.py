"""The ES modules and the style sheet that lie beside the Python, each as one text that a browser can load from anywhere."""

from __future__ import annotations

import base64
import re
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent
_IMPORTS = re.compile(r'from "\./(\w+\.js)"')


@cache
def module(name: str) -> str:
    """The text of an ES module; what it imports of its neighbours travels in it, as addresses that hold their text.

    >>> module("log_pane.js").startswith("//")
    True
    """
    text = (_FOLDER / name).read_text(encoding="utf-8")
    return _IMPORTS.sub(lambda found: f'from "{_address(found[1])}"', text)


@cache
def styles() -> str:
    """The style sheet of all views."""
    return (_FOLDER / "styles.css").read_text(encoding="utf-8")


def _address(name: str) -> str:
    return f"data:text/javascript;base64,{base64.b64encode(module(name).encode()).decode()}"
