"""What takes too long for every run of what is seen in cells: a log that grows fast, and other front ends."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from jupyter_deploy import Webservice, Workspace
from jupyter_deploy.engine.services import where
from jupyter_deploy.widgets import LogPane
from tests.helpers import take_away, wait_until
from tests.widgets.browser import Draw
from tests.widgets.conftest import Deploy, deploy  # noqa: F401  (a fixture)
from tests.widgets.lab import SLOW, Lab, Notebook, Open
from tests.widgets.test_in_lab import BEGIN

pytestmark = pytest.mark.soak
LINES, RATE = 100_000, 10_000


def test_a_hundred_thousand_lines_at_ten_thousand_a_second(deploy: Deploy, draw: Draw) -> None:  # noqa: F811
    service = deploy()
    target, place = where(service.workspace.folder, service.view)
    path = target.logs(place)[-1]
    lines = [
        f"2026-01-01 10:00:00,000 I [7] root - line {number:06d} of a service that says much\n"
        for number in range(LINES)
    ]
    pane = LogPane(service)
    sent = counted(pane)
    page = draw(pane)
    expect(page.locator(".line").first).to_be_attached()
    heap = "() => performance.memory?.usedJSHeapSize ?? 0"
    before = page.evaluate(heap)

    def write() -> None:
        began = time.monotonic()
        with path.open("a") as file:
            for first in range(0, LINES, RATE // 10):
                file.writelines(lines[first : first + RATE // 10])
                file.flush()
                time.sleep(max(0.0, began + (first / RATE) + 0.1 - time.monotonic()))

    writer = threading.Thread(target=write)
    slowest = 0.0
    writer.start()
    while writer.is_alive():
        asked = time.monotonic()
        page.evaluate("() => 1")
        slowest = max(slowest, time.monotonic() - asked)
        page.wait_for_timeout(100)
    expect(page.locator(".line").last).to_contain_text(f"line {LINES - 1:06d}", timeout=20_000)
    own = sum(map(len, lines))
    grown = page.evaluate(heap) - before
    held = page.locator(".line").count()
    print(
        f"sent {sum(sent) / own:.2f} x the lines' own bytes; {held} lines held; heap +{grown / 1e6:.1f} MB; slowest answer {slowest:.2f} s"
    )
    assert sum(sent) < 3 * own
    assert held <= 4000
    assert grown < 50e6


def counted(pane: LogPane) -> list[int]:
    """The bytes of everything that a view sends from now on."""
    sizes: list[int] = []
    send = pane.comm.send

    def counting(data: object = None, metadata: object = None, buffers: object = None) -> None:
        sizes.append(len(json.dumps(data)))
        send(data, metadata, buffers)

    pane.comm.send = counting
    return sizes


@pytest.fixture
def notebook_server(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Lab]:
    """Notebook 7, which is another application over the same parts."""
    made = Lab(tmp_path_factory.mktemp("notebook"), "notebook")
    yield made
    take_away(Workspace(made.workspace))
    made.stop()


def test_notebook_7_shows_and_changes_a_service(notebook_server: Lab, chromium: Browser, tmp_path: Path) -> None:
    notebook_server.write("whole.ipynb", [BEGIN, "%deploy tiny-service --models tiny --script score.py"])
    notebook = Notebook(chromium.new_page(), notebook_server.address("whole.ipynb"))
    notebook.run(0)
    cell = notebook.run(1)
    expect(cell.get_by_text("Healthy")).to_be_visible(timeout=SLOW)
    cell.get_by_role("button", name="Restart").click()
    expect(cell.get_by_text("restart, ")).to_be_visible(timeout=SLOW)
    cell.get_by_role("button", name="Delete…").click(timeout=SLOW)
    cell.get_by_role("button", name="Delete tiny-service").click()
    expect(cell.get_by_text("tiny-service is deleted")).to_be_visible(timeout=SLOW)
    assert not Webservice.list(Workspace(notebook_server.workspace))
    notebook.page.close()


@pytest.fixture
def lab_with_ipykernel_6(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Lab]:
    """A JupyterLab whose kernels are of ipykernel 6, which knows no subshells."""
    folder = tmp_path_factory.mktemp("ipykernel6")
    environment = folder / "environment"
    python = environment / "bin" / "python"
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, environment], check=True)
    wanted = ["ipykernel<7", "--editable", Path(__file__).parents[2]]
    subprocess.run([uv, "pip", "install", "--quiet", "--python", python, *wanted], check=True, timeout=600)
    spec = folder / "lab" / "data" / "kernels" / "old"
    spec.mkdir(parents=True)
    command = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": command, "display_name": "old", "language": "python"}))
    made = Lab(folder / "lab")
    yield made
    take_away(Workspace(made.workspace))
    made.stop()


def test_without_subshells_a_button_says_that_it_waits_and_then_works(
    lab_with_ipykernel_6: Lab, chromium: Browser
) -> None:
    deploy_line = "%deploy tiny-service --models tiny --script score.py"
    cells = [BEGIN, deploy_line, "import time; time.sleep(8)", "import ipykernel; print(ipykernel.__version__)"]
    lab_with_ipykernel_6.write("old.ipynb", cells, kernel="old")
    notebook = Notebook(chromium.new_page(), lab_with_ipykernel_6.address("old.ipynb"))
    notebook.run(0)
    expect(notebook.run(3).locator(".jp-OutputArea-output")).to_contain_text("6.", timeout=SLOW)
    cell = notebook.run(1)
    expect(cell.get_by_text("Healthy")).to_be_visible(timeout=SLOW)
    expect(cell.get_by_role("button", name="Restart")).to_be_visible(timeout=SLOW)
    notebook.run(2)
    cell.get_by_role("button", name="Restart").click()
    expect(cell.get_by_text("The kernel is busy with a cell")).to_be_visible(timeout=SLOW)
    expect(cell.get_by_text("restart, ")).to_be_visible(timeout=SLOW)
    expect(cell.get_by_text("The kernel is busy with a cell")).to_be_hidden()
    notebook.page.close()


def test_two_browsers_on_one_notebook_see_what_either_does(lab: Lab, open_notebook: Open) -> None:
    mine = open_notebook("two.ipynb", [BEGIN, "%deploy tiny-service --models tiny --script score.py"])
    mine.run(0)
    cell = mine.run(1)
    expect(cell.get_by_text("Healthy")).to_be_visible(timeout=SLOW)
    mine.save()
    theirs = Notebook(mine.page.context.new_page(), lab.address("two.ipynb")).cell(1)
    theirs.get_by_role("button", name="Stop", exact=True).click(timeout=SLOW)
    expect(cell.get_by_role("button", name="Start", exact=True)).to_be_visible(timeout=SLOW)
    expect(theirs.get_by_role("button", name="Start", exact=True)).to_be_visible(timeout=SLOW)
    take_away(Workspace(lab.workspace))


def test_a_model_is_registered_and_deployed_by_the_forms_which_keep_what_was_typed(
    lab: Lab, open_notebook: Open
) -> None:
    notebook = open_notebook("forms.ipynb", [BEGIN, "key = 'a-marker-that-is-nowhere'", "%register_model", "%deploy"])
    notebook.run(0)
    notebook.run(1)
    cell = notebook.run(2)
    cell.get_by_label("Files", exact=True).select_option("tiny.txt", timeout=SLOW)
    cell.get_by_label("Name", exact=True).press_sequentially("other")
    expect(cell.get_by_label("Line", exact=True)).to_have_text("%register_model tiny.txt --name other", timeout=SLOW)
    cell.get_by_role("button", name="Register").press("Enter")
    expect(cell.get_by_role("heading", name="other:1 is registered")).to_be_visible(timeout=SLOW)
    cell = notebook.run(3)
    cell.get_by_label("Entry script").press_sequentially("score.py", timeout=SLOW)
    cell.locator("summary", has_text="Access").click()
    cell.get_by_label("Primary key").select_option("key")
    cell.get_by_label("Auth enabled", exact=True).select_option("yes")
    line = "%deploy other-service --models other --script score.py --auth-enabled true --primary-key $key"
    expect(cell.get_by_role("tabpanel", name="Line").locator("pre")).to_have_text(line, timeout=SLOW)
    cell.get_by_role("button", name="Deploy").press("Enter")
    expect(cell.get_by_text("The deployment of other-service has begun.")).to_be_visible(timeout=SLOW)
    service = Webservice(Workspace(lab.workspace), "other-service")
    service.wait_for_deployment()
    assert service.get_keys()[0] == "a-marker-that-is-nowhere"
    notebook.page.get_by_role("button", name="Save and create checkpoint").click()
    saved = lab.root / "forms.ipynb"
    wait_until(lambda: "The form of a deployment" in saved.read_text())
    assert saved.read_text().count("a-marker-that-is-nowhere") == 1  # where the cell says it
    notebook.open()
    cell = notebook.cell(3)
    expect(cell.get_by_label("Entry script")).to_have_value("score.py", timeout=SLOW)
    expect(cell.get_by_label("Auth enabled", exact=True)).to_have_value("true")
    take_away(Workspace(lab.workspace))
