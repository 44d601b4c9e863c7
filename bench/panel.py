"""JupyterLab's panel with 5,000 models and 500 services: how soon it is open, and how smoothly it scrolls.

Needs Chromium, as the tests do; opened anew in each round, in a browser without a past.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, expect

from bench.report import Figure
from jupyter_deploy import Workspace
from tests.labextension.many import MODELS, OPENING, SCROLLING, SERVICES, record_many
from tests.widgets.browser import ADDRESS, launched
from tests.widgets.lab import SLOW, Lab

ROUNDS = 5


def measure() -> list[Figure]:
    """Open and scroll it; nothing is measured where there is no browser."""
    if shutil.which("chromium-headless-shell") is None:
        print("the panel is left out: it needs chromium-headless-shell (Debian's package)")
        return []
    with tempfile.TemporaryDirectory(prefix="jupyter-deploy-bench-") as place, launched() as browser:
        lab = Lab(Path(place) / "lab")
        try:
            record_many(Workspace(lab.workspace))
            rounds = [_opened(browser) for _ in range(ROUNDS + 1)][1:]  # the first warms up
        finally:
            lab.stop()
    what = f"{MODELS:,} models and {SERVICES} services"
    return [
        Figure(f"the panel with {what}, from the click to its rows", tuple(one for one, _ in rounds), "s", "under 1 s"),
        Figure("a frame while it scrolls through all models", tuple(other for _, other in rounds), "s"),
    ]


def _opened(browser: Browser) -> tuple[float, float]:
    """Seconds until it is open, and of a frame while it scrolls."""
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    page = context.new_page()
    page.goto(f"{ADDRESS}/lab?reset", timeout=SLOW)
    tab = page.get_by_role("tab", name="Deployed models")
    expect(page.get_by_role("button", name=re.compile("have failed$"))).to_be_visible(timeout=SLOW)  # all is told
    page.evaluate(OPENING)
    tab.click()
    opening: float = page.evaluate("opening")
    drawn: dict[str, Any] = page.get_by_role("tree", name="Models").evaluate(SCROLLING)
    context.close()
    return opening / 1000, drawn["median"] / 1000
