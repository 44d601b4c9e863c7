"""What a person does with models and services in JupyterLab without a cell: in the file browser, a notebook, the view of a service."""

from __future__ import annotations

import json
import venv
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Locator, Page, expect

from jupyter_deploy import InferenceConfig, Model, Webservice, Workspace
from tests.engines import BASE_IMAGE
from tests.helpers import register_text, take_away, wait_until, write_script
from tests.widgets.browser import ADDRESS
from tests.widgets.lab import SLOW, Lab

pytestmark = [pytest.mark.timeout(240), pytest.mark.usefixtures("bundle")]

NOISY = 'def init():\n    print("begun")\n\n\ndef run(data):\n    print("asked")\n    return data\n'
PATIENT = """import time
from pathlib import Path


def init():
    while not Path({gate!r}).exists():
        time.sleep(0.05)


def run(data):
    return data
"""


@pytest.fixture
def workspace(lab: Lab) -> Iterator[Workspace]:
    made = Workspace(lab.workspace)
    yield made
    take_away(made)


@pytest.fixture
def page(lab: Lab, browser_context: BrowserContext) -> Page:
    """JupyterLab with nothing open."""
    made = browser_context.new_page()
    made.goto(f"{ADDRESS}/lab?reset", timeout=SLOW)
    expect(made.get_by_role("button", name="New Launcher").or_(made.locator(".jp-Launcher")).first).to_be_visible(
        timeout=SLOW
    )
    return made


def front(page: Page) -> Locator:
    """The view that is in front."""
    return page.locator(".jp-DeployView:visible")


def choose(page: Page, file: str, act: str) -> None:
    """Do something with a file, by its context menu."""
    page.get_by_role("button", name="Refresh the file browser").click()
    page.locator(".jp-DirListing-item", has_text=file).click(button="right")
    page.get_by_role("menuitem", name=act).click()


def open_service(page: Page, name: str) -> Locator:
    """Open a service from the panel."""
    if not page.locator("#jupyter-deploy-panel").is_visible():
        page.get_by_role("tab", name="Deployed models").click()
    page.locator("#jupyter-deploy-panel").locator(f"[data-key='{name}']").dblclick()
    return front(page)


def serious(page: Page) -> list[str]:
    """What axe-core finds serious or critical in the views that are open."""
    found = Axe().run(page, context=".jp-MainAreaWidget:has(.jp-DeployView)").response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found if one["impact"] in ("serious", "critical")]


def deploy(workspace: Workspace, folder: Path, script: str = NOISY, name: str = "tiny-service") -> Webservice:
    """A live service."""
    path = write_script(folder, script)
    service = Model.deploy(workspace, name, [register_text(workspace)], InferenceConfig(str(path)))
    service.wait_for_deployment()
    return service


def test_a_model_goes_from_the_file_browser_to_a_service_and_away_again(
    lab: Lab, workspace: Workspace, page: Page, tmp_path: Path
) -> None:
    (lab.root / "tiny.txt").write_text("one")
    write_script(lab.root, NOISY)
    choose(page, "tiny.txt", "Register as model…")
    form = front(page)
    expect(form.get_by_label("File or folder")).to_have_value("tiny.txt", timeout=SLOW)
    expect(form.get_by_label("Name", exact=True)).to_have_value("tiny")
    expect(form.get_by_role("row", name="files")).to_contain_text("1, 3 B")
    assert serious(page) == []
    form.get_by_role("button", name="Register", exact=True).click()
    expect(form.get_by_text("tiny:1 is registered")).to_be_visible(timeout=SLOW)

    choose(page, "score.py", "Deploy with this script…")
    form = front(page)
    expect(form.get_by_label("Entry script")).to_have_value("score.py", timeout=SLOW)
    form.get_by_role("button", name="Deploy", exact=True).click()
    service = page.locator(".jp-DeployView", has=page.get_by_role("heading", name="tiny-service"))
    expect(service.get_by_text("Healthy", exact=True)).to_be_visible(timeout=SLOW)
    expect(service.get_by_text("process · version 1 · tiny:1")).to_be_visible()
    assert serious(page) == []

    service.get_by_role("tab", name="Test").click()
    service.get_by_label("Body as JSON").fill('{"a": 1}')
    service.get_by_role("button", name="Send", exact=True).click()
    expect(service.get_by_text("200 OK")).to_be_visible(timeout=SLOW)
    service.get_by_role("tab", name="Log", exact=True).click()
    expect(service.get_by_role("log")).to_contain_text("asked", timeout=SLOW)
    service.get_by_role("tab", name="Configuration").click()
    expect(service.get_by_label("Line", exact=True).last).to_have_text(
        "%deploy tiny-service --models tiny:1 --script score.py"
    )

    register_text(workspace, "two")
    service.get_by_role("tab", name="History").click()
    service.get_by_role("button", name="Update…").click()
    service.get_by_label("models").fill("tiny:2")
    service.get_by_role("button", name="Update", exact=True).click()
    expect(service.get_by_role("row", name="2 (current)")).to_be_visible(timeout=SLOW)
    service.get_by_role("button", name="Rollback").click()
    expect(service.get_by_role("row", name="3 (current)")).to_contain_text("tiny:1", timeout=SLOW)
    expect(service.get_by_role("button", name="Delete…")).to_be_visible(timeout=SLOW)
    service.get_by_role("button", name="Delete…").click()
    service.get_by_role("button", name="Delete tiny-service").click()
    expect(service.get_by_role("status").get_by_text("deleted", exact=True)).to_be_visible(timeout=SLOW)
    assert not Webservice.list(workspace)
    # it is deleted a moment before the operation ends
    wait_until(lambda: not workspace.folder.operations.list(running=True))
    deploy(workspace, tmp_path)
    open_service(page, "tiny-service")
    expect(service.get_by_text("Healthy", exact=True)).to_be_visible(timeout=SLOW)


