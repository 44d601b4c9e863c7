"""The pictures of the extension in the documentation, drawn in JupyterLab over a real service; ``make pictures`` writes them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from jupyter_deploy import InferenceConfig, Model, ProcessWebservice, Workspace
from tests.helpers import post, take_away, write_script
from tests.widgets.browser import ADDRESS
from tests.widgets.lab import SLOW, Lab
from tests.widgets.pictures import ROOT, WIDTH, save

PLACE = ROOT / "docs" / "static" / "jupyterlab"
HEIGHT = 620
_MODELS = {"churn": "three", "diabetes": "one"}


@pytest.fixture
def lab(bundle: Path, tmp_path: Path, chromium: Browser) -> Iterator[Lab]:
    """A JupyterLab with models and two services."""
    made = Lab(tmp_path / "lab")
    workspace = Workspace(made.workspace)
    script = write_script(made.root)
    for name, text in _MODELS.items():
        path = made.root / f"{name}.pkl"
        path.write_text(text)
        model = Model.register(workspace, str(path), name, tags={"area": "demo"})
        options = ProcessWebservice.deploy_configuration(auth_enabled=False)
        service = Model.deploy(workspace, f"{name}-service", [model], InferenceConfig(str(script)), options)
        service.wait_for_deployment()
    for number in range(40):
        assert service.scoring_uri is not None
        post(service.scoring_uri, [number])
    yield made
    take_away(workspace)
    made.stop()


def test_the_panel_and_a_service_are_drawn(lab: Lab, browser_context: BrowserContext) -> None:
    page = opened(lab, browser_context)
    page.get_by_role("tab", name="Deployed models").click(timeout=SLOW)
    page.get_by_role("tree", name="Services").get_by_role("treeitem").filter(has_text="diabetes-service").dblclick()
    page.get_by_role("tab", name="Log", exact=True).click(timeout=SLOW)
    expect(page.get_by_text("POST /score").first).to_be_visible(timeout=SLOW)
    save(page.screenshot(animations="disabled"), "service", PLACE)


def test_the_context_menu_and_the_form_are_drawn(lab: Lab, browser_context: BrowserContext) -> None:
    page = opened(lab, browser_context)
    page.locator(".jp-DirListing-item", has_text="churn.pkl").click(button="right", timeout=SLOW)
    expect(page.get_by_role("menuitem", name="Register as Model")).to_be_visible()
    save(page.screenshot(animations="disabled"), "files", PLACE)


def opened(lab: Lab, browser_context: BrowserContext) -> Page:
    page = browser_context.new_page()
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    page.goto(f"{ADDRESS}/lab", timeout=SLOW)
    return page
