"""The panel in JupyterLab, over a real server: what it shows, what its rows do, and what it bears."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from jupyter_deploy import Model, Workspace
from tests.helpers import register_text, take_away, wait_until
from tests.labextension.many import MODELS, SCROLLING, SERVICES, forget_all, record_many
from tests.recorded import record_compute
from tests.server.pretended import begin, behind, serve
from tests.targets.kubernetes.kubeconfigs import written
from tests.widgets.browser import ADDRESS
from tests.widgets.lab import SLOW, Lab

SOON = 1000
"""Milliseconds within which what another process does is shown."""
_KEPT = """async () => (await fetch("/lab/api/workspaces/default")).text()"""


@pytest.fixture(scope="module")
def lab(bundle: Path, tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Lab]:
    made = Lab(tmp_path_factory.mktemp("lab"))
    yield made
    made.stop()


@pytest.fixture
def workspace(lab: Lab) -> Iterator[Workspace]:
    made = Workspace(lab.workspace)
    yield made
    take_away(made)
    forget_all(made)


@pytest.fixture
def open_panel(lab: Lab, chromium: Browser) -> Iterator[Callable[[], Page]]:
    """Call it for one more browser that shows the panel."""
    contexts: list[BrowserContext] = []

    def opened() -> Page:
        contexts.append(chromium.new_context(viewport={"width": 1200, "height": 900}))
        page = contexts[-1].new_page()
        page.goto(f"{ADDRESS}/lab?reset", timeout=SLOW)  # else it is as the one before was left
        tab_of_panel(page).click()
        expect(panel(page)).to_be_visible()
        return page

    yield opened
    for context in contexts:
        context.close()


def tab_of_panel(page: Page) -> Locator:
    """The tab, when the page is as it was left: before, it changes what is open."""
    expect(page.get_by_role("tab", name="Launcher")).to_be_visible(timeout=SLOW)
    return page.get_by_role("tab", name="Deployed models")


def panel(page: Page) -> Locator:
    return page.get_by_role("region", name="Deployed models")


def rows(page: Page, name: str) -> Locator:
    return page.get_by_role("tree", name=name).get_by_role("treeitem")


def choose(page: Page, row: Locator, entry: str) -> None:
    """Take an entry of a row's context menu; as long as an operation is under way, the entry says so and cannot be taken."""
    wanted = page.locator(".lm-Menu").get_by_text(entry, exact=True)

    def is_offered() -> bool:
        row.click(button="right")
        if not wanted.is_visible():
            page.keyboard.press("Escape")
        return wanted.is_visible()

    wait_until(is_offered)
    wanted.click()


def serious(page: Page) -> list[str]:
    found = [
        violation
        for context in ("#jupyter-deploy-panel", ".jp-DeployStatus")
        for violation in Axe().run(page, context=context).response["violations"]
    ]
    return [
        f"{violation['id']}: {node['html']}"
        for violation in found
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]


def test_two_browsers_show_at_once_what_another_process_does(
    workspace: Workspace, open_panel: Callable[[], Page]
) -> None:
    pages = open_panel(), open_panel()
    expect(panel(pages[0])).to_contain_text("%register_model model.pkl --name my-model")

    def is_shown_at_once(number: int) -> bool:
        """Whether a new model is in both within the time, which the machine of the tests may not give every time."""
        register_text(workspace, name=f"model-{number}")
        try:
            for page in pages:
                expect(rows(page, "Models")).to_have_count(number, timeout=SOON)
        except AssertionError:
            return False
        return True

    assert any(map(is_shown_at_once, range(1, 6)))
    newest, *others = Model.list(workspace)
    for model in others:
        model.delete()
    newest.add_tags({"data": "<b>sklearn</b>"})
    for page in pages:
        expect(rows(page, "Models")).to_have_count(1, timeout=SLOW)
        expect(rows(page, "Models")).to_contain_text("data=<b>sklearn</b>", timeout=SLOW)
    newest.delete()
    for page in pages:
        expect(panel(page)).to_contain_text("No models yet", timeout=SLOW)


