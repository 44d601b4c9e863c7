from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from jupyter_deploy import Model, Workspace
from jupyter_deploy.widgets import RegisterForm
from tests.magics.conftest import Run, here, run, shell  # noqa: F401  (fixtures)
from tests.widgets.browser import Draw
from tests.widgets.forms import serious, until

ODD = '<img src=x onerror="alert(1)">'


class Asking:
    """What a pickle names that is not known to be safe."""

    def __reduce__(self) -> tuple[Any, ...]:
        return print, ("loaded",)


@pytest.fixture
def files(here: Path) -> Path:  # noqa: F811
    (here / "out").mkdir()
    (here / "out" / "asking.pkl").write_bytes(pickle.dumps(Asking()))
    (here / "m.txt").write_text("one")
    return here


def test_a_file_is_found_by_keyboard_looked_into_and_registered(
    files: Path, workspace: Workspace, draw: Draw, capsys: pytest.CaptureFixture[str]
) -> None:
    page = draw(RegisterForm(workspace, dict))
    browser = page.get_by_label("Files", exact=True)
    expect(browser.locator("option")).to_have_text(["out/", "m.txt — 3 B"])
    browser.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(browser.locator("option")).to_have_text(["asking.pkl — 46 B"])
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("File or folder")).to_have_value("out/asking.pkl")
    expect(page.get_by_text("loading it imports names that are not known to be safe").first).to_be_visible()
    box = page.get_by_role("checkbox", name="builtins.print")
    page.get_by_label("Name", exact=True).fill("asking")
    page.get_by_label("Tags").fill(f"data=x y\nodd={ODD}")
    page.get_by_label("Description").fill(ODD)
    box.press("Space")
    expect(page.get_by_label("Line", exact=True)).to_contain_text("%register_model out/asking.pkl --name asking")
    expect(page.get_by_label("Line", exact=True)).to_contain_text("--trust builtins.print")
    expect(box).to_be_focused()
    page.get_by_role("button", name="Register").press("Enter")
    expect(page.get_by_role("heading", name="asking:1 is registered")).to_be_visible()
    expect(page.get_by_label("Next", exact=True)).to_have_text("%deploy asking-service --models asking:1")
    assert page.locator("img").count() == 0
    model = Model(workspace, "asking")
    assert (model.tags, model.description) == ({"data": "x y", "odd": ODD}, ODD)
    assert model.record.trusted == ("builtins.print",)
    assert capsys.readouterr().out == ""  # a thread's print would land under any cell


def test_the_line_registers_the_same(files: Path, workspace: Workspace, run: Run) -> None:  # noqa: F811
    run("from sklearn.linear_model import Ridge\nimport numpy as np\nX = np.eye(3)\nridge = Ridge().fit(X, [1, 2, 3])")
    variables = {name: run(name) for name in ("X", "ridge")}
    form = RegisterForm(workspace, lambda: variables)
    for values in (
        {"path": "out/asking.pkl", "name": "m", "tags": f"a=b c\nodd={ODD}", "description": ODD, "trust": ["builtins.print"]},
        {"variable": "ridge", "name": "m", "sample": "X"},
        {"path": "m.txt", "name": "m", "framework": "ScikitLearn", "framework_version": "1.5"},
    ):  # fmt: skip
        line = form.part().check(values)["line"]
        made = form.part().register(values)
        model = run(line)
        assert model.version == Model(workspace, id=made["model"]).version + 1
        assert facts(model) == facts(Model(workspace, id=made["model"]))


def facts(model: Model) -> dict[str, Any]:
    record = vars(model.record)
    return {name: value for name, value in record.items() if name not in ("version", "created_time")}


def test_a_variable_is_told_by_its_class_and_framework(files: Path, workspace: Workspace, run: Run, draw: Draw) -> None:  # noqa: F811
    variables = {"ridge": run("from sklearn.linear_model import Ridge\nRidge()"), "json": json, "place": "m.txt"}
    page = draw(RegisterForm(workspace, lambda: variables))
    page.get_by_label("File or folder").fill("typed")
    choice = page.get_by_label("Or a variable")
    expect(choice.locator("option")).to_have_text(["none", "ridge (Ridge)", "place (str)"])
    choice.select_option("ridge")
    expect(page.get_by_role("row", name="framework")).to_contain_text("ScikitLearn")
    expect(page.get_by_role("row", name="class")).to_contain_text("sklearn.linear_model._ridge.Ridge")
    expect(page.get_by_label("File or folder")).to_have_value("")
    choice.select_option("place")
    expect(page.get_by_role("row", name="files")).to_contain_text("1, 3 B")
    (files / "ridge").touch()
    choice.select_option("ridge")
    expect(page.locator("[data-name=variable] .problem")).to_contain_text("a file 'ridge' is here too")


def test_what_is_wrong_is_marked_at_its_field(files: Path, workspace: Workspace, draw: Draw) -> None:
    page = draw(RegisterForm(workspace, dict))
    for label, text, problem in (
        ("File or folder", "gone.pkl", "there is no file or folder"),
        ("Name", "a b", "'a b' is not a valid model name"),
        ("Its version", "1", "a framework version (1) needs a framework"),
        ("Sample input", "nowhere", "'nowhere' is neither a variable nor a file"),
        ("Tags", "a", "'a' is no KEY=VALUE"),
    ):
        page.get_by_label(label, exact=True).fill(text)
        expect(page.locator(".field .problem", has_text=problem)).to_be_visible()
    expect(page.get_by_label("Framework", exact=True)).to_have_attribute("aria-invalid", "true")
    page.locator(".problems").get_by_role("button", name="Tags").click()
    expect(page.get_by_label("Tags")).to_be_focused()
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("alert")).to_contain_text("5 problems")
    assert not list(Model.list(workspace))


def test_what_was_typed_is_there_in_another_browser(files: Path, workspace: Workspace, draw: Draw) -> None:
    form = RegisterForm(workspace, dict)
    page = draw(form)
    page.get_by_label("File or folder").fill("out/asking.pkl")
    page.get_by_role("checkbox").check()
    until(page, lambda: list(form.values["trust"]) == ["builtins.print"])
    other = draw(form)
    expect(other.get_by_label("File or folder")).to_have_value("out/asking.pkl")
    expect(other.get_by_role("checkbox")).to_be_checked()


def test_it_can_be_used_by_everybody(files: Path, workspace: Workspace, draw: Draw) -> None:
    page = draw(RegisterForm(workspace, lambda: {"model": object()}))
    page.get_by_label("File or folder").fill("out/asking.pkl")
    page.get_by_label("Name", exact=True).fill("asking")
    expect(page.get_by_role("checkbox")).to_be_visible()
    for width in (1000, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert serious(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_where_widgets_cannot_run_the_line_is_shown(files: Path, workspace: Workspace, comms: None) -> None:
    form = RegisterForm(workspace, dict)
    assert form.plain().endswith("%register_model PATH|VARIABLE --name N")
    form.part().typed({"path": "m.txt", "name": "tiny", "description": "<b>"})
    assert form.html().endswith("%register_model m.txt --name tiny --description &quot;&lt;b&gt;&quot;</pre>")
