"""What is true of every view: nothing serious for axe-core, in light and in dark, and nothing wider than its page."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_DARK = """:root {
  color-scheme: dark;
  --jp-layout-color0: #111; --jp-layout-color1: #212121; --jp-layout-color2: #424242;
  --jp-border-color1: #616161; --jp-border-color2: #424242;
  --jp-ui-font-color1: rgba(255, 255, 255, 0.87); --jp-ui-font-color2: rgba(255, 255, 255, 0.54);
  --jp-brand-color1: #2196f3; --jp-error-color1: #f44336; --jp-warn-color0: #f57c00; --jp-success-color0: #388e3c;
  --jp-ui-inverse-font-color0: rgba(0, 0, 0, 1); --jp-content-link-color: #64b5f6;
}
body { background: #212121; }"""
"""The values of JupyterLab's own dark theme."""


def darken(page: Page) -> None:
    """Show a page in JupyterLab's dark theme."""
    page.add_style_tag(content=_DARK)


def serious(page: Page) -> list[str]:
    """What axe-core finds serious or critical in the view of a page."""
    found = Axe().run(page, context="#main").response["violations"]
    return [
        f"{violation['id']}: {node['html']}"
        for violation in found
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]


def overflow(page: Page) -> int:
    """How many pixels a page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
