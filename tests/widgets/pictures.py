"""The pictures of the documentation, drawn in JupyterLab from the cells of the tutorial; ``make pictures`` writes them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Locator, Page, expect

from jupyter_deploy import Workspace
from tests.helpers import take_away
from tests.widgets.lab import SLOW, Lab, Notebook

ROOT = Path(__file__).parents[2]
PLACE = ROOT / "docs" / "static" / "widgets"
WIDTH = 900
LARGEST = 120_000
"""Bytes of a picture."""
_TUTORIAL = nbformat.read(ROOT / "notebooks" / "04_widgets.ipynb", as_version=4)
_ALONE = """
.jp-Cell-outputCollapser, .jp-OutputPrompt, .jp-OutputArea-promptOverlay { display: none; }
.jp-Cell-outputWrapper { padding: 8px; }
"""
CELLS = {cell.id: cell.source for cell in _TUTORIAL.cells if cell.cell_type == "code"}


@pytest.fixture
def workspace(lab: Lab) -> Iterator[Workspace]:
    made = Workspace(lab.workspace)
    yield made
    take_away(made)


class Shown:
    """The tutorial in JupyterLab, without what stands beside its outputs; cells go by their names."""

    def __init__(self, lab: Lab, page: Page) -> None:
        page.set_viewport_size({"width": WIDTH + 96, "height": 8000})  # so that all of it is there
        lab.write("diabetes.ipynb", list(CELLS.values()))
        self._notebook = Notebook(page, lab.address("diabetes.ipynb"))
        page.add_style_tag(content=_ALONE)

    def run(self, name: str) -> Locator:
        """Run a cell to its end, and return its outputs."""
        cell = self._notebook.run(list(CELLS).index(name))
        expect(cell.locator(".jp-InputPrompt")).not_to_have_text("[*]:", timeout=SLOW)
        return cell.locator(".jp-Cell-outputWrapper")


@pytest.mark.usefixtures("workspace")
def test_every_widget_is_drawn(lab: Lab, browser_context: BrowserContext) -> None:
    page = browser_context.new_page()
    notebook = Shown(lab, page)
    notebook.run("train")
    notebook.run("script")

    form = notebook.run("register-form")
    form.get_by_label("Files", exact=True).select_option("ridge_form.pkl")
    form.get_by_label("Name", exact=True).fill("diabetes-form")
    expect(form.get_by_label("Line", exact=True)).to_contain_text("%register_model ridge_form.pkl")
    form.locator("summary", has_text="known to be safe").click()
    draw(form, "register_form")
    notebook.run("register")

    form = notebook.run("deploy-form")
    form.get_by_label("Service name").fill("form-service")
    form.get_by_label("Entry script").fill("score_form.py")
    form.locator("summary", has_text="Scale").click()
    form.get_by_label("Worker count").fill("2")
    expect(form.get_by_role("tabpanel", name="Line")).to_contain_text("--worker-count 2")
    draw(form, "deploy_form")

    card = notebook.run("deploy")
    expect(card.get_by_role("button", name="Restart")).to_be_visible(timeout=SLOW)
    draw(card, "card")

    log = notebook.run("log")
    panel = notebook.run("panel")
    panel.get_by_role("button", name="Send", exact=True).click()
    expect(panel.locator(".answer")).to_be_visible()
    charts = notebook.run("charts")
    notebook.run("load")
    draw(log, "log")
    draw(panel, "test_panel")
    draw(charts, "charts")

    notebook.run("newer")
    table = notebook.run("services")
    table.get_by_role("button", name="Open").click()
    expect(table.get_by_role("button", name="Rollback")).to_be_visible(timeout=SLOW)
    draw(table, "services")

    table = notebook.run("models")
    for version in ("1", "2"):
        table.get_by_role("checkbox", name=f"compare diabetes-form:{version}").check()
    table.get_by_role("button", name="Compare").click()
    expect(table.get_by_text("differences")).to_be_visible()
    table.get_by_label("only what differs").check()
    draw(table, "models")

    page.set_viewport_size({"width": WIDTH, "height": 600})
    line, _, _ = CELLS["deploy"].partition(" --overwrite")
    lab.write("deploy.ipynb", ["%load_ext jupyter_deploy", line])
    second = Notebook(page, lab.address("deploy.ipynb"))
    second.run(0)
    expect(second.run(1).get_by_role("button", name="Rollback")).to_be_visible(timeout=SLOW)
    save(page.screenshot(animations="disabled"), "jupyterlab")


def draw(shown: Locator, name: str) -> None:
    """Draw what a cell shows."""
    save(shown.screenshot(animations="disabled"), name)


def save(drawn: bytes, name: str, place: Path = PLACE) -> None:
    """Write a picture as small as it can be."""
    image = Image.open(io.BytesIO(drawn)).convert("RGB")
    assert image.width == WIDTH
    place.mkdir(exist_ok=True)
    path = place / f"{name}.png"
    image.quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)
    assert path.stat().st_size < LARGEST
