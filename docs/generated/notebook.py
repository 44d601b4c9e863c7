"""The tutorial as a page, from the notebook itself."""

from __future__ import annotations

import json
from pathlib import Path

from docs.generated.markdown import block, joined

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "01_first_service.ipynb"


def tutorial() -> str:
    """Every cell in its order; code as code, without outputs, which the notebook does not keep."""
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    texts = [(cell["cell_type"], "".join(cell["source"])) for cell in cells]
    return joined(*(text if kind == "markdown" else block(text, "python") for kind, text in texts))
