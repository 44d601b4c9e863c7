"""Texts as a person sees them, kept in files: what differs from run to run has a placeholder there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

_DATA = Path(__file__).parent / "data"


def assert_golden(name: str, text: str, placeholders: Mapping[str, str] | None = None) -> None:
    """Hold a text against the file of that name; REWRITE_GOLDENS=1 writes it, to be read before it is committed.

    Parameters
    ----------
    name : below ``tests/data``. placeholders : what stands in the file, by what stands in the text.
    """
    for found, placeholder in (placeholders or {}).items():
        text = text.replace(found, placeholder)
    path = _DATA / name
    if os.environ.get("REWRITE_GOLDENS"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    assert text + "\n" == path.read_text(encoding="utf-8")
