"""What the tests of forms share."""

from __future__ import annotations

import time
from collections.abc import Callable

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page


def until(page: Page, condition: Callable[[], bool]) -> None:
    """Wait for what the page brings about in this process."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        page.wait_for_timeout(20)


def serious(page: Page) -> list[str]:
    """The violations of rules of accessibility that are serious, on a plain page and in JupyterLab's themes."""
    found = []
    for theme in ("", LIGHT, DARK):
        page.evaluate("theme => { document.body.style.cssText = theme }", theme)
        violations = Axe().run(page).response["violations"]
        found += [f"{each['id']}: {each['nodes']}" for each in violations if each["impact"] in ("serious", "critical")]
    return found


LIGHT = (
    "background: #fff; --jp-ui-font-color1: rgba(0, 0, 0, 0.87); --jp-ui-font-color2: rgba(0, 0, 0, 0.54); --jp-layout-color0: #fff;"
    " --jp-layout-color1: #fff; --jp-layout-color2: #eee; --jp-border-color1: #bdbdbd; --jp-ui-inverse-font-color0: #fff;"
    " --jp-brand-color1: #1976d2; --jp-error-color1: #d32f2f; --jp-warn-color0: #e65100; --jp-success-color0: #1b5e20;"
)
DARK = (
    "background: #111; --jp-ui-font-color1: rgba(255, 255, 255, 0.87); --jp-ui-font-color2: rgba(255, 255, 255, 0.54);"
    " --jp-layout-color0: #111; --jp-layout-color1: #212121; --jp-layout-color2: #424242; --jp-border-color1: #616161;"
    " --jp-ui-inverse-font-color0: #000; --jp-brand-color1: #2196f3; --jp-error-color1: #f44336; --jp-warn-color0: #f57c00;"
    " --jp-success-color0: #388e3c;"
)
"""The variables of JupyterLab's themes."""