@pytest.mark.soak
def test_a_script_is_deployed_into_a_container(docker_engine: None, lab: Lab, workspace: Workspace, page: Page) -> None:
    model = register_text(workspace)
    write_script(lab.root, NOISY)
    choose(page, "score.py", "Deploy with this script…")
    form = front(page)
    form.get_by_role("combobox", name="Target").select_option("local", timeout=SLOW)
    form.locator("summary", has_text="Image").click()
    form.get_by_label("Base image", exact=True).fill(BASE_IMAGE)
    form.get_by_role("button", name="Deploy", exact=True).click()
    service = page.locator(".jp-DeployView", has=page.get_by_role("heading", name="tiny-service"))
    expect(service.get_by_text("Healthy", exact=True)).to_be_visible(timeout=SLOW)
    expect(service.get_by_text(f"local · version 1 · {model.id}")).to_be_visible()
    service.get_by_role("tab", name="Log", exact=True).click()
    expect(service.get_by_role("log")).to_contain_text("begun", timeout=SLOW)


def write_notebook(lab: Lab, name: str, cells: list[str], kernel: str = "python3") -> None:
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    made.metadata["kernelspec"] = {"name": kernel, "display_name": kernel, "language": "python"}
    nbformat.write(made, lab.root / name)


def open_notebook(page: Page, name: str) -> None:
    page.get_by_role("button", name="Refresh the file browser").click()
    page.locator(".jp-DirListing-item", has_text=name).dblclick()
    expect(page.locator(".jp-Notebook:visible .jp-Cell").first).to_be_visible(timeout=SLOW)


def test_a_notebook_is_deployed_from_its_toolbar_with_its_script_and_variables_and_gets_the_line(
    lab: Lab, workspace: Workspace, page: Page, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    register_text(workspace)
    write_script(lab.root, PATIENT.format(gate=str(gate)), "patient.py")
    write_notebook(lab, "work.ipynb", ["password = 'hunter2hunter2hunter2'", "%%score_script patient.py\n# as above"])
    open_notebook(page, "work.ipynb")
    expect(page.get_by_text("| Idle")).to_be_visible(timeout=SLOW)
    page.locator(".jp-Notebook:visible .cm-content").first.click()
    page.keyboard.press("Control+Enter")
    toolbar = page.locator(".jp-NotebookPanel-toolbar")
    toolbar.get_by_role("button", name="Deploy", exact=True).click()
    form = front(page)
    expect(form.get_by_label("Entry script")).to_have_value("patient.py", timeout=SLOW)
    expect(page.get_by_label("Kernel", exact=True)).to_contain_text("the kernel of work.ipynb, with its variables")
    form.get_by_text("Access", exact=True).click()
    expect(form.get_by_label("Primary key")).to_contain_text("$password")
    form.get_by_role("button", name="Deploy", exact=True).click()
    service = page.locator(".jp-DeployView", has=page.get_by_role("heading", name="tiny-service"))
    expect(service.get_by_role("button", name="Cancel")).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name="Insert the line").click()
    cell = page.locator(".jp-Notebook:visible .jp-Cell").nth(1)
    expect(cell).to_contain_text("%deploy tiny-service --models tiny --script patient.py")
    expect(cell.locator(".jp-InputPrompt")).to_have_text("[ ]:")

    page.reload()  # in mid-deployment
    expect(page.locator(".jp-Notebook:visible .jp-Cell").first).to_be_visible(timeout=SLOW)  # which was in front
    page.get_by_role("tab", name="tiny-service").click(timeout=SLOW)
    expect(service.get_by_role("button", name="Cancel")).to_be_visible(timeout=SLOW)
    gate.touch()
    expect(service.get_by_text("Healthy", exact=True)).to_be_visible(timeout=SLOW)


