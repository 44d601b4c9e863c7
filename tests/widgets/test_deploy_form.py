from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from jupyter_deploy import Model, Webservice, Workspace
from jupyter_deploy.widgets import DeployForm
from jupyter_deploy.widgets.answers import asked
from jupyter_deploy.widgets.deploy_answers import DeployAnswers
from tests.helpers import register_text
from tests.widgets.browser import Draw
from tests.widgets.forms import serious, until

SECRET = "a-marker-that-is-nowhere"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a script."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def script(here: Path, tiny_script: Callable[..., Path]) -> Path:
    return tiny_script()


def the_line(page: Page) -> Locator:
    return page.get_by_role("tabpanel", name="Line")


def unfold(page: Page, heading: str) -> None:
    page.locator("summary", has_text=re.compile(f"^{heading}")).click()


def test_the_form_is_filled_by_keyboard_and_becomes_a_service(
    workspace: Workspace, tiny_model: Model, script: Path, draw: Draw
) -> None:
    begun: list[Webservice] = []
    page = draw(DeployForm(workspace, dict, begun.append))
    expect(page.get_by_label("Service name")).to_have_value("tiny-service")
    expect(page.get_by_text("no entry script can be written for tiny:1").first).to_be_visible()
    page.get_by_label("Entry script").press_sequentially("score.py")
    heading = page.locator("summary", has_text="Scale")
    while not heading.evaluate("one => one === document.activeElement"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    while not page.get_by_label("Worker count").evaluate("one => one === document.activeElement"):
        page.keyboard.press("Tab")
    page.keyboard.type("2")
    expect(the_line(page)).to_contain_text("--worker-count 2")
    while page.evaluate("document.activeElement.textContent") != "Deploy":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The deployment of tiny-service has begun.")).to_be_visible()
    begun[0].wait_for_deployment()
    assert begun[0].run("[1]") == "[1]"
    page.get_by_label("Worker count").fill("1")
    expect(the_line(page)).not_to_contain_text("--worker-count")
    page.get_by_role("button", name="Deploy").click()
    expect(page.get_by_role("alert")).to_contain_text("the service 'tiny-service' exists, with other content")


def test_wrong_values_are_marked_at_their_fields_as_they_are_typed(
    workspace: Workspace, tiny_model: Model, script: Path, draw: Draw
) -> None:
    page = draw(DeployForm(workspace, dict))
    page.get_by_label("Entry script").fill("score.py")
    unfold(page, "Address")
    port = page.get_by_label("Port")
    port.fill("70000")
    expect(port).to_have_attribute("aria-invalid", "true")
    expect(port).to_have_accessible_description("Port to listen on; a free one is chosen, and kept, when this is not set."
                                                " · at least 1 · at most 65535 port is 70000; it must be at most 65535")  # fmt: skip
    assert (port.get_attribute("min"), port.get_attribute("max"), port.get_attribute("step")) == ("1", "65535", "1")
    port.fill("")
    port.press_sequentially("1e")
    expect(page.locator("[data-name=port] .problem")).to_have_text("--port is '?'; it takes a whole number")
    port.fill("5050")
    expect(port).not_to_have_attribute("aria-invalid", "true")
    unfold(page, "Access")
    page.get_by_label("Auth enabled", exact=True).select_option("yes")
    page.get_by_label("Token auth enabled").check()
    for label in ("Auth enabled", "Token auth enabled"):
        expect(page.get_by_label(label, exact=True)).to_have_attribute("aria-invalid", "true")
    unfold(page, "Access")
    page.get_by_role("button", name="Auth enabled").click()
    expect(page.get_by_label("Auth enabled", exact=True)).to_be_focused()
    expect(page.get_by_role("tablist")).to_be_hidden()


def test_models_versions_and_the_problems_of_a_script(
    workspace: Workspace, tiny_model: Model, script: Path, draw: Draw
) -> None:
    register_text(workspace, "two")
    register_text(workspace, name="other")
    script.write_text("import pandas\ndef init(): ...\ndef run(*data): return data\n")
    page = draw(DeployForm(workspace, dict))
    expect(page.get_by_label("Model", exact=True)).to_have_value("other")
    page.get_by_label("Entry script").fill("score.py")
    expect(page.locator("[data-name=script] .problem")).to_contain_text("score.py:3: error: ")
    script.write_text(
        "from azureml.core.model import Model\ndef init(): Model.get_model_path('x')\ndef run(data): ...\n"
    )
    page.get_by_role("button", name="Add a model").click()
    second = page.get_by_label("Model", exact=True).nth(1)
    expect(second).to_be_focused()
    second.select_option("tiny")
    page.get_by_label("Version").nth(1).select_option("1")
    expect(page.locator(".findings")).to_contain_text("score.py:2: warning: ")
    expect(the_line(page)).to_contain_text("--models other tiny:1")
    page.get_by_role("button", name="Remove this model").first.click()
    expect(page.get_by_label("Model", exact=True)).to_be_focused()
    expect(the_line(page)).not_to_contain_text("--models other")


def test_what_will_be_installed_and_who_asked_for_it(
    workspace: Workspace, tiny_model: Model, script: Path, draw: Draw
) -> None:
    script.write_text("import numpy, nowhere\ndef init(): ...\ndef run(data): return numpy.sum(data)\n")
    page = draw(DeployForm(workspace, dict))
    page.get_by_label("Entry script").fill("score.py")
    page.get_by_role("button", name="Show what will be installed").click()
    expect(page.get_by_role("row", name="numpy")).to_contain_text("score.py")
    expect(page.get_by_text("the module 'nowhere' is imported and not installed here").first).to_be_visible()
    assert not [
        path
        for path in (workspace.path / "files").rglob("*")
        if path.is_file() and path.read_bytes() == script.read_bytes()
    ]


def test_the_target_brings_its_own_fields_and_says_what_it_needs(
    workspace: Workspace, tiny_model: Model, here: Path, draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{here}/nobody")
    page = draw(DeployForm(workspace, dict))
    unfold(page, "Requests")
    page.get_by_label("Max body mb").fill("5")
    assert page.get_by_label("Restart policy").count() == 0
    page.get_by_role("combobox", name="Target").select_option("local")
    expect(page.get_by_text("A Docker Engine that you may use")).to_be_visible()
    expect(page.get_by_text(f"no Docker Engine answers at unix://{here}/nobody")).to_be_visible()
    unfold(page, "Resources")
    expect(page.get_by_label("Restart policy")).to_be_visible()
    assert page.get_by_label("Max body mb").input_value() == "5"


def test_a_secret_is_taken_from_a_variable_and_is_nowhere(
    workspace: Workspace, tiny_model: Model, script: Path, draw: Draw
) -> None:
    form = DeployForm(workspace, lambda: {"KEY": SECRET, "number": 1})
    page = draw(form)
    page.get_by_label("Entry script").fill("score.py")
    unfold(page, "Access")
    key = page.get_by_label("Primary key")
    assert key.locator("option").all_inner_texts() == ["not given", "$KEY"]
    key.select_option("KEY")
    expect(the_line(page)).to_contain_text("--primary-key $KEY")
    form.part().check({**form.values, "options": {"primary_key": SECRET}})
    form.part().typed({**form.values, "options": {"primary_key": SECRET}})  # whatever a page may send
    assert form.values["options"] == {}
    assert SECRET not in page.content() + json.dumps(form.get_state(), default=str) + form.plain() + form.html()


def test_a_second_browser_and_one_that_is_reloaded_see_what_was_typed(
    workspace: Workspace, tiny_model: Model, script: Path, draw: Draw
) -> None:
    form = DeployForm(workspace, dict)
    page = draw(form)
    page.get_by_label("Entry script").fill("score.py")
    page.get_by_label("Overwrite").check()
    unfold(page, "Requests")
    page.get_by_label("Max body mb").fill("5")
    until(page, lambda: form.values["options"].get("max_body_mb") == "5" and form.values["overwrite"])
    other = draw(form)
    expect(other.get_by_label("Entry script")).to_have_value("score.py")
    expect(other.get_by_label("Overwrite")).to_be_checked()
    unfold(other, "Requests")
    expect(other.get_by_label("Max body mb")).to_have_value("5")
    expect(the_line(other)).to_contain_text("--max-body-mb 5 --overwrite")


def test_what_another_copy_types_comes_without_disturbing_the_field_that_is_typed_in(
    workspace: Workspace, tiny_model: Model, script: Path, draw: Draw
) -> None:
    form = DeployForm(workspace, dict)
    page = draw(form)
    page.get_by_label("Service name").fill("mine")
    until(page, lambda: form.values["name"] == "mine")
    form.part().typed({**form.values, "name": "theirs", "script": "score.py"})
    expect(page.get_by_label("Entry script")).to_have_value("score.py")
    assert page.get_by_label("Service name").input_value() == "mine"


def test_a_target_that_is_chosen_while_another_copy_types_stays_chosen(
    workspace: Workspace, tiny_model: Model, script: Path, draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = DeployForm(workspace, dict)
    page = draw(form)
    expect(page.locator("summary", has_text="Requests")).to_be_visible()
    answered = DeployAnswers.target

    def answers_late(self: DeployAnswers, name: str) -> object:
        form.values = {**form.values, "script": "score.py"}  # while the fields of the target are on their way
        return answered(self, name)

    monkeypatch.setattr(DeployAnswers, "target", asked(answers_late))
    page.get_by_role("combobox", name="Target").select_option("local")
    until(page, lambda: form.values["target"] == "local")
    expect(page.get_by_text("A Docker Engine that you may use")).to_be_visible()
    assert page.get_by_role("combobox", name="Target").input_value() == "local"


def test_without_models_the_way_to_one_is_said(workspace: Workspace, here: Path, draw: Draw) -> None:
    page = draw(DeployForm(workspace, dict))
    expect(page.get_by_text("There are no models yet: %register_model")).to_be_visible()
    page.get_by_role("button", name="Deploy").click()
    expect(page.get_by_role("alert")).to_contain_text("no model is chosen")
    register_text(workspace)
    page.evaluate("document.body.prepend(Object.assign(document.createElement('button'), { id: 'outside' }))")
    page.locator("#outside").focus()
    page.get_by_label("Service name").focus()
    expect(page.get_by_label("Model", exact=True).locator("option")).to_have_text(["choose…", "tiny"])


def test_a_callback_that_fails_is_shown(workspace: Workspace, tiny_model: Model, script: Path, draw: Draw) -> None:
    def fail(_service: Webservice) -> None:
        raise RuntimeError("<b>broken</b>")

    page = draw(DeployForm(workspace, dict, fail))
    page.get_by_label("Entry script").fill("<img src=x onerror=alert(1)>.py")
    expect(page.locator("[data-name=script] .problem")).to_contain_text(
        "<img src=x onerror=alert(1)>.py does not exist"
    )
    page.get_by_label("Entry script").fill("score.py")
    page.get_by_role("button", name="Deploy").click()
    expect(page.get_by_role("alert")).to_contain_text("RuntimeError: <b>broken</b>")
    assert page.locator("b, img").count() == 0


def test_where_widgets_cannot_run_the_line_is_shown(
    workspace: Workspace, tiny_model: Model, script: Path, comms: None
) -> None:
    form = DeployForm(workspace, dict)
    assert form.plain().endswith("[any option of the target]")
    form.part().typed({**form.values, "script": "score.py"})
    assert form.plain().endswith("%deploy tiny-service --models tiny --script score.py")
    (script.parent / "a<b").mkdir()
    script.rename(script.parent / "a<b" / "score.py")
    form.part().typed({**form.values, "script": "a<b/score.py"})
    assert "--script &quot;a&lt;b/score.py&quot;" in form.html()


def test_it_can_be_used_by_everybody(workspace: Workspace, tiny_model: Model, script: Path, draw: Draw) -> None:
    page = draw(DeployForm(workspace, dict))
    page.get_by_label("Entry script").fill("score.py")
    expect(page.get_by_role("tab", name="Line")).to_be_visible()
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    page.get_by_label("Worker count").fill("0")
    expect(page.get_by_text("Before this can be deployed")).to_be_visible()
    for width in (1000, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert serious(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