def test_rows_act_and_every_end_is_told_once(
    workspace: Workspace, open_panel: Callable[[], Page], tmp_path: Path
) -> None:
    page = open_panel()
    serve(workspace, "tiny-service")
    notices = page.locator(".jp-toastContainer")
    expect(notices.get_by_text("tiny-service is deployed.")).to_have_count(1)
    service = rows(page, "Services")
    expect(service).to_have_accessible_name(re.compile("^tiny-service, Healthy, fake, version 1"))
    expect(page.get_by_role("button", name="1 service runs", exact=True)).to_be_visible()
    choose(page, service, "Stop")
    expect(service).to_have_accessible_name(re.compile("^tiny-service, Stopped"))
    choose(page, service, "Start")
    expect(service).to_have_accessible_name(re.compile("^tiny-service, Healthy"))
    gate = tmp_path / "gate"
    begin(workspace, "tiny-service", "two", **behind(gate))
    expect(rows(page, "Operations").first).to_have_accessible_name(re.compile("^Update tiny-service, Running"))
    choose(page, rows(page, "Operations").first, "Cancel")
    expect(rows(page, "Operations").first).to_have_accessible_name(re.compile("^Update tiny-service, Cancelled"))
    service.focus()
    page.keyboard.press("Delete")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(panel(page)).to_contain_text("No services yet")
    expect(notices.get_by_text("tiny-service is deleted.")).to_have_count(1)


def test_a_failure_is_told_with_its_cause_and_a_refusal_with_its_reason(
    workspace: Workspace, open_panel: Callable[[], Page]
) -> None:
    page = open_panel()
    model = register_text(workspace, name="gone")
    begin(workspace, "tiny-service", fail="it is <b>broken</b>")
    notices = page.locator(".jp-toastContainer")
    expect(notices.get_by_text(re.compile("^Deploy tiny-service: .*it is <b>broken</b>"))).to_be_visible()
    expect(page.get_by_role("button", name="0 services run, 1 has failed")).to_be_visible()
    choose(page, rows(page, "Models").filter(has_text="gone:1"), "Delete…")
    model.delete()  # by somebody else, while the question is there
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(notices.get_by_text(re.compile("gone"))).to_be_visible()
    notices.get_by_role("button", name="Show log").click()
    expect(page.get_by_role("tab", name="tiny-service")).to_be_visible()
    expect(page.get_by_role("tab", name="Log", exact=True)).to_have_attribute("aria-selected", "true", timeout=SLOW)


def height_of_models(page: Page) -> float:
    height: float = page.locator("#jupyter-deploy-models").evaluate("one => one.getBoundingClientRect().height")
    return height


def drag_by(page: Page, more: int) -> float:
    """Give the first list so many pixels more, and say how many it has then."""
    before = height_of_models(page)
    box = page.locator("#jupyter-deploy-panel .lm-SplitPanel-handle:visible").first.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2 + more, steps=5)
    page.mouse.up()
    after = height_of_models(page)
    assert after == pytest.approx(before + more, abs=5)
    return after