@pytest.mark.soak
def test_a_view_goes_on_where_the_server_was_restarted(
    lab: Lab, workspace: Workspace, page: Page, tmp_path: Path
) -> None:
    service = deploy(workspace, tmp_path)
    page.add_locator_handler(  # JupyterLab's own word on the same
        page.get_by_role("dialog", name="Server Connection Error"),
        lambda dialog: dialog.get_by_role("button", name="Close", exact=True).click(),
    )
    view = open_service(page, "tiny-service")
    view.get_by_role("tab", name="Test").click(timeout=SLOW)
    view.get_by_label("Body as JSON").fill("[1, 2, 3]")
    view.get_by_role("tab", name="Log", exact=True).click()
    expect(view.get_by_role("log")).to_contain_text("begun", timeout=SLOW)
    service.run("1")
    expect(view.get_by_text("azmlinfsrv.print - asked")).to_have_count(1, timeout=SLOW)
    lab.stop()
    expect(view.get_by_text("The connection is broken")).to_be_visible(timeout=SLOW)
    service.run("2")
    lab.start()
    expect(view.get_by_text("The connection is broken")).to_be_hidden(timeout=SLOW)
    expect(view.get_by_text("azmlinfsrv.print - asked")).to_have_count(2, timeout=SLOW)
    service.run("3")
    expect(view.get_by_text("azmlinfsrv.print - asked")).to_have_count(3, timeout=SLOW)
    view.get_by_role("tab", name="Test").click()
    expect(view.get_by_label("Body as JSON")).to_have_value("[1, 2, 3]")


def test_what_is_gone_meanwhile_is_said_in_the_form(lab: Lab, workspace: Workspace, page: Page) -> None:
    model = register_text(workspace, name="goner")
    script = write_script(lab.root, NOISY, "gone.py")
    choose(page, "gone.py", "Deploy with this script…")
    form = front(page)
    expect(form.get_by_label("Service name")).to_have_value("goner-service", timeout=SLOW)
    model.delete()
    script.unlink()
    form.get_by_label("Service name").fill("other-service")
    expect(form.get_by_text("there is no model 'goner'").first).to_be_visible(timeout=SLOW)
    expect(form.get_by_text("gone.py").first).to_be_visible()
    form.get_by_role("button", name="Deploy", exact=True).click()
    expect(form.get_by_role("alert").filter(has_text="there is no model")).to_be_visible(timeout=SLOW)
    assert not Webservice.list(workspace)


@pytest.fixture
def bare_kernel(lab: Lab, tmp_path: Path) -> str:
    """A kernel whose Python has no jupyter_deploy."""
    venv.create(tmp_path / "bare", symlinks=True)
    spec = lab.folder / "data" / "kernels" / "bare"
    spec.mkdir(parents=True, exist_ok=True)
    argv = [str(tmp_path / "bare" / "bin" / "python"), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "Bare", "language": "python"}))
    return "Bare"


def test_a_kernel_without_the_package_says_so_and_what_was_typed_stays_for_another(
    lab: Lab, workspace: Workspace, page: Page, bare_kernel: str
) -> None:
    register_text(workspace)
    write_script(lab.root, NOISY)
    choose(page, "score.py", "Deploy with this script…")
    form = front(page)
    form.get_by_label("Service name").fill("my-own-name", timeout=SLOW)
    kernel = page.get_by_label("Kernel", exact=True)
    expect(form.get_by_label("Line", exact=True).last).to_contain_text("my-own-name", timeout=SLOW)
    kernel.select_option(label=f"{bare_kernel} (cannot be used)", timeout=SLOW)
    expect(form.get_by_role("alert")).to_contain_text("jupyter_deploy is not installed", timeout=SLOW)
    expect(form.get_by_role("alert")).to_contain_text("install")
    kernel.select_option(index=0)
    expect(form.get_by_label("Service name")).to_have_value("my-own-name", timeout=SLOW)
    expect(form.get_by_label("Entry script")).to_have_value("score.py")
