"""Texts of the package as Markdown that says the same: nothing in them is taken for markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_MARKUP = re.compile(r"([\\`*_<>\[\]|{}$])")
_CODE = re.compile(r"``(.+?)``")


def plain(text: str) -> str:
    """A text, on one line, none of whose characters is markup, save for the double backticks of docstrings."""
    pieces = _CODE.split(" ".join(text.split()))
    return "".join(code(piece) if place % 2 else _MARKUP.sub(r"\\\1", piece) for place, piece in enumerate(pieces))


def code(text: str) -> str:
    """A short piece of code; also in a table, where a bar would end the cell."""
    return f"`{text}`".replace("|", "\\|") if text else ""


def block(text: str, language: str = "text") -> str:
    """Lines of code."""
    return f"```{language}\n{text.strip()}\n```"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already; nothing where there is no row."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(["| " + " | ".join(head) + " |", "|---" * len(head) + "|", *lines]) if lines else ""


def joined(*parts: str) -> str:
    """Parts of a page below each other, without those that are empty."""
    return "\n\n".join(filter(None, parts))
