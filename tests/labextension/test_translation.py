"""German, as JupyterLab shows it where its language pack is installed and chosen."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

import jupyter_deploy
from jupyter_deploy.widgets.chart_lines import CHARTS
from tests.widgets.browser import ADDRESS
from tests.widgets.lab import SLOW, Lab

PACKAGE = Path(jupyter_deploy.__file__).parent
CATALOGUE = PACKAGE / "locale" / "de_DE" / "LC_MESSAGES" / "jupyter_deploy_models.json"
LITERAL = r'\(\s*"((?:[^"\\]|\\.)*)"'
PLACES = re.compile(r"\{\w+\}|%\d")
GERMAN = {"@jupyterlab/translation-extension:plugin": {"locale": "de_DE"}}


def texts() -> set[str]:
    """Every text that a reader may see, as it stands in the sources."""
    widgets = "\n".join(path.read_text() for path in PACKAGE.glob("widgets/*.js"))
    sources = "\n".join(path.read_text() for path in PACKAGE.parent.glob("labextension/src/*.ts"))
    written = re.findall(rf"\bt{LITERAL}", widgets) + re.findall(rf"\.(?:__|_n){LITERAL}", sources)
    in_charts = [text for chart in CHARTS for text in (chart.title, chart.unit, *(line.label for line in chart.lines))]
    return {json.loads(f'"{text}"') for text in written} | set(in_charts)


@pytest.fixture
def german_lab(tmp_path: Path, bundle: Path) -> Iterator[Lab]:
    made = Lab(tmp_path / "lab", settings=GERMAN)
    yield made
    made.stop()


def test_every_text_has_a_german_one_with_the_same_places() -> None:
    catalogue = json.loads(CATALOGUE.read_text())
    del catalogue[""]
    assert set(catalogue) == texts()
    for text, forms in catalogue.items():
        for form in forms:
            assert set(PLACES.findall(form)) == set(PLACES.findall(text)), text


@pytest.mark.soak
def test_jupyterlab_in_german_shows_them(german_lab: Lab, browser_context: BrowserContext) -> None:
    page = browser_context.new_page()
    page.goto(f"{ADDRESS}/lab", timeout=SLOW)
    expect(page.get_by_role("tab", name="Bereitgestellte Modelle")).to_be_visible(timeout=SLOW)
