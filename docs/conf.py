"""How Sphinx builds the documentation: offline, without fonts, scripts or counters from elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from docs.generated import fill
from docs.generated.classes import as_lists
from jupyter_deploy import __version__

project = "jupyter_deploy"
version = release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc"]
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
autodoc_member_order = "bysource"
add_module_names = False
maximum_signature_line_length = 90
smartquotes = False  # "--wait" is two hyphens
highlight_language = "python"

html_theme = "furo"
html_title = f"jupyter_deploy {__version__}"
html_static_path = ["static"]
html_css_files = ["pages.css"]
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False


def _fill(*event: Any) -> None:
    *_, source = event
    source[0] = fill(source[0])


def _rewrite(*event: Any) -> None:
    *_, lines = event
    lines[:] = as_lists(lines)


def setup(app: Any) -> None:
    """Let the generated parts be put into the pages as these are read, and docstrings be shown as we write them."""
    app.connect("source-read", _fill)
    app.connect("autodoc-process-docstring", _rewrite)
