"""What the services answer otherwise than the original's server: the list that the conformance suite checks in both directions."""

from __future__ import annotations

from pathlib import Path

import yaml

from docs.generated.markdown import table

LIST = Path(__file__).parents[2] / "tests" / "conformance" / "differences.yml"


def answers() -> str:
    """The list as a table."""
    entries = yaml.safe_load(LIST.read_text(encoding="utf-8")).values()
    keys = ("what", "original", "ours", "why")
    return table(("what", "the original", "here", "why"), ([str(entry[key]) for key in keys] for entry in entries))