def test_the_arrangement_is_kept_and_all_is_reached_with_the_keyboard(
    workspace: Workspace, open_panel: Callable[[], Page]
) -> None:
    register_text(workspace, name="apple")
    register_text(workspace, name="pear")
    page = open_panel()
    expect(rows(page, "Models")).to_have_count(2)
    page.get_by_role("heading", name="Operations").press("Enter")
    expect(page.get_by_text("Nothing is under way.")).to_be_hidden()
    height = drag_by(page, 150)
    page.get_by_role("searchbox", name="Filter").fill("PEAR")
    expect(rows(page, "Models")).to_have_count(1)
    wait_until(lambda: "PEAR" in page.evaluate(_KEPT))
    page.reload()
    expect(rows(page, "Models")).to_have_count(1, timeout=SLOW)
    expect(page.get_by_text("Nothing is under way.")).to_be_hidden()
    assert height_of_models(page) == pytest.approx(height, abs=2)
    page.get_by_role("heading", name="Computes").press("Enter")
    expect(page.get_by_text("No clusters are attached.")).to_be_in_viewport()
    page.get_by_role("searchbox", name="Filter").fill("")
    rows(page, "Models").first.focus()
    page.keyboard.press("ArrowDown")
    expect(rows(page, "Models").filter(has_text="pear:1")).to_be_focused()
    page.keyboard.press("Shift+F10")
    expect(page.locator(".lm-Menu").get_by_text("Deploy…", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    rows(page, "Models").last.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("pear:1")


def test_what_cannot_be_read_or_reached_is_said_and_shown_when_it_can_be(
    lab: Lab, workspace: Workspace, open_panel: Callable[[], Page]
) -> None:
    page = open_panel()
    expect(panel(page)).to_contain_text("No models yet")
    marker = workspace.path / "workspace.json"
    text = marker.read_text()
    marker.write_text(json.dumps({**json.loads(text), "format": 99}))
    trouble = panel(page).get_by_role("alert")
    expect(trouble).to_contain_text("newer than this release knows")
    expect(panel(page).get_by_text("No models yet")).to_be_hidden()
    marker.write_text(text)
    expect(trouble).to_be_empty()
    expect(panel(page).get_by_text("No models yet")).to_be_visible()

    lab.stop()
    lost = panel(page).get_by_text("No connection to the Jupyter server.")
    expect(lost).to_be_visible()
    register_text(workspace, name="meanwhile")
    lab.start()
    expect(rows(page, "Models")).to_have_count(1, timeout=SLOW)
    expect(lost).to_be_hidden()


@pytest.mark.soak
def test_a_cluster_that_hangs_is_said_to_and_holds_up_nothing(
    workspace: Workspace, open_panel: Callable[[], Page], tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # which takes connections, and says nothing
        written(tmp_path / "kubeconfig", {}, {"server": f"https://127.0.0.1:{silent.getsockname()[1]}"})
        record_compute(workspace, "stuck", str(tmp_path / "kubeconfig"), "own")
        page = open_panel()
        page.get_by_role("heading", name="Computes").press("Enter")
        expect(rows(page, "Computes")).to_have_accessible_name(re.compile("^stuck"))
        register_text(workspace, name="meanwhile")
        expect(rows(page, "Models")).to_have_count(1, timeout=SOON)
        expect(rows(page, "Computes")).to_contain_text("does not answer", timeout=SLOW)
        choose(page, rows(page, "Computes"), "Detach…")
        page.get_by_role("dialog").get_by_role("button", name="Detach").click()
        expect(panel(page)).to_contain_text("No clusters are attached.")


@pytest.mark.timeout(240)
def test_of_many_rows_those_that_are_seen_are_drawn_and_nothing_is_serious_for_axe(
    workspace: Workspace, chromium: Browser
) -> None:
    record_many(workspace)
    try:
        bears_many(chromium.new_context(viewport={"width": 1200, "height": 900}))
    finally:
        forget_all(workspace)  # one operation for each service would take long


def bears_many(context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(f"{ADDRESS}/lab?reset", timeout=SLOW)  # else it is as the one before was left
    tab = tab_of_panel(page)
    expect(page.get_by_role("button", name=re.compile("have failed$"))).to_be_visible()  # all is told
    tab.click()
    expect(panel(page).get_by_text(f"{MODELS}", exact=True)).to_be_visible()
    expect(panel(page).get_by_text(f"{SERVICES}", exact=True)).to_be_visible()
    drawn = page.get_by_role("tree", name="Models").evaluate(SCROLLING)
    assert drawn["most"] < 60  # of 5,000
    assert serious(page) == []
    page.get_by_text("Settings", exact=True).click()
    page.locator(".lm-Menu-itemLabel").get_by_text("Theme", exact=True).click()
    page.locator(".lm-Menu-itemLabel").get_by_text("JupyterLab Dark", exact=True).click()
    expect(page.locator("body[data-jp-theme-light=false]")).to_be_attached()
    assert serious(page) == []
    context.close()
