"""Words of a magic's line, written so that they are read back as they are."""

from __future__ import annotations

import re
from collections.abc import Iterable

_PLAIN = re.compile(r"[\w@%+:,./-]+", re.ASCII)


def option(name: str, text: str) -> list[str]:
    """An option with its value, or nothing where it has none.

    >>> option("memory_gb", "2")
    ['--memory-gb 2']
    """
    if not text:
        return []
    joint = "=" if text.startswith("-") else " "  # a value that looks like an option
    return [f"--{dashed(name)}{joint}{word(text)}"]


def repeated(name: str, texts: Iterable[str]) -> list[str]:
    """An option that may be given several times."""
    return [part for text in texts for part in option(name, text)]


def dashed(name: str) -> str:
    """A name of Python as lines have it."""
    return name.replace("_", "-")


def word(text: str) -> str:
    r"""A word: IPython would fill in ``$name`` and ``{expression}``, and a shell's rules hold for the rest.

    >>> print(word("score.py"), word('a "b" $c {d}'))
    score.py "a \"b\" $""c {{d}}"
    """
    if _PLAIN.fullmatch(text):
        return text
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"\$(?=[\w.$])", '$""', quoted).replace("{", "{{").replace("}", "}}") + '"'
