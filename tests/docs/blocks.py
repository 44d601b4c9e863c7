"""The blocks of code in a page, in their order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from docs.generated import fill

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A block of code and what the page shows of its output: the block of text right below it, if there is one."""

    language: str
    text: str
    output: str


def blocks(page: Path) -> Iterator[Block]:
    """Every block of a page, generated ones among them."""
    text = fill(page.read_text(encoding="utf-8"))
    found = list(_BLOCK.finditer(text))
    for block, below in zip(found, [*found[1:], None], strict=False):
        is_output = below is not None and below[1] == "text" and not text[block.end() : below.start()].strip()
        yield Block(block[1], block[2], below[2] if is_output and below else "")
